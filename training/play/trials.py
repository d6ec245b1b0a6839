"""An episode for each of many candidates, side by side in one batch: what evolution chooses by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.agents.networks.heads import FORBIDDEN
from avatarium.agents.networks.normalise import RunningNormalisation
from avatarium.training.learn.across import moments
from avatarium.training.play.drawing import drawer, one_key
from avatarium.training.play.minds import Seated, load_mind
from avatarium.training.play.orders import Casting
from avatarium.training.play.tally import Tally
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.spec import Role

Decide = Callable[[np.ndarray], np.ndarray]
"""Observations float32 [N * A, D] to the outputs of everybody's own candidate, float32 [N * A, outputs]."""


@dataclass(frozen=True)
class Played:
    """What a generation came to."""

    fitness: dict[str, np.ndarray]
    """By module: the mean return of each candidate, float64 [C]."""
    seen: dict[str, RunningNormalisation]
    """By module: the mean and the deviation of all that was seen."""
    env_steps: int
    decisions: dict[str, int]
    """By module."""


class Trials:
    """Plays one episode in each environment of ``batch``; the first N / C environments belong to the first of C candidates, and so on.

    All candidates play the same episodes: differences between them are their own (common random numbers). They take the likeliest actions.
    """

    def __init__(self, batch: Batch, casting: Casting, origin: int) -> None:
        self.batch, self.tally, self._casting, self._origin = batch, Tally(batch), casting, origin
        self._minds = {role: load_mind(text, batch, role) for role, text in casting.minds.items()}

    def play(self, networks: Mapping[str, ActorCritic], candidates: Mapping[str, np.ndarray], seed: int) -> Played:
        """Let ``candidates`` float32 [C, P] of each module play the episodes of ``seed``: weights of its network's actor, side by side."""
        batch, modules = self.batch, self._casting.modules
        count = len(next(iter(candidates.values())))
        batch.reset(np.tile(np.random.default_rng(seed).integers(1 << 62, size=batch.num_envs // count), count))
        self.tally.begin()
        deciding = {name: _side_by_side(networks[name], rows) for name, rows in candidates.items()}
        seated = [Seated(batch, role, mind, self._origin) for role, mind in self._minds.items()]
        seen = {name: RunningNormalisation(len(networks[name].normalise.mean)) for name in candidates}
        returns = {role: np.zeros((batch.num_envs, batch.num_agents[role])) for role in modules}
        going, env_steps, decisions = np.ones(batch.num_envs, np.bool_), 0, dict.fromkeys(candidates, 0)
        while going.any():
            actions = {mind.role: mind.act(env_steps).reshape(batch.actions[mind.role].shape) for mind in seated}
            for role, module in modules.items():
                here = batch.present[role] & going[:, None]
                decisions[module] += int(here.sum())
                seen[module].absorb(*moments(torch.from_numpy(batch.observations[role][here])))
                actions[role] = self._act(batch.roles[role], deciding[module])
            step = batch.step(actions)
            self.tally.step(step)
            for role, total in returns.items():
                total += step.reward[role] * going[:, None]
            env_steps += int(going.sum())
            going &= ~batch.ended
            for mind in seated:
                mind.forget(batch.ended)
        return Played(self._fitness(returns, count), seen, env_steps, decisions)

    def _act(self, role: Role, decide: Decide) -> np.ndarray:
        """The likeliest actions [N, A, heads] of everybody."""
        batch = self.batch
        lead = (batch.num_envs, role.count)
        decided = decide(batch.observations[role.name].reshape(lead[0] * lead[1], -1))
        if role.continuous:
            return np.asarray(role.stretched(np.clip(decided, -1.0, 1.0)).reshape(*lead, -1))
        if role.masked:
            np.putmask(decided, ~batch.allowed[role.name].reshape(decided.shape), FORBIDDEN)
        actions = np.zeros((len(decided), role.action_size), np.int32)
        drawer(role)(decided, one_key(0), True, actions, np.zeros(len(decided), np.float32))
        return actions.reshape(*lead, -1)

    def _fitness(self, returns: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
        found: dict[str, list[np.ndarray]] = {}
        for role, module in self._casting.modules.items():
            found.setdefault(module, []).append(returns[role].reshape(count, -1).mean(axis=1))
        return {module: np.mean(rows, axis=0) for module, rows in found.items()}

    def close(self) -> None:
        """Close the worlds."""
        self.batch.close()


def weights_of(network: ActorCritic) -> np.ndarray:
    """The weights of a network's actor, side by side: float32 [P]."""
    found: np.ndarray = nn.utils.parameters_to_vector(network.actor.parameters()).detach().numpy()
    return found


def _side_by_side(network: ActorCritic, candidates: np.ndarray) -> Decide:
    """A function that asks C networks at once, which are like ``network`` but for their actors' weights [C, P]."""
    named, parts, start = dict(network.actor.named_parameters()), dict[str, Tensor](), 0
    for name, parameter in named.items():
        flat = torch.from_numpy(candidates[:, start : start + parameter.numel()])
        parts[name] = flat.reshape(len(candidates), *parameter.shape)
        start += parameter.numel()
    asked = torch.func.vmap(lambda weights, seen: torch.func.functional_call(network.actor, weights, (seen,)))

    @torch.no_grad()
    def decide(observation: np.ndarray) -> np.ndarray:
        seen = network.normalise(torch.from_numpy(observation))
        decided: np.ndarray = asked(parts, seen.view(len(candidates), -1, seen.shape[-1])).flatten(0, 1).numpy()
        return decided

    return decide
