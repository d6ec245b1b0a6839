"""A small world outside the package, one thread, and Ray where it is needed."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import ray
import torch

from avatarium.agents.networks.actor_critic import ActorCritic, Architecture
from avatarium.training.learn.estimation import Discounts, Estimator
from avatarium.training.learn.modules import ActorCriticModule
from avatarium.training.learn.tables import Table
from avatarium.training.learn.wishes import Wonder, parts_of
from avatarium.training.play import arena
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import Extras, Fragment
from avatarium.training.play.stage import Stage
from avatarium.training.run.plan import Plan
from avatarium.training.run.recipe import Hyperparameters
from avatarium.training.threads import Workers
from avatarium.worlds.cli import main

OUTSIDE = Path(__file__).parent / "outside"
LANES = "lanes:WORLD"
ENVS = 6
SMALL = Hyperparameters(
    envs=16, fragment=20, epochs=2, minibatch=160, lr=5e-3, hidden=16, minutes=0.05, checkpoint_minutes=10.0, learner_threads=1, ahead=False
)


@pytest.fixture(scope="session", autouse=True)
def outside() -> Iterator[None]:
    """The world ``lanes:WORLD`` can be imported, here, in subprocesses and in Ray's workers; torch uses one thread."""
    torch.set_num_threads(1)
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(OUTSIDE), *([before] if before else [])])
    sys.path.insert(0, str(OUTSIDE))
    yield
    sys.path.remove(str(OUTSIDE))
    os.environ["PYTHONPATH"] = before or ""


@pytest.fixture(scope="session")
def ray_running(outside: None) -> Iterator[None]:
    """Ray with as many CPUs as two runners and two learners want."""
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR, object_store_memory=1 << 27)
    logging.getLogger("ray.rllib").setLevel(logging.ERROR)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def plan() -> Plan:
    """A run in lanes that takes a second."""
    return Plan(LANES, {}, SMALL)


class Training:
    """``avatarium train`` as a process, in a session of the operating system of its own; ``run`` is the folder that it writes to."""

    def __init__(self, run: Path, *words: str) -> None:
        command = [sys.executable, "-c", "import sys; from avatarium.worlds.cli import main; sys.exit(main(sys.argv[1:]))", "train", *words]
        environment = os.environ | {"COLUMNS": "150", "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.run, self.process = run, subprocess.Popen(command, cwd=run.parent, env=environment, start_new_session=True, **pipes)

    def points(self) -> list[dict[str, float]]:
        """The curve as far as it is written."""
        file = self.run / "history.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines(True) if line.endswith("\n")] if file.exists() else []

    def checkpoints(self) -> dict[int, Path]:
        """The checkpoints that are whole, by their iteration."""
        return {int(found.parent.name): found.parent for found in sorted((self.run / "checkpoints").glob("[0-9]*/manifest.json"))}

    def wait_until(self, happened: Callable[[], object], seconds: float = 240.0) -> None:
        """Wait for something while the process runs; fail with what it said when it ends before, or when it takes too long."""
        deadline = time.monotonic() + seconds
        while not happened():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                pytest.fail(f"nothing came of it: {self.process.communicate()}")
            time.sleep(0.05)

    def left_behind(self, seconds: float, but: Collection[str] = ()) -> dict[int, str]:
        """Processes of its session, by their ids, that are still there some seconds after it ended, ``but`` those of these names."""
        deadline = time.monotonic() + seconds
        while found := {pid: name for pid, name in processes_of(self.process.pid).items() if name not in but}:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return found


def processes_of(session: int) -> dict[int, str]:
    """Names of all processes that belong to a session of the operating system, by their ids."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, fields = stat.read_text().rsplit(")", 1)
        except OSError:  # it has ended meanwhile
            continue
        if int(fields.split()[3]) == session and fields.split()[0] != "Z":
            found[int(stat.parent.name)] = name.partition("(")[2]
    return found


@pytest.fixture
def training() -> Iterator[Callable[..., Training]]:
    """Starts ``avatarium train`` with the given words; whatever is left of it after the test is ended."""
    started: list[Training] = []

    def start(run: Path, *words: str) -> Training:
        started.append(Training(run, *words))
        return started[-1]

    yield start
    for one in started:
        for pid in processes_of(one.process.pid):
            os.kill(pid, signal.SIGKILL)
        one.process.communicate()


class Play:
    """A role's network at work on a stage, without Ray: fragments, and what a learner makes of them."""

    def __init__(self, world: str = LANES, core: str = "mlp", curiosity: str = "", central: bool = False, steps: int = 20, **settings: Any):
        """``ENVS`` environments of ``world`` under these settings; the network has seen something and is far from uniform."""
        torch.manual_seed(4)
        here = arena.find(world, settings)
        self.role = next(iter(here.roles.values()))
        self.wonder = Wonder(parts_of(curiosity)) if curiosity else None
        wishes = {"architecture": Architecture(core, (16, 16), 12), "central": here.central * central, "wonder": self.wonder}
        spaces = {"observation_space": self.role.observation_space, "action_space": self.role.action_space}
        self.module = ActorCriticModule(**spaces, model_config=wishes, inference_only=False)
        self.network: ActorCritic = self.module.network
        self._season(here.central * central)
        states = self.network.initial(1)
        counting, wide = self.wonder is not None and self.wonder.counts, here.central if central else 0
        extras = Extras(states=len(states), units=12 if states else 0, visits=counting, central=wide)
        casting = Casting({self.role.name: self.role.name}, {name: "random" for name in here.roles if name != self.role.name})
        batch = here.open(ENVS, central=central)
        self.stage = Stage(batch, steps, casting, {self.role.name: self.network}, {self.role.name: extras}, 7, {})
        self._workers = Workers(1)

    def _season(self, central: int) -> None:
        """Statistics and outputs as they are in the middle of training."""
        network = self.network
        size = self.role.observation_size
        network.normalise.absorb(500.0, torch.full([size], 0.2), torch.full([size], 0.25))
        network.rescale_returns(100.0, torch.full_like(network.returns.mean, 0.3), torch.full_like(network.returns.mean, 4.0))
        if central:
            network.normalise_central.absorb(500.0, torch.full([central], 0.2), torch.full([central], 0.25))
        with torch.no_grad():
            network.actor[-1].weight *= 100.0

    def fragment(self) -> Fragment:
        """The next one; the arrays are overwritten by the next but one."""
        return self.stage.play(False, Orders())[self.role.name]

    def estimator(self, sequence: int = 5, gamma: float = 0.9, lam: float = 0.8) -> Estimator:
        """What a learner uses."""
        return Estimator(self.network, self.module.bonuses(), Discounts(gamma, lam, sequence), self._workers, torch.device("cpu"))

    def table(self, fragment: Fragment, **discounts: Any) -> Table:
        """What a learner makes of a fragment."""
        return self.estimator(**discounts).table(fragment)

    def close(self) -> None:
        self._workers.close()
        self.stage.close()


@pytest.fixture
def playing(outside: None) -> Iterator[Callable[..., Play]]:
    """Makes a ``Play``."""
    made: list[Play] = []

    def make(*words: Any, **settings: Any) -> Play:
        made.append(Play(*words, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


class Told(NamedTuple):
    """What a command gave back and printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs ``avatarium train`` in this process, where everything is loaded already, from a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "150")

    def run(*words: str) -> Told:
        code = main(["train", *words])
        return Told(code, *capsys.readouterr())

    return run
