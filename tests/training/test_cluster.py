"""Training on a Ray cluster: what is refused, what is sent there, what happens when a node dies, how large it has to be."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from avatarium.training.cluster import cpus, gpus, joining, shipping, sizing
from avatarium.training.cluster.machines import Machines
from avatarium.training.run import checkpoint, engine, session
from avatarium.training.run.plan import Plan
from avatarium.training.run.progress import Silence
from avatarium.worlds import UserError
from avatarium.worlds.cli import main

OUTSIDE = Path(__file__).parent / "outside"
IMPORTS = (
    "import lanes, importlib.metadata, avatarium.training.play.env_runner as runner, avatarium.worlds.core.batch as batch\n"
    "print(runner.__file__, batch.__file__, lanes.__file__, importlib.metadata.version('avatarium'), sep='\\n')"
)
STORE = 80 << 20


def with_threads(plan: Plan, **threads: int) -> Plan:
    return replace(plan, hyperparameters=replace(plan.hyperparameters, **threads))


def test_more_processes_than_cpus_are_refused_before_anything_begins(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    cpus.check_here(replace(plan, runners=1, learners=1))
    for greedy, wish in [
        (replace(plan, runners=2, learners=1), "3 CPUs are wanted for 2 runners and 1 learner, and this machine has 2"),
        (with_threads(replace(plan, runners=1), world_threads=4), "4 CPUs are wanted for 1 runner, and"),
        (with_threads(replace(plan, learners=1), learner_threads=3), "3 CPUs are wanted for 1 learner, and"),
    ]:
        with pytest.raises(UserError, match=wish):
            cpus.check_here(greedy)


def test_more_processes_than_a_running_ray_has_cpus_are_refused(
    ray_running: None, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpus, "RELEASE_S", 0.0)
    with (
        pytest.raises(UserError, match=r"8 CPUs are wanted for 8 runners, and the cluster has 4.*: take fewer, or start more nodes"),
        engine.ray_for(replace(plan, runners=8), tmp_path / "ray.log"),
    ):
        pass
    nodes = [{"Alive": True, "Resources": {"CPU": 2.0}}, {"Alive": False, "Resources": {"CPU": 64.0}}]
    monkeypatch.setattr(cpus.ray, "nodes", lambda: nodes)
    with pytest.raises(UserError, match="a process wants 3 CPUs, and no node of the cluster has more than 2"):
        cpus.check_ray(with_threads(replace(plan, learners=1), learner_threads=3))


def test_an_address_where_there_is_no_cluster_is_one_sentence(plan: Plan) -> None:
    with socket.socket() as unused:  # bound and not listening
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for address, complaint in [
            (f"127.0.0.1:{port}", f"no Ray cluster answers at .*:{port} .*: is it running, and is the port open"),
            (f"ray://127.0.0.1:{port}", f"no Ray cluster answers at 127.0.0.1:{port}"),
            ("somewhere", "'somewhere' is no address of a Ray cluster: give auto, host:port or ray://host:port"),
            ("ray://somewhere", "is no address of a Ray cluster"),
        ]:
            with pytest.raises(UserError, match=complaint):
                joining.join(plan, Machines(address))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--cluster", "auto", "--oversubscribe"], "--oversubscribe is for this machine alone"),
        (["--installed"], "--installed speaks of the nodes of a cluster"),
    ],
)
def test_options_that_do_not_go_together(train: Callable[..., Any], tmp_path: Path, words: list[str], complaint: str) -> None:
    done = train("lanes:WORLD", *words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert complaint in done.err
    assert not list(tmp_path.iterdir())


def test_the_same_machines_are_asked_for_again() -> None:
    assert Machines("auto", installed=True).options() == ["--cluster", "auto", "--installed"]
    assert Machines(oversubscribed=True).options() == ["--oversubscribe"]
    assert Machines(gpus=True).options() == ["--gpus"]
    assert Machines().options() == []


@pytest.mark.parametrize(("found", "learners", "complaint"), [(0, 0, "torch finds here 0: leave out"), (1, 2, "2 GPUs are wanted")])
def test_gpus_that_are_not_there(plan: Plan, monkeypatch: pytest.MonkeyPatch, found: int, learners: int, complaint: str) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: found)
    with pytest.raises(UserError, match=complaint):
        gpus.check(replace(plan, learners=learners), Machines(gpus=True))


def test_gpus_are_for_learners(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    gpus.check(plan, Machines(gpus=True))
    gpus.check(replace(plan, learners=2), Machines())
    assert [engine.config_for(plan, Machines(gpus=wanted)).num_gpus_per_learner for wanted in (False, True)] == [0, 1]


def test_what_is_sent_can_be_imported_on_its_own(plan: Plan, tmp_path: Path) -> None:
    modules = [Path(path) for path in shipping.runtime_env(plan, tmp_path)["py_modules"]]
    assert modules[-1] == OUTSIDE / "lanes.py"
    assert not list(tmp_path.rglob("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path.parent) for path in modules)}
    done = subprocess.run([sys.executable, "-P", "-c", IMPORTS], env=environment, capture_output=True, text=True, check=True, cwd="/")
    runner, batch, lanes, version = done.stdout.splitlines()
    assert runner == str(tmp_path / "avatarium" / "training" / "play" / "env_runner.py")
    assert batch == str(tmp_path / "avatarium" / "worlds" / "core" / "batch.py")
    assert (lanes, version) == (str(OUTSIDE / "lanes.py"), metadata.version("avatarium"))


def test_minds_are_sent_under_their_own_names(ray_running: None, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = session.train(replace(plan, steps=640), Path("runs/earlier"), Silence())
    Path("rival.zip").write_bytes(b"a policy")
    cast = replace(plan, minds={"a": "rival.zip", "b": "runs/earlier", "c": "heuristic"})
    files = Path(shipping.runtime_env(cast, tmp_path / "sent")["working_dir"])
    assert (files / "rival.zip").read_bytes() == b"a policy"
    assert checkpoint.load(files / "runs/earlier").progress == checkpoint.load(ended.checkpoint).progress
    assert len(list((files / "runs/earlier/checkpoints").iterdir())) == 1
    assert "working_dir" not in shipping.runtime_env(replace(plan, minds={"c": "heuristic"}), tmp_path / "nothing")
    with pytest.raises(UserError, match="cannot be sent to the cluster: give a path below the current folder"):
        shipping.runtime_env(replace(plan, minds={"a": str(tmp_path / "rival.zip")}), tmp_path / "refused")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Nodes with a CPU each, on this machine; the head has none. They know nothing of the tests' worlds, and nobody else finds them."""
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:  # sockets within must not have long names
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.delenv("PYTHONPATH")
        monkeypatch.chdir(folder)
        found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False})
        for _ in range(4):
            found.add_node(num_cpus=1, object_store_memory=STORE, wait=False)
        found.wait_for_nodes()
        yield found
        found.shutdown()


def at_work(node: Any) -> list[str]:
    """Names of the actors on a node."""
    (raylet,) = node.all_processes["raylet"]
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, fields = stat.read_text().rsplit(")", 1)
        except OSError:  # it has ended meanwhile
            continue
        if int(fields.split()[1]) == raylet.process.pid and fields.split()[0] != "Z":
            found.append(name.partition("(")[2])
    return [name for name in found if name.startswith(("ray::BatchedEnv", "ray::_Wrapped"))]


def test_a_node_dies_and_another_takes_its_place(
    cluster: Cluster, ray_running: None, training: Callable[..., Any], plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that began here goes on there: what it has learnt is kept unchanged, so that runners with other weights would show."""
    session.train(replace(plan, steps=640 * 30), tmp_path / "run", Silence())
    monkeypatch.setenv("PYTHONPATH", str(OUTSIDE))
    words = ["--runners", "2", "--learners", "2", "--minutes", "9", "--evaluate", "0", "--train", "lr=0", "--train", "ahead=no"]
    one = training(tmp_path / "run", "--resume", "run", "--cluster", cluster.address, *words)
    one.wait_until(lambda: one.points()[-1].get("runners") == 2, seconds=300)
    assert sorted(name for node in cluster.worker_nodes for name in at_work(node)) == ["ray::BatchedEnv"] * 2 + ["ray::_WrappedEx"] * 2
    lost = next(node for node in cluster.worker_nodes if at_work(node) == ["ray::BatchedEnv"])
    cluster.remove_node(lost, allow_graceful=False)
    one.wait_until(lambda: one.points()[-1]["runners"] == 1, seconds=300)
    alone = len(one.points())
    one.wait_until(lambda: len(one.points()) > alone + 2, seconds=300)
    cluster.add_node(num_cpus=1, object_store_memory=STORE)
    one.wait_until(lambda: one.points()[-1]["runners"] == 2, seconds=300)
    both = len(one.points())
    one.wait_until(lambda: len(one.points()) > both + 3, seconds=300)
    one.process.send_signal(signal.SIGINT)
    told, complaints = one.process.communicate(timeout=120)

    found = one.points()
    assert (one.process.returncode, complaints) == (130, "")
    assert f"go on with: avatarium train --resume run --cluster {cluster.address}" in told
    assert max(one.checkpoints()) == len(found)
    assert [point["iteration"] for point in found] == list(range(1, len(found) + 1))
    assert {after["decisions"] - before["decisions"] for before, after in itertools.pairwise(found)} == {640}
    there = [point for point in found if "runners" in point]
    assert max(point["walker/kl"] for point in there) < 1e-5 < max(point["walker/kl"] for point in found)
    assert min(point["return"] for point in there) > 0.5 > found[0]["return"]
    assert all(30 < point["bytes_per_decision"] < 200 for point in there)
    deadline = time.monotonic() + 10
    while any(at_work(node) for node in cluster.worker_nodes) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(at_work(node) for node in cluster.worker_nodes)
    assert cluster.remaining_processes_alive()  # whoever joins a cluster leaves it running


def test_sizes_follow_from_the_figures() -> None:
    figures = sizing.Figures(200_000, 50_000, 10_000, 500.0, 100_000, 400.0, 1.0)
    found = sizing.size(figures, 1e6, 8)
    assert (found.learners, found.runners, found.batch) == (4, 8, 80_000)
    assert found.gathered == pytest.approx(4.0)
    assert found.sent == pytest.approx(0.08)
    assert found.at_learner == pytest.approx(1.0 + 400.0 * 2.5e5 * 8e-9)
    alone = sizing.size(figures, 1e5, 8)
    assert (alone.learners, alone.runners) == (1, 1)
    assert alone.at_learner == pytest.approx(0.4)  # with nobody to share gradients with
    assert "| 1e+06 | 8 | 4 | 80,000 | 4 | 1.8 | 0.08 |" in sizing.report(figures, [1e6], 8)


def test_figures_are_measured_and_printed(ray_running: None, capsys: pytest.CaptureFixture[str], plan: Plan) -> None:
    figures = sizing.measure(plan, seconds=0.1, windows=1)
    algorithm = engine.config_for(plan).build_algo()
    weights = engine.network_weights(algorithm, "walker")
    batch = algorithm.env_runner_group.local_env_runner.sample()[0]
    engine.stop(algorithm)
    assert figures.weights_bytes == sum(array.nbytes for array in weights.values())
    assert figures.fragment == batch.agent_steps == 16 * 20 * 2
    assert figures.batch_bytes == pytest.approx(batch.nbytes / 640, rel=0.1)
    assert figures.sampling > figures.learning > 0
    assert main(["bench", "cluster", "lanes:WORLD", "--envs", "16", "--seconds", "0.1", "--windows", "1", "--rates", "1e4"]) == 0
    told = capsys.readouterr().out
    assert "one runner on one core: " in told
    assert "| 1e+04 | 1 | 1 |" in told
    assert main(["bench", "cluster", "lanes:WORLD", "--windows", "0"]) == 2
