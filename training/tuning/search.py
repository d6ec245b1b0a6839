"""A search: what is tried, how it goes, and how it goes on after an interruption."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import BasicVariantGenerator

from avatarium.training.run import engine
from avatarium.training.run.plan import Plan
from avatarium.training.tuning import trial
from avatarium.training.tuning.space import Choice, Range, Space
from avatarium.worlds.core.errors import UserError

FILE = "search.json"
QUIET = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
}
GRACE, REDUCTION = 12.0, 3.0
"""Trials are compared after this percentage of their training, after three times that, and so on; each time the best third goes on (ASHA,
Li et al. 2020, https://arxiv.org/abs/1810.05934)."""


@dataclass(frozen=True)
class Search:
    """What is looked for, and where."""

    plan: Plan
    space: Space
    samples: int
    at_once: int
    """Trials at the same time; 0: as many as there are CPUs for."""
    folder: Path

    def save(self) -> None:
        """Note it in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        space = [{"name": one.name, "range" if isinstance(one, Range) else "choice": list(one.tried)} for one in self.space]
        told = {"plan": self.plan.to_json(), "space": space, "samples": self.samples, "at_once": self.at_once}
        (self.folder / FILE).write_text(json.dumps(told, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Search":
        """The search in a folder. Raises UserError when there is none."""
        try:
            told = json.loads((folder / FILE).read_text())
        except (OSError, ValueError):
            raise UserError(f"there is no search in {folder}: give the folder of one, such as runs/tune-memory-1") from None
        space = tuple(
            Range(one["name"], *one["range"]) if "range" in one else Choice(one["name"], tuple(one["choice"])) for one in told["space"]
        )
        return cls(Plan.from_json(told["plan"]), space, told["samples"], told["at_once"], folder)

    @property
    def score(self) -> str:
        """What trials are compared by."""
        return trial.score_of(self.plan)


@dataclass(frozen=True)
class Tried:
    """How one trial went."""

    number: int
    values: dict[str, Any]
    score: float | None
    percent: float
    decisions: int
    fault: str
    """Why it failed; empty if it did not."""


class Lines(tune.Callback):  # type: ignore[misc]
    """Prints a line whenever a trial ends."""

    def __init__(self, samples: int, quiet: bool) -> None:
        self._samples, self._quiet = samples, quiet

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Tell how far it came."""
        found = trial.last_result or {}
        self._say(trial, f"score {found.get('score', float('nan')):.3g} after {found.get('percent', 0.0):.0f} %")

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Tell that it failed."""
        self._say(trial, "failed")

    def _say(self, trial: Any, what: str) -> None:
        if not self._quiet:
            print(f"{_number(trial) + 1} of {self._samples}: {what}", flush=True)


def _number(found: Any) -> int:
    """A trial's number, from 0; Ray counts at the end of its names."""
    return int(found.trial_id.rpartition("_")[2])


def _folder(found: Any) -> str:
    return f"trial-{_number(found):03d}"


def search(wanted: Search, resumed: bool, quiet: bool) -> list[Tried]:
    """Try, or go on trying; SIGINT ends it early, and what runs then goes on from its last checkpoint when it is resumed."""
    folder = wanted.folder.resolve()
    with _ray(wanted.plan, folder / "ray.log"):
        tuner = _restored(folder) if resumed else _tuner(wanted, folder, quiet)
        grid = tuner.fit()
        return sorted((_tried(result) for result in grid), key=lambda tried: tried.number)


def _tuner(wanted: Search, folder: Path, quiet: bool) -> tune.Tuner:
    plan = wanted.plan
    bundles = [{"CPU": 1}] * (1 + plan.runners + plan.learners)
    return tune.Tuner(
        tune.with_resources(trial.run, tune.PlacementGroupFactory(bundles)),
        param_space={"plan": plan.to_json(), "space": {one.name: one.domain() for one in wanted.space}},
        tune_config=tune.TuneConfig(
            metric=trial.SCORE,
            mode="max",
            num_samples=wanted.samples,
            search_alg=BasicVariantGenerator(random_state=plan.seed),
            scheduler=ASHAScheduler(time_attr=trial.PERCENT, max_t=100.0, grace_period=GRACE, reduction_factor=REDUCTION),
            trial_dirname_creator=_folder,
            max_concurrent_trials=wanted.at_once or None,
            reuse_actors=True,  # starting a process takes longer than a short trial
        ),
        run_config=tune.RunConfig(
            name=folder.name, storage_path=str(folder.parent), verbose=0, callbacks=[Lines(wanted.samples, quiet)], log_to_file=True
        ),
    )


def _restored(folder: Path) -> tune.Tuner:
    if not tune.Tuner.can_restore(str(folder)):
        raise UserError(f"the search in {folder} had not begun: start a new one")
    return tune.Tuner.restore(str(folder), trial.run, resume_unfinished=True, restart_errored=True)


def _tried(result: Any) -> Tried:
    told = result.metrics or {}
    fault = "" if result.error is None else str(getattr(result.error, "cause", result.error)).strip().splitlines()[-1]
    number = int(Path(result.path).name.rpartition("-")[2])
    percent, decisions = told.get(trial.PERCENT, 0.0), int(told.get(trial.DECISIONS, 0))
    return Tried(number, result.config["space"], told.get(trial.SCORE), percent, decisions, fault)


@contextmanager
def _ray(plan: Plan, log: Path) -> Iterator[None]:
    """Ray with all CPUs of this machine, or that which runs already."""
    for name, value in (engine.QUIET | QUIET).items():
        os.environ.setdefault(name, value)
    for name in ("ray.rllib", "ray.tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if ray.is_initialized():
        yield
        return
    cpus = max(os.cpu_count() or 1, 1 + plan.runners + plan.learners)
    with engine.native_errors_to(log):
        ray.init(num_cpus=cpus, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        try:
            yield
        finally:
            ray.shutdown()


def as_json(tried: list[Tried]) -> list[dict[str, Any]]:
    """The trials as dicts."""
    return [asdict(one) for one in tried]
