"""A training run from the first update to the last, with its checkpoints, its curve and a way to stop it."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    EPISODE_RETURN_MEAN,
    LEARNER_RESULTS,
    NUM_ENV_STEPS_SAMPLED,
    NUM_MODULE_STEPS_SAMPLED,
)

from avatarium.training.algorithms.ppo import BatchedPPO
from avatarium.training.cluster.machines import HERE, Machines
from avatarium.training.learn.learner import STATISTICS
from avatarium.training.play.env_runner import BYTES_MOVED
from avatarium.training.run import checkpoint, engine
from avatarium.training.run.checkpoint import Checkpoint, Progress
from avatarium.training.run.direction import Direction
from avatarium.training.run.history import History, Point
from avatarium.training.run.live import Feed
from avatarium.training.run.plan import Plan
from avatarium.training.run.progress import Display
from avatarium.training.run.recipe import read_events, recipe_for
from avatarium.training.run.recovery import LOST, Losses
from avatarium.worlds.core.errors import UserError

LEARNT = (*STATISTICS, "vf_explained_var", "value_mean")
TOLD = ("bonus_", "intrinsic_", "foresight_", "held_out_", "children_")
"""How the names of what else is logged of a module begin."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: with which last checkpoint, and whether because it was interrupted."""

    checkpoint: Path
    interrupted: bool


class Session:
    """A running algorithm and how far it has come."""

    def __init__(self, plan: Plan, folder: Path, algorithm: BatchedPPO, resumed: Checkpoint | None) -> None:
        self._folder, self._algorithm = folder, algorithm
        self.progress = resumed.progress if resumed else Progress()
        self.direction = Direction(plan, resumed.direction, resumed.versions) if resumed else Direction(plan)
        inherited = plan.data
        if resumed:
            engine.restore(algorithm, resumed)
        elif plan.parent:
            parent = checkpoint.load(Path(plan.parent))
            engine.inherit(algorithm, plan, parent)
            inherited += parent.plan.data
        self.plan = replace(plan, data=tuple(dict.fromkeys((*inherited, *algorithm.data))))
        self._gauges = recipe_for(plan.arena.name).gauges
        self.history = History(folder, self.progress.iteration)

    @property
    def done(self) -> float:
        """Share of the training that lies behind, 0 to 1."""
        return self.plan.done(self.progress.seconds, self.progress.decisions)

    def iterate(self) -> Point:
        """One update; returns its point of the curve."""
        self._algorithm.lr_scale = self.plan.lr_scale(self.done, self.progress.iteration)
        self._algorithm.orders = self.direction.orders(self.done)
        began = time.perf_counter()
        result = self._algorithm.train()
        seconds = time.perf_counter() - began
        played, learnt = result[ENV_RUNNER_RESULTS], result[LEARNER_RESULTS]
        decisions = int(sum(played[NUM_MODULE_STEPS_SAMPLED].values()))
        self.progress = replace(
            self.progress,
            iteration=self.progress.iteration + 1,
            env_steps=self.progress.env_steps + int(played[NUM_ENV_STEPS_SAMPLED]),
            decisions=self.progress.decisions + decisions,
            seconds=self.progress.seconds + seconds,
        )
        point = {**vars(self.progress), "decisions_per_second": decisions / seconds, "lr_scale": self._algorithm.lr_scale}
        if self.plan.runners:
            point |= {"runners": result["fault_tolerance"]["num_healthy_workers"], "runners_wanted": self.plan.runners}
        if BYTES_MOVED in played and self.plan.runners:
            point |= {"bytes_per_decision": float(played[BYTES_MOVED]) / max(decisions, 1)}
        point |= self._told(played, decisions)
        point |= self.direction.after(self.progress.iteration, played, self._league_weights)
        for module in self._algorithm.config.policies:
            shown = {name: value for name, value in learnt[module].items() if name in LEARNT or name.startswith(TOLD)}
            point |= {f"{module}/{name}": float(value) for name, value in shown.items() if not math.isnan(value)}  # if nobody decided
        self._note(point)
        return point

    def _note(self, point: Point) -> None:
        """Take down a point of the curve; when there is no room for it, what was learnt is saved before anything else, if it can be."""
        try:
            self.history.append(point)
        except UserError:
            self.save()
            self.history.rewrite()
            raise

    def _told(self, played: dict[str, Any], decisions: int) -> Point:
        """Return and gauges."""
        told: Point = {"return": float(played[EPISODE_RETURN_MEAN])} if EPISODE_RETURN_MEAN in played else {}
        events = read_events(played)
        return told | self._gauges(events, decisions) if events else told  # imitation plays nothing

    def _league_weights(self) -> dict[str, Any]:
        """What a past version of the policy in the league is kept as."""
        role = self.plan.casting.sides[0]
        return engine.network_weights(self._algorithm, self.plan.casting.modules[role])

    def show(self, feed: Feed) -> None:
        """Let whoever watches see an episode as it would be played now."""
        feed.serve(self.progress.iteration, lambda: engine.module_arrays(self._algorithm))

    def save(self) -> Path:
        """Write a checkpoint; returns its folder."""
        return checkpoint.save(
            self._folder / "checkpoints", self.plan, self.progress, engine.learner_state(self._algorithm), self.direction
        )


def train(plan: Plan, folder: Path, display: Display, resumed: Checkpoint | None = None, where: Machines = HERE) -> Ended:
    """Train as planned, or go on from ``resumed``; outputs go to ``folder``. SIGINT or SIGTERM end it early, after a checkpoint.

    When runners or learners are lost that training cannot do without, it begins again from the last checkpoint. Raises UserError when
    that happens again and again, and for whatever else ends a run; the last checkpoint is there in any case.
    """
    with engine.ray_for(plan, folder / "ray.log", where), interruptions() as interrupted:
        losses = Losses(folder)
        while True:
            try:
                return _attempt(plan, folder, display, resumed, interrupted, where)
            except FloatingPointError as fault:
                again = f"avatarium train --resume {folder} --train lr={plan.hyperparameters.lr / 3:.1g}"
                why = getattr(fault, "cause", fault)  # without the story of where it happened, if that was elsewhere
                raise UserError(f"{why}; go on from the last checkpoint and learn more slowly, for example with {again}") from None
            except LOST as fault:
                resumed = losses.after(fault, resumed)
            if interrupted() and resumed:
                return Ended(resumed.folder, True)
            losses.make_good(plan, display, interrupted)


def _attempt(
    plan: Plan, folder: Path, display: Display, resumed: Checkpoint | None, interrupted: Callable[[], bool], where: Machines
) -> Ended:
    """Train until the end, or until something gets lost."""
    algorithm = engine.config_for(plan, where).build_algo()
    try:
        session = Session(plan, folder, algorithm, resumed)
        for sentence in algorithm.notes:
            display.say(sentence)
        try:
            feed = Feed(plan, folder, lambda sentence: display.say(sentence))
            ended = Ended(_loop(session, display, interrupted, feed), interrupted())
        finally:
            session.history.close()
    except BaseException:
        engine.abandon(algorithm)
        raise
    engine.stop(algorithm)
    return ended


def _loop(session: Session, display: Display, interrupted: Callable[[], bool], feed: Feed) -> Path:
    if session.progress.iteration == 0:
        session.save()  # so that there always is something to go back to
    interval = 60.0 * session.plan.hyperparameters.checkpoint_minutes
    due = session.progress.seconds + interval
    while session.done < 1.0 and not interrupted():
        point = session.iterate()
        display.show(session.done, point)
        session.show(feed)
        if session.progress.seconds >= due:
            session.save()
            due = session.progress.seconds + interval
    return session.save()


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Within, a first SIGINT or SIGTERM only makes the yielded function true; a second SIGINT raises KeyboardInterrupt."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():  # only the main thread may handle signals
        yield asked.is_set
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
