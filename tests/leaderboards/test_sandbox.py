"""The locked process: what it cannot do, and what is said when it fails."""

import functools
import os
import signal
import sys
import time

import numpy as np
import pytest
from processes import gone, innermost

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.leaderboards.sandbox import box, doctor, frames, host, lockdown
from avatarium.leaderboards.sandbox import policy as sandbox_policy
from avatarium.leaderboards.sandbox.host import Deadlines, InfrastructureError, Worker
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy

pytest.importorskip("onnxruntime")

SEEN = np.random.default_rng(0).uniform(-1, 1, (10, 6)).astype(np.float32)


HASTY = Deadlines(call=0.2)


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="these locks are Linux's")


@pytest.fixture(params=["boxed", "bare"])
def playing(build, role, manifest, request, monkeypatch):
    if request.param == "bare":
        monkeypatch.setattr(box, "command", list)
    elif not box.command():
        pytest.skip("there is no bubblewrap here")
    with SandboxedPolicy(manifest, build.onnx(), role) as policy:
        yield policy


def test_the_sandbox_gives_what_the_process_gives(playing, build, manifest):
    here = OnnxPolicy(manifest, build.onnx()).infer((SEEN,))
    assert np.array_equal(playing.infer((SEEN,))[0], here[0])


def test_large_batches_go_in_parts(playing, monkeypatch):
    whole = playing.infer((SEEN,))[0]
    playing.max_rows = 3
    assert np.array_equal(playing.infer((SEEN,))[0], whole)


def test_memory_goes_there_and_back(build, role, memory_manifest):
    mine = OnnxPolicy(memory_manifest, build.memory())
    with SandboxedPolicy(memory_manifest, build.memory(), role) as policy:
        theirs, ours = policy.initial_state(10), mine.initial_state(10)
        for _ in range(5):
            (a, *theirs), (b, *ours) = policy.infer((SEEN, *theirs)), mine.infer((SEEN, *ours))
        assert np.array_equal(a, b)
        assert np.abs(ours[0]).min() > 0


def test_a_process_killed_from_outside_is_replaced(playing):
    before = playing.infer((SEEN,))[0]
    os.kill(innermost(playing.worker.process), signal.SIGKILL)
    assert np.array_equal(playing.infer((SEEN,))[0], before)


def test_a_sandbox_that_cannot_stay_up_is_no_fault_of_the_policy(playing, monkeypatch):
    class Doomed(Worker):
        def run(self, arrays):
            os.kill(innermost(self.process), signal.SIGKILL)
            return super().run(arrays)

    monkeypatch.setattr(sandbox_policy, "Worker", Doomed)
    os.kill(innermost(playing.worker.process), signal.SIGKILL)
    with pytest.raises(InfrastructureError, match="ended from outside"):
        playing.infer((SEEN,))


@pytest.mark.parametrize(
    ("number", "says"),
    [(signal.SIGSEGV, "crashed its process .SIGSEGV"), (signal.SIGSYS, "a policy may not do"), (signal.SIGXCPU, "processor time")],
)
def test_a_process_that_dies_by_its_own_doing_is_the_policys_fault(playing, number, says):
    os.kill(innermost(playing.worker.process), number)
    with pytest.raises(PolicyError, match=says):
        playing.infer((SEEN,))


def test_a_process_that_hangs_is_ended(playing):
    playing.worker.deadlines = HASTY
    process, pid = playing.worker.process, innermost(playing.worker.process)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PolicyError, match="its answer took longer than"):
        playing.infer((SEEN,))
    assert process.poll() == -signal.SIGKILL
    assert gone(pid)


def test_a_process_that_leaves_by_itself_is_the_policys_fault(build, role, manifest):
    """Or else a policy that takes over its process could have a lost episode played again."""
    leaving = "import os, threading; threading.Timer(0.5, os._exit, (0,)).start(); main(int"
    with pytest.raises(PolicyError, match=r"crashed its process .exit status 0"), Worker(host.BOOT.replace("main(int", leaving)) as worker:
        worker.load(build.onnx(), manifest, role.observation_size)
        time.sleep(1.0)
        worker.run((SEEN,))


@pytest.fixture
def slow(build):
    """A few nodes that would compute for minutes."""
    shape = build.weight("n", np.array([2048, 2048], np.int64))
    nodes = [build.node("ConstantOfShape", "n", "x0"), *(build.node("MatMul", f"x{i} x{i}", f"x{i + 1}") for i in range(300))]
    nodes += [build.node("ReduceSum", "x300", "s", keepdims=0), build.node("MatMul", "observation w", "m")]
    return build.onnx([*nodes, build.node("Add", "m s", "logits")], [shape])


def test_a_slow_graph_is_ended(slow, role, manifest):
    with pytest.raises(PolicyError, match="took longer"), SandboxedPolicy(manifest, slow, role, deadlines=HASTY) as policy:
        policy.infer((SEEN,))


def test_a_graph_that_is_late_all_the_time_is_ended(playing):
    """Each answer is within its deadline, but they are too many."""
    worker, answer = playing.worker, playing.worker.channel.receive
    worker.slack = 0.3

    def late(cap, deadline=None):
        time.sleep(0.25)
        return answer(cap, deadline)

    worker.channel.receive = late
    worker.run((SEEN,))
    with pytest.raises(PolicyError, match="longer than 20 ms per avatar"):
        for _ in range(8):
            worker.run((SEEN,))


def test_an_orphan_ends_itself(slow, role, manifest):
    """When nobody is left to kill a worker that is busy, its alarm does."""
    with SandboxedPolicy(manifest, slow, role, deadlines=HASTY) as policy:
        pid = innermost(policy.worker.process)
        policy.worker.channel.send(frames.RUN, (10).to_bytes(4, "little"), SEEN.data)
        assert policy.worker.process.wait(timeout=10) in (-signal.SIGALRM, 128 + signal.SIGALRM)
        assert gone(pid)


def test_a_worker_ends_with_its_host(build, role, manifest):
    policy = SandboxedPolicy(manifest, build.onnx(), role)
    process = policy.worker.process
    del policy
    assert process.poll() is not None


def test_a_row_that_sees_another_is_caught_in_play(build, role, manifest, monkeypatch):
    """A graph that mixes rows only when a rare observation is there: no probe shows it, the audit of real calls does."""
    nodes = [
        build.node("MatMul", "observation w", "m"),
        build.node("ReduceMax", "observation", "top", keepdims=0),
        build.node("Sub", "top limit", "over"),
        build.node("Relu", "over", "spied"),
        build.node("Add", "m spied", "logits"),
    ]
    content = build.onnx(nodes, [build.weight("limit", np.array(500, np.float32))])
    with SandboxedPolicy(manifest, content, role) as policy:
        seen = SEEN.copy()
        seen[0, 0] = 600
        monkeypatch.setattr(sandbox_policy, "AUDIT_EVERY", 4)
        with pytest.raises(PolicyError, match="depends on the other avatars"):
            for _ in range(400):
                policy.infer((seen,))


def test_every_frame_is_capped_and_checked():
    read_fd, write_fd = os.pipe()
    channel = frames.Channel(read_fd, write_fd)
    channel.send(frames.RESULT, b"four")
    assert channel.receive(10) == (frames.RESULT, b"four")
    os.write(write_fd, frames.HEADER.pack(frames.RESULT, 2**31))
    with pytest.raises(frames.ProtocolError, match="announced"):
        channel.receive(10**6)
    channel.send(frames.RESULT, b"four")
    os.write(write_fd, b"more")
    with pytest.raises(frames.ProtocolError, match="more was sent"):
        channel.receive(10)
    os.close(write_fd)
    with pytest.raises(EOFError):
        channel.receive(10)
    os.close(read_fd)


def test_the_sentence_of_a_worker_cannot_play_with_the_terminal():
    assert host.clean(b"a\x1b[2Jb\r\n\xff") == "a?[2Jb??\ufffd"


@needs_linux
def test_the_worker_keeps_nothing_of_its_caller(playing, monkeypatch):
    folder = f"/proc/{innermost(playing.worker.process)}"
    with open(f"{folder}/environ", "rb") as file:  # noqa: PTH123
        assert set(file.read().split(b"\0")) <= {f"{k}={v}".encode() for k, v in host.ENVIRONMENT.items()} | {
            b"LC_CTYPE=C.UTF-8",
            b"PWD=/",
            b"",
        }
    assert len(os.listdir(f"{folder}/task")) == 1  # noqa: PTH208
    assert set(playing.layers) == set(lockdown.LAYERS)


def test_the_doctor_names_every_layer(monkeypatch):
    assert [what for what, _ in doctor.report()] == [f"sandbox: {layer}" for layer in lockdown.LAYERS]
    monkeypatch.setattr(host, "Worker", functools.partial(Worker, "raise SystemExit(3)"))
    ((_, sentence),) = doctor.report()
    assert sentence == "submissions cannot be judged here: the sandbox was ended from outside (exit status 3)"
