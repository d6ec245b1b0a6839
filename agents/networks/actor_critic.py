"""A policy and an estimate of its return in one network, with or without memory."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from avatarium.agents.networks.eye import Eye
from avatarium.agents.networks.heads import LOG_STD_RANGE
from avatarium.agents.networks.mlp import perceptron
from avatarium.agents.networks.normalise import RunningNormalisation
from avatarium.agents.networks.recurrent import Gru, Lstm, Recurrent

LAST_LAYER_SCALE = 0.01
"""The policy begins nearly uniform (Andrychowicz et al. 2021, https://arxiv.org/abs/2006.05990, 3.2)."""
CELLS = {"lstm": Lstm, "gru": Gru}
CORES = ("mlp", *CELLS)
"""Kinds of network: without memory, or with the memory of a recurrent cell."""

State = tuple[Tensor, ...]
"""What a recurrent policy remembers: float32 [B, units] each; empty without memory."""


@dataclass(frozen=True)
class Interface:
    """What goes into a network and what comes out."""

    observation: int
    """Features of an observation."""
    choices: tuple[int, ...] = ()
    """Number of choices of each action head; empty for continuous control."""
    controls: int = 0
    """Number of continuous controls; 0 where actions are choices."""
    central: int = 0
    """Features of the global state that the critic sees besides the observation; 0 for an independent critic."""
    values: int = 1
    """Returns that the critic estimates: the task's, and a second one for intrinsic rewards."""


@dataclass(frozen=True)
class Architecture:
    """How a network is built inside."""

    core: str = "mlp"
    """One of ``CORES``."""
    hidden: tuple[int, ...] = (128, 128)
    """Units of the hidden layers; with a recurrent core they lie before it."""
    units: int = 128
    """Units of the recurrent core."""
    picture: tuple[int, int, int] | None = None
    """Channels, height and width of the picture that observations end with, where they do: an ``Eye`` looks at it."""


class Inputs(NamedTuple):
    """What a network is evaluated on: B rows, or L steps of B sequences when it has memory."""

    observation: Tensor  # float32 [B, D] or [L, B, D]
    central: Tensor | None = None  # float32 [B, G] or [L, B, G]
    starts: Tensor | None = None  # bool [L, B]: episodes begin there, and memories end
    state: State = ()  # before the first step


class ActorCritic(nn.Module):
    """A policy over discrete heads or continuous controls, and a critic that shares nothing with it but normalisation, eye and memory.

    The critic works in units of the return's own running mean and deviation (PopArt); ``evaluate`` gives the return itself. A central
    critic sees the observation and the global state (Yu et al. 2022, https://arxiv.org/abs/2103.01955, 5.2) and needs no memory.
    """

    def __init__(self, interface: Interface, architecture: Architecture) -> None:
        super().__init__()
        self.interface, self.architecture = interface, architecture
        self.choices, self.controls = interface.choices, interface.controls
        self.precision = torch.float32
        """Of products of matrices while a policy learns: torch.float32 or torch.bfloat16; sums and everything else stay float32."""
        hidden, wide = architecture.hidden, interface.observation
        self.normalise = RunningNormalisation(wide)
        if interface.central:
            self.normalise_central = RunningNormalisation(interface.central)
        self.eye = Eye(architecture.picture) if architecture.picture else None
        if self.eye:
            wide = self.eye.width(wide)
        self.core: Recurrent | None = None
        outputs = interface.controls or sum(interface.choices)
        if architecture.core == "mlp":
            self.actor = perceptron(wide, hidden, outputs, LAST_LAYER_SCALE)
        else:
            self.embed = nn.Sequential(perceptron(wide, hidden[:-1], hidden[-1]), nn.Tanh())
            self.core = CELLS[architecture.core](hidden[-1], architecture.units)
            self.actor = perceptron(architecture.units, (), outputs, LAST_LAYER_SCALE)
        sees = wide + interface.central if interface.central else (architecture.units if self.core else wide)
        self.critic = perceptron(sees, () if self.core and not interface.central else hidden, interface.values)
        self.returns = RunningNormalisation(interface.values, floor=1e-4)
        if self.controls:
            self.log_std = nn.Parameter(torch.full((self.controls,), -0.5))

    @property
    def recurrent(self) -> bool:
        """Whether the policy has memory."""
        return self.core is not None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the parts of the memory."""
        return self.core.states_named if self.core else ()

    def initial(self, rows: int) -> State:
        """The memory of ``rows`` avatars whose episodes begin."""
        return self.core.initial(rows) if self.core else ()

    def act(self, observation: Tensor, state: State = ()) -> tuple[Tensor, State]:
        """The policy's outputs (see ``_decide``) for raw observations float32 [B, D], and its memory afterwards: all that acting needs."""
        features, state = self._attend(observation, state)
        return self._decide(features), state

    @property
    def judges_alone(self) -> bool:
        """Whether the critic is there and sees nothing but what the policy sees, so that both can act and judge in one."""
        return hasattr(self, "critic") and not self.interface.central

    def act_and_judge(self, observation: Tensor, state: State = ()) -> tuple[Tensor, Tensor, State]:
        """As ``act``, with the task's estimated return [B, 1] in the middle; for networks that judge alone."""
        features, state = self._attend(observation, state)
        value = self.critic(features) * self.returns.deviation + self.returns.mean
        return self._decide(features), value[..., :1], state

    def _attend(self, observation: Tensor, state: State) -> tuple[Tensor, State]:
        """What the actor sees of raw observations float32 [B, D], and the memory afterwards."""
        features = self._look(self.normalise(observation))
        if not self.core:
            return features, state
        return self.core.step(self.embed(features), state)

    def act_on(self, normalised: Tensor, starts: Tensor, state: State) -> tuple[Tensor, State]:
        """As ``act``, with less around it: observations are normalised already, and memory is empty where ``starts`` bool [B] is set."""
        with self._rounding(normalised):
            seen = self._look(normalised)
            if not self.core:
                return self._decide(seen).float(), state
            features, after = self.core.unroll(self.embed(seen)[None], starts[None], state)
            return self._decide(features[0]).float(), tuple(part[0].float() for part in after)

    def both(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """The policy's outputs and the critic's estimates [..., K] in units of ``returns``."""
        with self._rounding(inputs.observation):
            normalised, features, _ = self._features(inputs)
            return self._decide(features).float(), self.critic(self._judged(inputs, normalised, features)).float()

    def _rounding(self, like: Tensor) -> torch.autocast:
        """Within, products on the device of ``like`` are rounded to ``precision``."""
        return torch.autocast(like.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16)

    @property
    def thought_size(self) -> int:
        """Numbers of which the policy's last layer makes its decisions."""
        last = self.actor[-1]
        assert isinstance(last, nn.Linear)
        return last.in_features

    def thinking(self, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
        """As ``both``, with what the policy's last layer makes its decisions of, [..., thought_size]."""
        with self._rounding(inputs.observation):
            normalised, features, _ = self._features(inputs)
            thought: Tensor = self.actor[:-1](features)
            decided, judged = self._spread(self.actor[-1](thought)), self.critic(self._judged(inputs, normalised, features))
        return decided.float(), judged.float(), thought.float()

    def remember(self, inputs: Inputs) -> tuple[Tensor, State]:
        """The policy's outputs over sequences [L, B, ...], and the memory after every step: float32 [L, B, units] each."""
        _, features, states = self._features(inputs)
        return self._decide(features), states

    def evaluate(self, inputs: Inputs) -> tuple[Tensor, State]:
        """The estimated returns [..., K], and the memory after every step: float32 [L, B, units] each."""
        with self._rounding(inputs.observation):
            normalised, features, states = self._features(inputs)
            scaled: Tensor = self.critic(self._judged(inputs, normalised, features)).float()
        return scaled * self.returns.deviation + self.returns.mean, tuple(part.float() for part in states)

    def _features(self, inputs: Inputs) -> tuple[Tensor, Tensor, State]:
        """What is seen, normalised and through the eye; what the actor sees; and every step's memory."""
        normalised = self._look(self.normalise(inputs.observation))
        if not self.core:
            return normalised, normalised, ()
        assert inputs.starts is not None
        features, states = self.core.unroll(self.embed(normalised), inputs.starts, inputs.state)
        return normalised, features, states

    def _look(self, normalised: Tensor) -> Tensor:
        """Normalised observations with the picture, where there is one, summed up."""
        return self.eye(normalised) if self.eye else normalised

    def _judged(self, inputs: Inputs, normalised: Tensor, features: Tensor) -> Tensor:
        """What the critic sees."""
        if not self.interface.central:
            return features
        assert inputs.central is not None
        return torch.cat([normalised, self.normalise_central(inputs.central)], dim=-1)

    def _decide(self, features: Tensor) -> Tensor:
        """Logits [..., sum(choices)], or means and log-deviations [..., 2 controls]."""
        return self._spread(self.actor(features))

    def _spread(self, out: Tensor) -> Tensor:
        """What the actor's last layer gives, with log-deviations beside means."""
        if not self.controls:
            return out
        return torch.cat([out, self.log_std.clamp(*LOG_STD_RANGE).expand_as(out)], dim=-1)

    @torch.no_grad()
    def rescale_returns(self, count: float, new_mean: Tensor, new_variance: Tensor) -> None:
        """Take ``count`` returns of this mean and variance, float32 [K], into the running scale.

        The critic's last layer is adapted so that ``evaluate`` stays as it was.

        This is the output-preserving rule of PopArt (van Hasselt et al. 2016, https://arxiv.org/abs/1602.07714).
        """
        if count < 2:  # which say nothing about a deviation
            return
        mean, deviation, first = self.returns.mean.clone(), self.returns.deviation.clone(), not self.returns.count
        self.returns.absorb(count, new_mean, new_variance)
        if first:  # an untrained critic has nothing worth keeping
            return
        last = self.critic[-1]
        assert isinstance(last, nn.Linear)
        last.weight *= (deviation / self.returns.deviation)[:, None]
        last.bias.copy_((deviation * last.bias + mean - self.returns.mean) / self.returns.deviation)
