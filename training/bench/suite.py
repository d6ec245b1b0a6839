"""What is compared with what."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from avatarium.training.bench import contenders, rounds
from avatarium.training.bench.contenders import Contender, Maker, Stock
from avatarium.training.bench.rounds import Ratio, Window
from avatarium.training.bench.workload import BUILDING, LIGHT, MEMORY, PYTHON, Workload

Tell = Callable[[str], None]
"""Says how far the benchmark is."""
OURS, DEFAULT, REMOTE, STOCK, TIGHT, ONE, TWO = "ours", "default", "remote", "stock", "tight", "one runner", "two runners"


@dataclass(frozen=True)
class Comparison:
    """A figure: how many times as fast ``ours`` is as ``theirs``, two names of a section; ``what`` says it in words."""

    key: str
    what: str
    ours: str
    theirs: str
    target: float | None = None


@dataclass(frozen=True)
class Section:
    """Contenders that take turns at the same work. Of several makers under one name the fastest takes part."""

    workload: Workload
    makers: dict[str, tuple[Maker, ...]]
    comparisons: tuple[Comparison, ...]
    slow: tuple[str, ...] = (STOCK,)
    """Names of those who need longer turns."""


@dataclass(frozen=True)
class Pace:
    """How long everything takes."""

    rounds: int = 7
    seconds: float = 3.0
    """Of a turn; what is slow gets twice as many."""
    quick: bool = False


@dataclass(frozen=True)
class Row:
    """A figure and what it comes from."""

    key: str
    what: str
    workload: str
    ours: str
    theirs: str
    our_rate: float
    """Agent-steps per second by the clock, median."""
    their_rate: float
    ratio: Ratio
    target: float | None
    our_windows: list[Window] = field(default_factory=list)
    their_windows: list[Window] = field(default_factory=list)


def stocks(workload: Workload, make: Callable[[Workload, Stock], Contender], quick: bool) -> tuple[Maker, ...]:
    """Stock RLlib as it may be set up; the batch is the same."""
    envs = workload.hyperparameters.envs
    settings = [Stock(0, envs)] if quick else [Stock(0, envs), Stock(2, envs // 2), Stock(2, envs)]
    if workload.architecture.core != "mlp":
        settings += [replace(s, default_network=True) for s in settings[:2]]
    return tuple(partial(make, workload, s) for s in settings)


def sections(quick: bool) -> list[Section]:
    """Everything that is measured."""
    light, memory, building, python = (w.smaller() if quick else w for w in (LIGHT, MEMORY, BUILDING, PYTHON))
    return [
        Section(light, _all(light, quick), _against_stock_and_tight("mlp")),
        Section(
            light,
            {OURS: (partial(contenders.sampling, light),), STOCK: stocks(light, contenders.stock_sampling, quick)},
            (Comparison("ratio_sampling", "sampling beside stock RLlib", OURS, STOCK, 50.0),),
        ),
        Section(memory, _all(memory, quick), _against_stock_and_tight("lstm")),
        Section(
            building,
            {DEFAULT: (partial(contenders.ours, building, "batched PPO"),), STOCK: stocks(building, contenders.stock, quick)},
            (Comparison("ratio_stock_wayfinding", "beside stock RLlib", DEFAULT, STOCK),),
        ),
        Section(
            python,
            {
                ONE: (partial(contenders.ours, python, "batched PPO, 1 runner", runners=1, learner_threads=1),),
                TWO: (partial(contenders.ours, python, "batched PPO, 2 runners", runners=2, learner_threads=1),),
            },
            (Comparison("ratio_two_runners", "two runners beside one", TWO, ONE, 1.6),),
            slow=(ONE, TWO),
        ),
    ]


def _all(workload: Workload, quick: bool) -> dict[str, tuple[Maker, ...]]:
    like = partial(contenders.ours, workload, "batched PPO, one thread, nothing ahead", ahead=False, learner_threads=1)
    return {
        OURS: (like,),
        TIGHT: (partial(contenders.tight, workload),),
        DEFAULT: (partial(contenders.ours, workload, "batched PPO"),),
        REMOTE: (partial(contenders.ours, workload, "batched PPO, 2 runners", runners=2),),
        STOCK: stocks(workload, contenders.stock, quick),
    }


def _against_stock_and_tight(network: str) -> tuple[Comparison, ...]:
    of = "" if network == "mlp" else f"_{network}"
    return (
        Comparison(f"ratio_stock_{network}", "beside stock RLlib", DEFAULT, STOCK, 7.0 if network == "mlp" else 3.5),
        Comparison(f"ratio_tight_local{of}", "one thread beside a plain loop", OURS, TIGHT, 0.95),
        Comparison(f"ratio_tight_default{of}", "overlapping beside a plain loop", DEFAULT, TIGHT),
        Comparison(f"ratio_tight_remote{of}", "remote runners beside a plain loop", REMOTE, TIGHT, 0.8),
    )


def run(pace: Pace, tell: Tell, chosen: Sequence[Section] | None = None) -> list[Row]:
    """Measure everything; ``tell`` hears of every section and of every way in which stock RLlib was tried."""
    rows: list[Row] = []
    todo = list(chosen) if chosen is not None else sections(pace.quick)
    for k, section in enumerate(todo, 1):
        tell(f"{k} of {len(todo)}: {section.workload.name}: {', '.join(c.what for c in section.comparisons)}")
        rows += measured(section, pace, tell)
    return rows


def measured(section: Section, pace: Pace, tell: Tell) -> list[Row]:
    """The rows of a section."""

    def tried(name: str, window: Window) -> None:
        tell(f"    {name}: {window.rate:,.0f} agent-steps/s")

    with ExitStack() as stack:
        playing: dict[str, Contender] = {}
        for name, makers in section.makers.items():
            made = makers[0]() if len(makers) == 1 else rounds.fastest(makers, pace.seconds, tried)
            stack.callback(made.close)
            playing[name] = made
        seconds = {name: pace.seconds * (2 if name in section.slow else 1) for name in playing}
        found = rounds.play(playing, pace.rounds, seconds)
    return [row(section, comparison, playing, found) for comparison in section.comparisons]


def row(section: Section, comparison: Comparison, playing: dict[str, Contender], found: dict[str, list[Window]]) -> Row:
    """A figure out of the windows of a section."""
    ours, theirs = found[comparison.ours], found[comparison.theirs]
    return Row(
        comparison.key,
        comparison.what,
        section.workload.name,
        playing[comparison.ours].name,
        playing[comparison.theirs].name,
        rounds.median_rate(ours),
        rounds.median_rate(theirs),
        rounds.ratio(ours, theirs),
        comparison.target,
        ours,
        theirs,
    )


def titles() -> dict[str, str]:
    """What every figure is called in tables, by its key, in their order."""
    return {c.key: title(section.workload.name, c.what) for section in sections(quick=False) for c in section.comparisons}


def title(workload: str, what: str) -> str:
    """What a figure is called in tables."""
    return f"{workload}: {what}"


def settings_of(workload: Workload) -> dict[str, Any]:
    """What everybody had in common."""
    h = workload.hyperparameters
    common = ("envs", "fragment", "epochs", "minibatch", "network", "hidden", "layers", "units", "sequence")
    what = {"world": workload.world, "settings": workload.settings, "agents": workload.agents, "batch": workload.agent_steps}
    return what | {name: getattr(h, name) for name in common}
