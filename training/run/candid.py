"""What a run has learnt, at play, telling everything of itself that can be told."""

from collections.abc import Mapping

import numpy as np
import torch

from avatarium.agents.exported import drawn
from avatarium.agents.networks.acting import Acting
from avatarium.agents.networks.actor_critic import Inputs
from avatarium.agents.policy import Memory, Policy, Turn
from avatarium.agents.readouts import ENTROPY, INTRINSIC, VALUE
from avatarium.training.learn.estimation import transitions
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.learn.tables import ACTIONS, AFTER, OBSERVATIONS, VISITS
from avatarium.training.play.arrivals import middle_of
from avatarium.training.play.minds import load_mind
from avatarium.training.play.visits import VisitCounter, hashed_places
from avatarium.training.run.plan import Plan
from avatarium.worlds import make_batch
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Role

Modules = Mapping[str, Mapping[str, np.ndarray]]
"""By module: parameters and statistics, named as in its RLModule."""


class Candid:
    """A network as it is being trained, with its critic, which may see everything, and its bonuses; it acts as its export does.

    Curiosity pays as it would in training, but for visits: they are counted from the beginning of the episode.
    """

    def __init__(self, name: str, plan: Plan, role: Role, arrays: Mapping[str, np.ndarray]) -> None:
        self.name, self._role = name, role
        wishes = {"architecture": plan.architecture, "central": plan.central, "wonder": plan.wonder}
        spaces = {"observation_space": role.observation_space, "action_space": role.action_space}
        with torch.random.fork_rng(devices=[]):  # training draws from the same generator, and is to go on as if nobody watched
            self._module = ActorCriticModule(**spaces, model_config=wishes, inference_only=False)
        self._module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
        self._network = self._module.network.eval()
        self._acting, self._greedy = Acting(self._network, role), plan.sampling == "greedy"
        self._judged, self._wonder, self._middle = not plan.search, plan.wonder, middle_of(role)
        self._counter: VisitCounter | None = None
        self.tells = (*([] if plan.search else [VALUE]), ENTROPY, *([INTRINSIC] if plan.wonder else []))
        self.told: dict[str, np.ndarray] = {}

    def initial_state(self, rows: int) -> Memory:
        """Zeros float32 [rows, units] for each part of the network's memory; visits are forgotten."""
        self._counter = None
        return tuple(part.numpy().copy() for part in self._network.initial(rows))

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        """Actions int32 [B, heads], or float32 [B, controls], and the new memory."""
        observation, memory = torch.from_numpy(turn.observation), tuple(map(torch.from_numpy, state))
        with torch.no_grad():
            outputs, after = self._acting.decide(observation, memory)
            values = self._network.evaluate(self._inputs(observation, turn, memory))[0] if self._judged else None
        parts = [part.numpy() for part in (outputs.chunk(2, dim=-1) if self._network.controls else (outputs,))]
        actions, unsure = drawn(parts, turn, self._network.choices, self._greedy, self._role.span)
        self.told = {ENTROPY: unsure} | ({} if values is None else {VALUE: values.reshape(len(observation), -1)[:, 0].numpy()})
        return actions, tuple(part.numpy() for part in after)

    def _inputs(self, observation: torch.Tensor, turn: Turn, memory: tuple[torch.Tensor, ...]) -> Inputs:
        """What the critic sees; of a network with memory, a sequence of one step."""
        central = None
        if self._network.interface.central:
            assert turn.batch is not None
            central = torch.from_numpy(turn.batch.global_state()[turn.envs])
        if not self._network.recurrent:
            return Inputs(observation, central)
        starts = torch.zeros(1, len(observation), dtype=torch.bool)
        return Inputs(observation[None], None if central is None else central[None], starts, memory)

    def look_back(self, before: Turn, actions: np.ndarray, after: Turn) -> dict[str, np.ndarray]:
        """The reward from within for the step, float32 [B], where there is curiosity."""
        curiosity = self._module.bonuses()
        if curiosity is None:
            return {}
        thought = self._role.narrowed(actions)
        columns = {OBSERVATIONS: before.observation, ACTIONS: thought, AFTER: after.observation, VISITS: self._visits(after)}
        total = np.zeros(len(actions), np.float32)
        with torch.no_grad():
            tensors = {name: torch.from_numpy(np.ascontiguousarray(column)) for name, column in columns.items()}
            seen = transitions(self._network, tensors, torch.from_numpy(before.avatars))
            for bonus, scale, weight in curiosity.parts:
                size = (scale.variance + scale.mean.square()).sqrt().clamp_min(scale.floor)
                total += (weight * bonus.bonus(seen) / size).numpy()
        return {INTRINSIC: total}

    def _visits(self, turn: Turn) -> np.ndarray:
        """float32 [B, A]: how often each avatar has been in the place where each one is now; [B, 0] where no bonus asks for it."""
        batch, role = turn.batch, self._role
        if batch is None or not (self._wonder and self._wonder.counts):
            return np.zeros((len(turn.observation), 0), np.float32)
        if self._counter is None:
            self._counter = VisitCounter(batch.num_envs, role.count, lifetime=False)
        if batch.spec.places is not None:
            places = batch.spec.places(batch.state, batch.config, role.name)
        else:
            places = hashed_places(turn.observation - self._middle, 0).reshape(batch.num_envs, role.count)
        return self._counter.arrive(places, batch.present[role.name]).reshape(len(turn.observation), -1)


def company(plan: Plan, modules: Modules, name: str) -> dict[str, Policy]:
    """By role: those who learn, called ``name``, and the minds beside them. Raises UserError for worlds that cannot be recorded."""
    if plan.arena.spec is None:
        raise UserError(f"{plan.arena.name} is no world of Avatarium: its episodes cannot be recorded")
    batch: Batch = make_batch(plan.world, autoreset=False, **plan.settings)
    minds = {role: load_mind(text, batch, role) for role, text in plan.casting.minds.items()}
    learning = {role: Candid(name, plan, plan.arena.roles[role], modules[module]) for role, module in plan.casting.modules.items()}
    return {**minds, **learning}
