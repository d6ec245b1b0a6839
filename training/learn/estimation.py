"""From what was played to what is learnt from: values, advantages and bonuses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avatarium.agents.curiosity.transitions import Transitions
from avatarium.agents.networks.actor_critic import ActorCritic, Inputs, State
from avatarium.training.gpu import sharing
from avatarium.training.learn import kernels
from avatarium.training.learn.across import moments
from avatarium.training.learn.foresight import Foresight, futures, missed, straight_on
from avatarium.training.learn.tables import (
    ACTIONS,
    ADVANTAGES,
    AFTER,
    ALLOWED,
    FUTURES,
    LOG_PROBS,
    OBSERVATIONS,
    PRESENT,
    STARTS,
    TARGETS,
    VISITS,
    Table,
)
from avatarium.training.play.rollout import Fragment
from avatarium.training.threads import Workers

Values = tuple[Tensor, Tensor]
"""Estimated returns float32 [T + 1, S, K], and those of final observations [T, S, K]."""
ROWS_AT_ONCE, ROWS_ON_GPU = 4096, 1 << 17
"""Decisions that are valued in one go: by a thread, what it works with stays in its cache; by a GPU, which has to be kept busy."""
NO_VARIANCE = 1e-12
"""Returns that vary no more than this are not worth explaining."""


class Curiosity:
    """The bonuses of a module, each with its weight, brought to one scale: their root mean square so far."""

    def __init__(self, parts: Sequence[tuple[Any, Any, float]], extrinsic: float, gamma: float, episodic: bool) -> None:
        """``parts``: (bonus, its running scale, its weight); ``extrinsic``: weight of the task's advantage, the bonus's being 1."""
        self.parts, self.extrinsic, self.gamma, self.episodic = parts, extrinsic, gamma, episodic


@dataclass(frozen=True)
class Discounts:
    """How returns are estimated."""

    gamma: float
    lam: float
    sequence: int
    """Steps of a sequence of a recurrent network."""
    finite: bool = False
    """Whether a time limit ends the task's return as a termination does, instead of cutting off what would come."""


class Estimator:
    """Makes tables of fragments for one network."""

    def __init__(
        self,
        network: ActorCritic,
        curiosity: Curiosity | None,
        discounts: Discounts,
        workers: Workers,
        device: Any,
        foresight: Foresight | None = None,
    ) -> None:
        self._network, self._curiosity, self._discounts = network, curiosity, discounts
        self._workers, self._device, self._foresight = workers, device, foresight
        self._rows_at_once = ROWS_AT_ONCE if torch.device(device).type == "cpu" else ROWS_ON_GPU

    def table(self, fragment: Fragment) -> Table:
        """Values, advantages and targets of a fragment. The network's scale of returns is brought up to date."""
        steps, slots = fragment.rewards.shape
        observations, central = self._tensor(fragment.observations), self._tensor(fragment.central)
        central_of = self._tensor(fragment.central_of)
        length = self._discounts.sequence if self._network.recurrent else 1
        values, memory = self._values(fragment, observations, central, central_of, length)
        columns = {
            OBSERVATIONS: observations[:-1],
            ACTIONS: self._tensor(fragment.actions),
            LOG_PROBS: self._tensor(fragment.log_probs),
            PRESENT: self._tensor(fragment.present),
            STARTS: self._tensor(fragment.starts[:-1]),
        }
        if fragment.allowed.shape[-1]:
            columns[ALLOWED] = self._tensor(fragment.allowed)
        if self._curiosity:
            columns |= {AFTER: self._after(fragment, observations), VISITS: self._tensor(fragment.visits)}
        if self._foresight:
            columns[FUTURES] = futures(observations, self._tensor(fragment.starts), self._foresight)
        flat = {name: column.flatten(0, 1) for name, column in columns.items()}
        who = self._tensor(fragment.who)
        bonus, told = self._bonus(flat, who)
        if self._foresight and fragment.present.any():
            off = missed(straight_on(flat[OBSERVATIONS], self._foresight), flat[FUTURES])
            told["foresight_straight_on"] = float(off[flat[PRESENT]].mean())
        advantages = self._advantages(fragment, values, bonus.reshape(steps, slots))
        targets = advantages + values[0][:-1]
        learnt, told = self._scaled(advantages.flatten(0, 1), targets.flatten(0, 1), flat[PRESENT], told)
        drawn = self._drawable(flat[PRESENT], length, slots)
        return Table(flat | learnt, drawn, length, memory, central, central_of, who, steps * slots, told)

    def _tensor(self, array: np.ndarray | Tensor) -> Tensor:
        """The array on the learner's device; those out of Ray's object store are read-only, which torch does not know: they are copied."""
        if isinstance(array, Tensor):
            return array
        return torch.from_numpy(array if array.flags.writeable else array.copy()).to(self._device)

    def _values(self, fragment: Fragment, observations: Tensor, central: Tensor, central_of: Tensor, length: int) -> tuple[Values, State]:
        """Values float32 [T + 1, S, K]; those of final observations [T, S, K]; and the memory before sequences [T / length * S, units]."""
        steps, slots = fragment.rewards.shape
        found, before, after = self._evaluated(fragment, observations, central, central_of, length)
        final_values = found.new_zeros(steps, slots, found.shape[-1])
        if len(fragment.final_steps):
            rows = self._tensor(fragment.final_observations)
            seen = self._tensor(fragment.final_central) if central.shape[-1] else None
            if self._network.recurrent:
                begun = torch.zeros(1, len(rows), dtype=torch.bool, device=rows.device)
                inputs = Inputs(rows[None], None if seen is None else seen[None], begun, after)
            else:
                inputs = Inputs(rows, seen)
            with torch.no_grad():
                judged = self._network.evaluate(inputs)[0].reshape(len(rows), -1)
            final_values[self._tensor(fragment.final_steps), self._tensor(fragment.final_slots)] = judged
        return (found, final_values), before

    def _evaluated(
        self, fragment: Fragment, observations: Tensor, central: Tensor, central_of: Tensor, length: int
    ) -> tuple[Tensor, State, State]:
        """Values [T + 1, S, K], the memory before every sequence [T / length * S, units], and that with which episodes ended [F, units].

        Nothing else is kept of the memory: it is larger than all observations.
        """
        (steps, slots), wide = fragment.rewards.shape, bool(central.shape[-1])
        starts, state = self._tensor(fragment.starts), tuple(self._tensor(part) for part in fragment.state)
        final_steps, final_slots = self._tensor(fragment.final_steps), self._tensor(fragment.final_slots)

        def look(first: int) -> tuple[Tensor, State, State, Tensor]:
            some = slice(first, first + width)
            seen = central[:, central_of[some]] if wide else None
            inputs = Inputs(observations[:, some], seen, starts[:, some], tuple(part[some] for part in state))
            with torch.no_grad():  # which holds for this thread alone
                values, after = self._network.evaluate(inputs)
            ended = torch.nonzero((final_slots >= first) & (final_slots < first + width)).flatten()
            at = final_steps[ended], final_slots[ended] - first
            return values, tuple(part[length - 1 : steps - 1 : length] for part in after), tuple(part[at] for part in after), ended

        width = -(-slots // max(1, round(slots * len(observations) / self._rows_at_once)))
        values, between, last, ended = zip(*self._workers.map(look, range(0, slots, width)), strict=True)
        sequences = [torch.cat(parts, dim=1) for parts in zip(*between, strict=True)]
        begun = ~starts[:-1:length, :, None]
        before = tuple((torch.cat([begin[None], later]) * begun).flatten(0, 1) for begin, later in zip(state, sequences, strict=True))
        order = torch.argsort(torch.cat(ended))
        return torch.cat(values, dim=1), before, tuple(torch.cat(parts)[order] for parts in zip(*last, strict=True))

    def _after(self, fragment: Fragment, observations: Tensor) -> Tensor:
        """The observation [T, S, D] that followed each decision."""
        after = observations[1:].clone()
        after[self._tensor(fragment.final_steps), self._tensor(fragment.final_slots)] = self._tensor(fragment.final_observations)
        return after

    def _bonus(self, columns: dict[str, Tensor], who: Tensor) -> tuple[Tensor, dict[str, float]]:
        """The intrinsic reward float32 [T * S], and each bonus's mean before scaling."""
        rows = len(columns[PRESENT])
        total = torch.zeros(rows, device=who.device)
        told: dict[str, float] = {}
        if not self._curiosity:
            return total, told
        here = columns[PRESENT]
        parts = torch.split(torch.arange(rows, device=who.device), self._rows_at_once)
        for bonus, scale, weight in self._curiosity.parts:
            found: list[Tensor] = self._workers.map(lambda some: bonus.bonus(self._transitions(columns, who, some)), parts)  # noqa: B023
            raw = torch.cat(found)
            scale.absorb(*moments(raw[here][:, None]))
            size = (scale.variance + scale.mean.square()).sqrt().clamp_min(scale.floor)  # not the deviation: a bonus may be constant
            total += weight * raw / size * here
            told[f"bonus_{bonus.name}"] = float(raw[here].mean()) if here.any() else 0.0
        told["intrinsic_reward"] = float(total[here].mean()) if here.any() else 0.0
        return total, told

    def _transitions(self, columns: dict[str, Tensor], who: Tensor, rows: Tensor) -> Transitions:
        return transitions(
            self._network, {name: columns[name][rows] for name in (OBSERVATIONS, ACTIONS, AFTER, VISITS)}, who[rows % len(who)]
        )

    def _advantages(self, fragment: Fragment, values: Values, bonus: Tensor) -> Tensor:
        """Generalised advantages float32 [T, S, K] of the task's return and, with curiosity, of the intrinsic one."""
        over, cut, present = (self._tensor(part) for part in (fragment.terminations, fragment.truncations, fragment.present))
        ends = (over | cut, torch.zeros_like(cut)) if self._discounts.finite else (over, cut)
        found = [self._estimate(present, self._tensor(fragment.rewards), values, 0, ends, self._discounts.gamma)]
        if self._curiosity:
            if not self._curiosity.episodic:  # novelty goes on when an episode ends (Burda et al. 2018, 2.3); it stops when nobody is there
                over, cut = torch.zeros_like(over), torch.zeros_like(cut)
                over[:-1] = present[:-1] & ~present[1:]
            found.append(self._estimate(present, bonus, values, 1, (over, cut), self._curiosity.gamma))
        return torch.stack(found, dim=-1)

    def _estimate(self, present: Tensor, rewards: Tensor, values: Values, k: int, ends: tuple[Tensor, Tensor], gamma: float) -> Tensor:
        """``kernels.estimate_advantages`` for return ``k`` of the critic: float32 [T, S]."""
        found, finals = (part[..., k].contiguous() for part in values)
        advantages, factors = torch.empty_like(rewards), (np.float32(gamma), np.float32(self._discounts.lam))
        sharing.run(kernels.estimate_advantages, (rewards, found, *ends, finals, present, *factors, advantages), rewards.shape[1])
        return advantages

    def _scaled(
        self, advantages: Tensor, targets: Tensor, present: Tensor, told: dict[str, float]
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Advantages as one number of mean 0 and deviation 1; targets in the critic's units, which are brought up to date first."""
        network, here = self._network, targets[present]
        names = ("", "intrinsic_")
        for k in range(targets.shape[-1]):
            if len(here) > 1:
                told[f"{names[k]}value_mean"] = float(here[:, k].mean())
            if len(here) > 1 and float(here[:, k].var()) > NO_VARIANCE:  # a bonus may pay a role nothing
                unexplained = advantages[present][:, k].var() / here[:, k].var()
                told[f"{names[k]}vf_explained_var"] = 1.0 - float(unexplained)
        network.rescale_returns(*moments(here))
        together = advantages[:, 0]
        if self._curiosity:
            together = self._curiosity.extrinsic * together + advantages[:, 1] / network.returns.deviation[1]
        count, mean, variance = moments(together[present])
        if count > 1:
            together = (together - mean) / (variance.sqrt() + 1e-6)
        return {ADVANTAGES: together, TARGETS: (targets - network.returns.mean) / network.returns.deviation}, told

    def _drawable(self, present: Tensor, length: int, slots: int) -> Tensor:
        """Rows at which somebody was there, or first rows of sequences in which somebody ever was."""
        if not self._network.recurrent:
            return torch.nonzero(present).flatten()
        some = present.view(-1, length, slots).any(dim=1)
        chunk, slot = torch.nonzero(some, as_tuple=True)
        return chunk * (length * slots) + slot


def transitions(network: ActorCritic, columns: dict[str, Tensor], who: Tensor) -> Transitions:
    """What bonuses see of decisions: B rows of the columns of a table."""
    before, after = (network.normalise(columns[name]).clamp(-5.0, 5.0) for name in (OBSERVATIONS, AFTER))
    actions = columns[ACTIONS].clamp(-1.0, 1.0) if network.controls else columns[ACTIONS].long()
    return Transitions(before, actions, after, columns[VISITS], who)
