"""How trained policies are judged: in play on episodes that training has not seen, alone or in series, beside whomever one wants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avatarium import agents
from avatarium.agents.policy import Policy
from avatarium.agents.series import play_series
from avatarium.leaderboards.evaluate import evaluate
from avatarium.leaderboards.metrics import Metric, metric
from avatarium.training.play.minds import Frozen
from avatarium.training.run import outcome
from avatarium.training.run.checkpoint import Checkpoint
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.transcript import Transcript

WIN_RATE = "win_rate"
"""What series and games against past versions are counted by."""


@dataclass(frozen=True)
class Judging:
    """One way of judging trained policies."""

    metric: str
    name: str = ""
    """Tells it from others; leads the names of its values."""
    split: str = ""
    set: dict[str, Any] = field(default_factory=dict)
    role: str = ""
    """Whose policy; else that of the first role that learns."""
    episodes: int = 64
    others: dict[str, str] = field(default_factory=dict)
    """Policies of other roles; else they are played by what they were trained with."""
    also: tuple[str, ...] = ()
    """Metrics that are compared beside ``metric``: the world's others, or those of conduct."""
    games: int = 1
    """Episodes that are played in a row, in series in which minds that learn go on from what they learnt."""
    ancestors: bool = False
    """Whether the other side is played by each past version that the league of the run has kept; the worst result counts."""

    def __post_init__(self) -> None:
        """Raise UserError when it cannot be done."""
        name = f"the judge {self.name or self.metric!r}"
        if not isinstance(self.episodes, int) or not isinstance(self.games, int):
            raise UserError(f"{name} wants {self.episodes!r} episodes in series of {self.games!r}: give whole numbers")
        if self.episodes < 1 or self.games < 1 or self.episodes % self.games:
            raise UserError(f"{name} wants {self.episodes} episodes in series of {self.games}: choose a multiple, 1 or more")
        if (self.games > 1 or self.ancestors) and (self.metric != WIN_RATE or self.also):
            raise UserError(f"{name} plays series or past versions, which are judged by {WIN_RATE} alone")
        if self.games > 1 and len(self.others) != 1:
            raise UserError(f"{name} plays series: name one opponent among its others")
        if self.ancestors and (self.others or self.games > 1):
            raise UserError(f"{name} plays past versions: leave out others and games")
        for known in self.also:
            metric(known)

    def called(self, metric: str) -> str:
        """What a value of a metric is called among a contestant's."""
        return "/".join(filter(None, ("judged", self.name, metric)))

    def __str__(self) -> str:
        """Where and against whom, in a few words."""
        rivals = "the past version that is hardest to beat" if self.ancestors else " and ".join(self.others.values())
        words = [self.split, *(f"{key}={value}" for key, value in self.set.items()), f"beside {rivals}" if rivals else ""]
        count = f"{self.episodes} episodes" + (f" in series of {self.games}" if self.games > 1 else "")
        return ", ".join([", ".join(filter(None, words)) or "as in training", count])

    @property
    def compared(self) -> tuple[str, ...]:
        """What its values are called that contestants are compared by."""
        return tuple(self.called(name) for name in (self.metric, *self.also))


@dataclass(frozen=True)
class _Seat:
    """A trained policy in the seat that is judged."""

    found: Checkpoint
    role: str
    path: Path
    config: dict[str, Any]

    def policy(self) -> Policy:
        """It is ours: it needs no sandbox."""
        return agents.load(str(self.path), self.found.plan.world, self.role, **self.config)

    def seeds(self, count: int) -> range:
        """Of so many episodes or series."""
        return range(outcome.FIRST_SEED, outcome.FIRST_SEED + count)


def judge(found: Checkpoint, run: Path, wanted: Judging, policies: dict[str, Path]) -> dict[str, float]:
    """What comes of it when a trained policy plays, beside those it was trained with or those that are wanted: values by measure."""
    role = wanted.role or next(iter(policies))
    if role not in policies:
        raise UserError(f"{role} is not among those that learnt: {', '.join(policies)}")
    seat = _Seat(found, role, policies[role], found.plan.settings | wanted.set | ({"split": wanted.split} if wanted.split else {}))
    if wanted.ancestors:
        return {wanted.called(WIN_RATE): _against_ancestors(seat, wanted)}
    if wanted.games > 1:
        return {wanted.called(WIN_RATE): _in_series(seat, wanted)}
    others = found.plan.minds | {name: str(path) for name, path in policies.items() if name != role} | wanted.others
    return _in_episodes(seat, wanted, run / "evaluation" / wanted.name, others)


def _in_episodes(seat: _Seat, wanted: Judging, folder: Path, others: dict[str, str]) -> dict[str, float]:
    """The scores of the world's metrics, and of those that are wanted beside them."""
    trained = {outcome.TRAINED: seat.policy()}
    world = seat.found.plan.world
    result = evaluate(world, trained, seat.seeds(wanted.episodes), seat.config, folder, seat.role, others=others)[0]
    if wanted.metric not in result.scores:
        raise UserError(f"{seat.found.plan.arena.name} is not judged by {wanted.metric!r}: it is by {', '.join(result.scores)}")
    values = {name: score.value for name, score in result.scores.items()}
    values |= {name: _folded(metric(name), result.transcripts, seat.role) for name in wanted.also if name not in values}
    return {wanted.called(name): value for name, value in values.items()}


def _folded(by: Metric, transcripts: Sequence[Path], role: str) -> float:
    """A metric over transcripts; NaN where there was nothing to judge."""
    shares = [by.fold(told, role, range(told.roles[role].count)) for told in map(Transcript.open, transcripts)]
    above, below = (sum(part) for part in zip(*shares, strict=True))
    return float(above / below) if below else float("nan")


def _in_series(seat: _Seat, wanted: Judging) -> float:
    """The share of all games of all series that the trained policy won, ties counting half."""
    ((other, address),) = wanted.others.items()
    rival = agents.load(address, seat.found.plan.world, other, **seat.config)
    seeds = seat.seeds(wanted.episodes // wanted.games)
    return play_series(seat.found.plan.world, (seat.role, seat.policy()), (other, [rival] * wanted.games), seeds, seat.config).win_rate()


def _against_ancestors(seat: _Seat, wanted: Judging) -> float:
    """The share of games won against the past version that is hardest to beat; NaN where a run has kept none."""
    found = seat.found
    if not found.versions:
        return float("nan")
    other = next(side for side in found.plan.casting.sides if side != seat.role)
    world, mine, rates = found.plan.world, (seat.role, seat.policy()), []
    for name in found.versions:
        rival = Frozen(name, found.past(name, other), found.roles[other])
        rates.append(play_series(world, mine, (other, [rival]), seat.seeds(wanted.episodes), seat.config).win_rate())
    return min(rates)
