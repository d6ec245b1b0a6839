"""How fast worlds are stepped on a GPU."""

from dataclasses import replace
from typing import Any

from avatarium.training.bench.gpu import machine
from avatarium.training.bench.gpu.figures import WORLD, Pace, Row, Tell, best_last, median, seconds_each, starting_s
from avatarium.training.bench.gpu.playing import Play, blocks_of
from avatarium.training.bench.gpu.sameness import difference
from avatarium.worlds.core import discovery
from avatarium.worlds.core.batch import Batch

TARGET = 50e6
ROOM = 0.8
"""Share of the GPU's memory that worlds may take."""


def measured(pace: Pace, tell: Tell) -> tuple[list[Row], str]:
    """Agent-steps a second, resets included, by numbers of environments and of threads in a block, the best last; and what differs from
    a CPU in the environments that were measured, if anything does.
    """
    rows, wrong = [], ""
    for envs in fitting(pace):
        play = Play(envs, pace.settings)
        for threads in pace.threads:
            row = _row(play, threads, pace)
            tell(f"{envs:,} environments, blocks of {threads}: {row.rate:,.0f} agent-steps/s")
            rows.append(row)
        wrong = wrong or difference(play)
        del play
    *others, best = best_last(rows)
    return [*others, replace(best, about=best.about | _causes(best, pace))], wrong


def fitting(pace: Pace) -> list[int]:
    """Numbers of environments for which there is memory, at least the smallest."""
    each = sum(array.nbytes for array in Batch(discovery.spec(WORLD), 2, **pace.settings).snapshot().arrays) // 2
    return [envs for envs in pace.envs if envs * each <= ROOM * machine.memory()] or [min(pace.envs)]


def _row(play: Play, threads: int, pace: Pace) -> Row:
    with blocks_of(threads):
        windows = seconds_each(play.step, pace)
    rates = tuple(play.avatars / seconds for seconds in windows)
    about = {"environments": play.batch.num_envs, "threads": threads, "step_ms": 1000 * median(windows)}
    return Row("agent_steps_per_s", f"{WORLD}, stepped", median(rates), "agent-steps", TARGET, rates, about=about)


def _causes(best: Row, pace: Pace) -> dict[str, Any]:
    """Where the time of a step goes: without resets, and for the process that starts it all, in ms."""
    envs, threads = best.about["environments"], best.about["threads"]
    with blocks_of(threads):
        steady = median(seconds_each(Play(envs, pace.settings, spread=False).step, pace))
        started = starting_s(Play(envs, pace.settings).step)
    return {"step_ms_without_resets": 1000 * steady, "starting_ms": 1000 * started}
