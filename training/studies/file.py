"""What a study asks, read from its TOML file.

::

    title = "Memory"
    question = "Does a recurrent policy remember a cue?"
    seeds = 5

    [[parts]]                                # one question about one world; a study may have several
    name = "memory"
    world = "memory"                         # as for avatarium train
    set = { delay = 20 }                     # settings of the world
    train = { lr = 0.002 }                   # hyper-parameters of all contestants, on top of the world's recipe
    steps = 400_000                          # or minutes
    gauges = ["return"]                      # names in history.jsonl that are compared
    marks = { solved = 4.0, chance = 1.0 }   # lines across the picture
    expect = ["gru.return >= 3.6", "gru.return > mlp.return"]

    [[parts.judge]]                          # may be left out: play after training, measured by metrics of the leaderboards
    metric = "success"                       # compared under the name judged/success, or with a name, judged/NAME/success
    split = "held-out"                       # where the world has splits
    set = { "hearing.mute" = true }          # other settings than in training
    also = ["sct", "yielding"]               # metrics that are compared as well; judging.py has more keys, for matches
    others = { host = ["heuristic", "random"] }  # who is beside it; of a list, one after the other: judged/heuristic/success

    [parts.publish]                          # may be left out: trained policies that are to join the population of the world
    gru = "rememberer"                       # contestant = name; seeds are numbered from 1: rememberer-1, or ROLE-rememberer-1

    [parts.contestants]
    shown = { algorithm = "cloning", demos = "heuristic", shown = 200, steps = 100_000 }  # imitates 200 episodes of a policy
    gru = { network = "gru", from = "shown" }  # hyper-parameters; beside them may stand set, minds, steps, demos with shown, and
    mlp = {}                                   # from: a contestant above, to begin with what that one learnt
    sb3 = { library = "stable-baselines3" }    # its PPO with its own defaults, for so many steps, instead of anything of ours

    [parts.plane]                              # may be left out: contestants as points of a picture, PART.png
    x = "judged/aori"                          # two measures; contestants called NAME-SOMETHING are joined by a line called NAME
    y = "judged/aosi"
    grid = 9                                   # beside them, constant controls, so many values of each; metrics that are judged

A contestant's value of a gauge is its mean over the last tenth of the decisions. In ``expect``, >= and <= compare means over seeds; > and <
want the whole 95 % intervals apart. The right side may have a factor: ``gru.return >= 0.9 * mlp.return``.
"""

import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from avatarium.training.play import arena
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters, recipe_for
from avatarium.training.studies.expectation import Expectation
from avatarium.training.studies.judging import Judging
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest

HERE = Path(__file__).parent
DEMONSTRATIONS = "demonstrations"
BESIDES = {"set": dict, "minds": dict, "steps": int, "demos": str, "shown": int, "from": str, "library": str}
"""What may stand beside the hyper-parameters of a contestant, and what it has to be."""
LIBRARIES = ("stable-baselines3",)
"""Whose learners may stand beside ours."""
R = TypeVar("R")


@dataclass(frozen=True)
class Contestant:
    """One way to learn."""

    label: str
    plan: Plan
    """From seed 0."""
    teacher: str = ""
    """The policy that shows it what to do, when it imitates."""
    shown: int = 64
    """Episodes of it."""
    parent: str = ""
    """The contestant whose policies it begins with, those of the same seed."""
    library: str = ""
    """One of ``LIBRARIES`` that trains it, by defaults of its own; of the plan only world, seed and steps count."""

    def planned(self, part: Path, seed: int) -> Plan:
        """Its plan from ``seed``; what it imitates, or begins with, lies in the folder ``part``."""
        demos = (str(part / DEMONSTRATIONS / self.teacher),) if self.teacher else ()
        return replace(self.plan, seed=seed, demos=demos, parent=str(run_folder(part, self.parent, seed)) if self.parent else "")


def run_folder(part: Path, label: str, seed: int) -> Path:
    """Where a contestant's run lies."""
    return part / label / f"seed-{seed}"


@dataclass(frozen=True)
class Plane:
    """A picture of contestants as points."""

    x: str
    y: str
    grid: int = 0
    """Values of each control, for a cloud of policies that do the same whatever they see; 0 for none."""


@dataclass(frozen=True)
class Part:
    """One question about one world."""

    name: str
    gauges: tuple[str, ...]
    contestants: tuple[Contestant, ...]
    expectations: tuple[Expectation, ...]
    marks: dict[str, float]
    judging: tuple[Judging, ...]
    publish: dict[str, str]
    """Names in the population of the world, by contestant."""
    plane: Plane | None = None

    @property
    def measured(self) -> tuple[str, ...]:
        """Everything that contestants are compared by."""
        return (*self.gauges, *(name for judging in self.judging for name in judging.compared))


@dataclass(frozen=True)
class Study:
    """Questions that belong together."""

    name: str
    title: str
    question: str
    seeds: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Budget:
    """How long every contestant trains, instead of what the study says."""

    steps: int | None = None
    minutes: float | None = None


@dataclass(frozen=True)
class _Told:
    """A study as it stands in its file."""

    title: str
    question: str
    parts: list[dict[str, Any]]
    seeds: int = 5


@dataclass(frozen=True)
class _ToldPart:
    """A part as it stands in its file."""

    name: str
    world: str
    contestants: dict[str, dict[str, Any]]
    gauges: list[str] = field(default_factory=lambda: ["return"])
    set: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    minds: dict[str, str] = field(default_factory=dict)
    steps: int = 0
    minutes: float = 0.0
    expect: list[str] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    judge: dict[str, Any] | list[dict[str, Any]] = field(default_factory=list)
    publish: dict[str, str] = field(default_factory=dict)
    plane: dict[str, Any] = field(default_factory=dict)


def names() -> list[str]:
    """The studies that come with Avatarium."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def read(name: str, budget: Budget = Budget()) -> Study:
    """The study of this name, or in the file ``name`` if that ends in .toml. Raises UserError when it cannot be understood."""
    path = Path(name) if name.endswith(".toml") else HERE / f"{name}.toml"
    if not path.is_file():
        raise UserError(f"there is no study {name!r}: " + ("no such file" if name.endswith(".toml") else nearest(name, names())))
    try:
        found = tomllib.loads(path.read_text())
    except (OSError, ValueError) as fault:
        raise UserError(f"{path} cannot be read: {fault}") from None
    told = _record(_Told, found, path.name)
    parts = tuple(_part(_record(_ToldPart, part, f"a part of {path.name}"), budget) for part in told.parts)
    labels = [part.name for part in parts]
    if len(set(labels)) < len(labels) or not labels:
        raise UserError(f"{path.name} needs parts of different names")
    if told.seeds < 1:
        raise UserError(f"{path.name} has {told.seeds} seeds: it needs at least one")
    return Study(path.stem, told.title, told.question, told.seeds, parts)


def _record(kind: type[R], found: dict[str, Any], where: str) -> R:
    """A dataclass from a table; UserError when a key is unknown or missing."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]  # it is a dataclass
    for key in found:
        if key not in known:
            raise UserError(f"{where} has {key!r}, which means nothing here: {nearest(key, known)}")
    try:
        return kind(**found)
    except TypeError as fault:
        raise UserError(f"{where} lacks something: {str(fault).partition(' ')[2]}") from None


def _part(told: _ToldPart, budget: Budget) -> Part:
    if not told.contestants:
        raise UserError(f"part {told.name} has no contestants")
    steps, minutes = (told.steps, told.minutes) if budget == Budget() else (budget.steps or 0, budget.minutes or 0.0)
    if bool(steps) == bool(minutes):
        raise UserError(f"part {told.name} needs steps or minutes, and not both")
    own = {label: given.get("steps", steps) if budget == Budget() and steps else steps for label, given in told.contestants.items()}
    contestants = tuple(_contestant(told, label, given, own[label], minutes) for label, given in told.contestants.items())
    labels = [contestant.label for contestant in contestants]
    for k, contestant in enumerate(contestants):
        if contestant.parent and contestant.parent not in labels[:k]:
            raise UserError(f"{told.name}/{contestant.label} begins with {contestant.parent!r}, who is no contestant above it")
    expectations = tuple(Expectation.read(text, tuple(told.contestants)) for text in told.expect)
    judges = [told.judge] if isinstance(told.judge, dict) else told.judge
    judging = tuple(_record(Judging, each, f"judge of part {told.name}") for judge in judges for each in _spread(judge))
    plane = _record(Plane, told.plane, f"plane of part {told.name}") if told.plane else None
    part = Part(told.name, tuple(told.gauges), contestants, expectations, told.marks, judging, told.publish, plane)
    for label in told.publish:
        if label not in told.contestants:
            raise UserError(f"part {told.name} is to publish {label!r}, who is no contestant: {nearest(label, told.contestants)}")
    if len(set(part.measured)) < len(part.measured):
        raise UserError(f"part {told.name} measures something twice: give its judges different names")
    asked = [(name, "expects something of") for expected in expectations for name in expected.names]
    for name, what in [*asked, *((name, "shows") for name in ((plane.x, plane.y) if plane else ()))]:
        if name not in (*part.measured, "seconds"):
            raise UserError(f"part {told.name} {what} {name}, but compares {', '.join(part.measured)}")
    return part


def _spread(judge: dict[str, Any]) -> list[dict[str, Any]]:
    """A judge for each opponent of a list among its others, named after it; the judge itself where there is none.

    >>> [each["name"] for each in _spread({"others": {"blue": ["heuristic", "domination/greedy"]}})]
    ['heuristic', 'greedy']
    """
    others = judge.get("others", {})
    for role, names in others.items() if isinstance(others, dict) else ():
        if isinstance(names, list):
            each = [(name, "/".join(filter(None, (judge.get("name", ""), name.rpartition("/")[2])))) for name in map(str, names)]
            return [one for name, called in each for one in _spread(judge | {"name": called, "others": others | {role: name}})]
    return [judge]


def _contestant(told: _ToldPart, label: str, given: dict[str, Any], steps: int, minutes: float) -> Contestant:
    for name, kind in BESIDES.items():
        if not isinstance(given.get(name, kind()), kind) or (kind is int and given.get(name, 1) < 1):
            wanted = {dict: "a table", int: "a number of at least 1", str: "a text"}[kind]
            raise UserError(f"{told.name}/{label} has {name} = {given[name]!r}, which has to be {wanted}")
    here = told.set | given.get("set", {})
    found = arena.find(told.world, here)
    wishes = told.train | {name: value for name, value in given.items() if name not in BESIDES}
    wishes |= {"minutes": minutes} if minutes else {}
    own = asdict(recipe_for(found.name).hyperparameters)
    plan = Plan(
        world=found.address,
        settings=here,
        hyperparameters=settings.build(Hyperparameters, own | wishes),
        steps=steps,
        minds=told.minds | given.get("minds", {}),
    )
    library = given.get("library", "")
    if library and (library not in LIBRARIES or not steps):
        raise UserError(f"{told.name}/{label} has library = {library!r} and {steps} steps: {nearest(library, LIBRARIES)} it needs steps")
    contestant = Contestant(label, plan, given.get("demos", ""), given.get("shown", Contestant.shown), given.get("from", ""), library)
    try:
        contestant.planned(Path(), 0).check()
    except UserError as mistake:
        raise UserError(f"{told.name}/{label}: {mistake}") from None
    return contestant
