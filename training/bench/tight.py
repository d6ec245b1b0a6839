"""PPO in one file, one thread and no library but torch: what there is to gain at most without overlapping anything.

Nothing is here that the benchmark does not need: no masks, no absent avatars, no episodes that begin within a sequence, no running
statistics of observations or returns. The kernels that draw actions and estimate advantages are those of training.
"""

import numpy as np
import torch
from torch import Tensor, nn

from avatarium import worlds
from avatarium.agents.networks import heads
from avatarium.agents.networks.mlp import perceptron
from avatarium.training.bench.workload import Workload
from avatarium.training.learn.kernels import estimate_advantages
from avatarium.training.play.drawing import one_key
from avatarium.training.play.kernels import sample_discrete


class Plain(nn.Module):
    """An actor and a critic that share nothing."""

    def __init__(self, inputs: int, hidden: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.actor, self.critic = perceptron(inputs, hidden, outputs, 0.01), perceptron(inputs, hidden, 1)

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [B, C] and values [B]."""
        return self.actor(seen), self.critic(seen).squeeze(-1)


class Remembering(nn.Module):
    """An embedding, torch's own LSTM, and an actor and a critic on top of it."""

    def __init__(self, inputs: int, hidden: int, units: int, outputs: int) -> None:
        super().__init__()
        self.embed, self.core = nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh()), nn.LSTM(hidden, units)
        self.actor, self.critic = perceptron(units, (), outputs, 0.01), nn.Linear(units, 1)

    def forward(self, seen: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits [L, B, C], values [L, B], and the state afterwards, for sequences [L, B, D] that begin in a state [B, U]."""
        features, (hidden, cell) = self.core(self.embed(seen), (hidden[None], cell[None]))
        return self.actor(features), self.critic(features).squeeze(-1), hidden[0], cell[0]


class Loop:
    """Samples a batch of ``workload`` and learns from it, over and over; subclasses say with which network."""

    def __init__(self, workload: Workload) -> None:
        self.workload, self.h = workload, workload.hyperparameters
        self.batch = worlds.make_batch(workload.world, num_envs=self.h.envs, **workload.settings)
        self.batch.reset(0)
        role = self.batch.roles[workload.role]
        self.choices = np.array([len(head.choices) for head in role.heads], np.int64)
        steps, slots = self.h.fragment, self.h.envs * role.count
        self.size, self.slots = role.observation_size, slots
        self.observations = torch.zeros(steps + 1, slots, self.size)
        self.actions = np.zeros((steps, slots, len(self.choices)), np.int32)
        self.log_probs, self.rewards, self.finals = (np.zeros((steps, slots), np.float32) for _ in range(3))
        self.terminations, self.truncations = np.zeros((2, steps, slots), np.bool_)
        self.draws = 0
        self.network = self.make_network()
        self.parameters = list(self.network.parameters())
        self.optimiser = torch.optim.Adam(self.parameters, lr=self.h.lr, eps=1e-5, fused=True)

    def make_network(self) -> nn.Module:
        """The network that learns."""
        return Plain(self.size, self.workload.architecture.hidden, int(self.choices.sum()))

    def seen(self) -> Tensor:
        """What everybody senses now, float32 [S, D]; the next step overwrites it."""
        return torch.from_numpy(self.batch.observations[self.workload.role].reshape(self.slots, self.size))

    def decide(self, t: int) -> Tensor:
        """Logits of step ``t``."""
        logits: Tensor = self.network.actor(self.observations[t])  # type: ignore[operator]
        return logits

    def judge(self, rows: Tensor) -> Tensor:
        """Values of final observations [B, D]; memory as it is now."""
        values: Tensor = self.network.critic(rows).squeeze(-1)  # type: ignore[operator]
        return values

    @torch.inference_mode()
    def sample(self) -> None:
        """Fill the arrays."""
        role = self.workload.role
        for t in range(self.h.fragment):
            self.observations[t] = self.seen()
            logits = self.decide(t).numpy()
            self.draws += 1
            sample_discrete(logits, self.choices, one_key(self.draws), False, self.actions[t], self.log_probs[t], 0, len(logits))
            step = self.batch.step({role: self.actions[t].reshape(self.h.envs, -1, len(self.choices))})
            self.rewards[t], self.truncations[t] = step.reward[role].reshape(-1), step.truncation[role].reshape(-1)
            self.terminations[t] = step.termination[role].reshape(-1)
            if (cut := np.flatnonzero(self.truncations[t])).size:
                rows = torch.from_numpy(step.final_observation[role].reshape(self.slots, self.size)[cut])
                self.finals[t, cut] = self.judge_final(rows, cut)
                self.forget(cut)
        self.observations[-1] = self.seen()

    def judge_final(self, rows: Tensor, cut: np.ndarray) -> np.ndarray:
        """Values float32 [B] of the final observations of slots ``cut``."""
        found: np.ndarray = self.judge(rows).numpy()
        return found

    def forget(self, slots: np.ndarray) -> None:
        """Nothing is remembered."""

    def values(self) -> np.ndarray:
        """Values float32 [T + 1, S] of all observations."""
        found: np.ndarray = self.judge(self.observations).numpy()
        return found

    def iterate(self) -> int:
        """Sample, estimate advantages, learn; returns the number of decisions."""
        self.sample()
        with torch.inference_mode():
            values = self.values()
        advantages, present = np.empty_like(self.rewards), np.ones_like(self.truncations)
        ends, discounts = (self.terminations, self.truncations, self.finals), (np.float32(self.h.gamma), np.float32(self.h.lam))
        estimate_advantages(self.rewards, values, *ends, present, *discounts, advantages, 0, advantages.shape[1])
        scaled = (advantages - advantages.mean()) / (advantages.std() + 1e-6)
        arrays = (self.actions.astype(np.int64), self.log_probs, scaled, advantages + values[:-1])
        self.learn((self.observations[:-1], *(torch.from_numpy(a) for a in arrays)))
        return advantages.size

    def learn(self, columns: tuple[Tensor, ...]) -> None:
        """Go through all decisions a few times; ``columns`` [T, S, ...]: observations, actions, log-probabilities, advantages, returns."""
        rows = [column.flatten(0, 1) for column in columns]
        for _epoch in range(self.h.epochs):
            for chosen in torch.split(torch.randperm(len(rows[0])), self.h.minibatch):
                seen, *rest = (column.index_select(0, chosen) for column in rows)
                self.descend(*self.network(seen), *rest)

    def descend(self, logits: Tensor, values: Tensor, actions: Tensor, old: Tensor, advantages: Tensor, returns: Tensor) -> None:
        """One gradient step."""
        log_probs, entropy = heads.discrete(logits, self.choices.tolist(), actions)
        ratio = (log_probs - old).exp()
        surrogate = torch.min(ratio * advantages, ratio.clamp(1 - self.h.clip, 1 + self.h.clip) * advantages)
        loss = (self.h.value * (values - returns).square() - surrogate - self.h.entropy * entropy).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, self.h.gradient_clip)
        self.optimiser.step()


class RecurrentLoop(Loop):
    """With an LSTM. All episodes begin together and last as long as a fragment, so that whole sequences go through torch's LSTM at once."""

    network: Remembering

    def make_network(self) -> nn.Module:
        """The network that learns."""
        shape = self.workload.architecture
        episode = getattr(self.batch.config, "episode_steps", 0)
        assert self.h.fragment == episode and self.h.fragment % self.h.sequence == 0, "episodes begin between sequences alone"
        self.hidden, self.cell = torch.zeros(2, self.slots, shape.units)
        self.kept = torch.zeros(self.h.fragment // self.h.sequence, 2, self.slots, shape.units)
        return Remembering(self.size, shape.hidden[-1], shape.units, int(self.choices.sum()))

    def decide(self, t: int) -> Tensor:
        """Logits of step ``t``; notes the state in which sequences begin."""
        if t % self.h.sequence == 0:
            self.kept[t // self.h.sequence, 0], self.kept[t // self.h.sequence, 1] = self.hidden, self.cell
        logits, _, self.hidden, self.cell = self.network(self.observations[t : t + 1], self.hidden, self.cell)
        first: Tensor = logits[0]
        return first

    def judge_final(self, rows: Tensor, cut: np.ndarray) -> np.ndarray:
        """Values float32 [B] of the final observations of slots ``cut``, which remember their episodes."""
        found: np.ndarray = self.network(rows[None], self.hidden[cut], self.cell[cut])[1][0].numpy()
        return found

    def forget(self, slots: np.ndarray) -> None:
        """Their episodes are over."""
        self.hidden[slots], self.cell[slots] = 0.0, 0.0

    def values(self) -> np.ndarray:
        """Values float32 [T + 1, S] of all observations."""
        _, values, _, _ = self.network(self.observations[:-1], *self.kept[0])
        last = self.network(self.observations[-1:], self.hidden, self.cell)[1]
        return torch.cat([values, last]).numpy()

    def learn(self, columns: tuple[Tensor, ...]) -> None:
        """As without memory, but sequence by sequence."""
        length = self.h.sequence
        sequences = [c.reshape(-1, length, *c.shape[1:]).transpose(0, 1).flatten(1, 2).contiguous() for c in columns]
        hidden, cell = (self.kept[:, k].flatten(0, 1) for k in (0, 1))
        for _epoch in range(self.h.epochs):
            for chosen in torch.split(torch.randperm(len(hidden)), max(1, self.h.minibatch // length)):
                seen, *rest = (column.index_select(1, chosen) for column in sequences)
                logits, values, _, _ = self.network(seen, hidden.index_select(0, chosen), cell.index_select(0, chosen))
                self.descend(logits, values, *rest)
