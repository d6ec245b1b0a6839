"""Episodes that a run plays while it trains, for those who watch it; nobody asks, nothing is played."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from avatarium.agents.play import play
from avatarium.training.run.candid import Modules, company
from avatarium.training.run.plan import Plan

FOLDER, WANTED, DRAFT = "live", "wanted", ".draft"
"""In a run's folder; the file in it that whoever watches touches; where an episode lies until it is whole."""
WANTED_S = 30.0
"""How long a touch counts."""
EVERY_S = 5.0
"""Seconds between two episodes, at least."""
SHARE = 4.0
"""Training gets at least so many times as long as the last episode took."""
KEPT = 3
"""How many episodes are kept."""
FIRST_SEED = 600_000_000
"""Episodes are seeded by the iteration, from here on."""


class Feed:
    """Serves ``RUN/live``: after an iteration, if ``wanted`` was touched lately, an episode with the present weights.

    It lies there as ``NNNNNN.avt``, named by the iteration, whole from the first moment; it is an episode of the run's world and settings,
    of all who learn and their minds, with read-outs (see ``agents.readouts``). Whatever goes wrong is said once and does not stop training.
    """

    def __init__(self, plan: Plan, run: Path, say: Callable[[str], None]) -> None:
        self._plan, self._name, self._folder, self._say = plan, run.resolve().name, run / FOLDER, say
        self._next, self._warned = 0.0, False

    def serve(self, iteration: int, weights: Callable[[], Modules]) -> Path | None:
        """Play and leave an episode if one is wanted and due; ``weights`` is asked for what it plays with. Returns its path."""
        if not self._wanted():
            return None
        began = time.monotonic()
        try:
            return self._play(iteration, weights())
        except Exception as fault:  # of whatever kind: whoever watches may have none, but training goes on
            self._warn(fault)
            return None
        finally:
            now = time.monotonic()
            self._next = now + max(EVERY_S, SHARE * (now - began))

    def _wanted(self) -> bool:
        if time.monotonic() < self._next:
            return False
        try:
            return time.time() - (self._folder / WANTED).stat().st_mtime < WANTED_S
        except OSError:
            return False

    def _play(self, iteration: int, modules: Modules) -> Path:
        draft = self._folder / DRAFT
        shutil.rmtree(draft, ignore_errors=True)
        extra = {"live": {"run": self._name, "iteration": iteration}}
        seats = company(self._plan, modules, self._name)
        (played,) = play(self._plan.world, seats, [FIRST_SEED + iteration], draft, self._plan.settings, extra)
        path = played.replace(self._folder / f"{iteration:06d}.avt")
        for old in sorted(self._folder.glob("[0-9]*.avt"), key=lambda kept: kept.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
        return path

    def _warn(self, fault: Exception) -> None:
        if not self._warned:
            self._warned = True
            why = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:200]
            self._say(f"no episode can be shown live ({why}); training goes on")
