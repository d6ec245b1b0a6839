"""The locked process: what it cannot do, and what is said when it fails."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.leaderboards.sandbox import doctor, frames, host, kernel, lockdown
from avatarium.leaderboards.sandbox import policy as sandbox_policy
from avatarium.leaderboards.sandbox.host import InfrastructureError, Worker
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy

pytest.importorskip("onnxruntime")

SEEN = np.random.default_rng(0).uniform(-1, 1, (10, 6)).astype(np.float32)


@pytest.fixture
def playing(build, role, manifest):
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
    os.kill(playing.worker.process.pid, signal.SIGKILL)
    assert np.array_equal(playing.infer((SEEN,))[0], before)


def test_a_sandbox_that_cannot_stay_up_is_no_fault_of_the_policy(playing, monkeypatch):
    class Doomed(Worker):
        def run(self, arrays):
            os.kill(self.process.pid, signal.SIGKILL)
            return super().run(arrays)

    monkeypatch.setattr(sandbox_policy, "Worker", Doomed)
    os.kill(playing.worker.process.pid, signal.SIGKILL)
    with pytest.raises(InfrastructureError, match="ended from outside"):
        playing.infer((SEEN,))


@pytest.mark.parametrize(
    ("number", "says"),
    [(signal.SIGSEGV, "crashed its process .SIGSEGV"), (signal.SIGSYS, "a policy may not do"), (signal.SIGXCPU, "processor time")],
)
def test_a_process_that_dies_by_its_own_doing_is_the_policys_fault(playing, number, says):
    os.kill(playing.worker.process.pid, number)
    with pytest.raises(PolicyError, match=says):
        playing.infer((SEEN,))


def test_a_process_that_hangs_is_ended(playing, monkeypatch):
    monkeypatch.setattr(host, "CALL_S", 0.2)
    process = playing.worker.process
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(PolicyError, match="its answer took longer than"):
        playing.infer((SEEN,))
    assert process.poll() == -signal.SIGKILL


@pytest.fixture
def slow(build):
    """A few nodes that would compute for minutes."""
    shape = build.weight("n", np.array([2048, 2048], np.int64))
    nodes = [build.node("ConstantOfShape", "n", "x0"), *(build.node("MatMul", f"x{i} x{i}", f"x{i + 1}") for i in range(300))]
    nodes += [build.node("ReduceSum", "x300", "s", keepdims=0), build.node("MatMul", "observation w", "m")]
    return build.onnx([*nodes, build.node("Add", "m s", "logits")], [shape])


def test_a_slow_graph_is_ended(slow, role, manifest, monkeypatch):
    monkeypatch.setattr(host, "CALL_S", 0.2)
    with pytest.raises(PolicyError, match="took longer"), SandboxedPolicy(manifest, slow, role) as policy:
        policy.infer((SEEN,))


def test_an_orphan_ends_itself(slow, role, manifest, monkeypatch):
    """When nobody is left to kill a worker that is busy, its alarm does."""
    monkeypatch.setattr(host, "CALL_S", 0.2)
    with SandboxedPolicy(manifest, slow, role) as policy:
        policy.worker.channel.send(frames.RUN, (10).to_bytes(4, "little"), SEEN.data)
        assert policy.worker.process.wait(timeout=10) == -signal.SIGALRM


def test_a_worker_ends_with_its_host(build, role, manifest):
    policy = SandboxedPolicy(manifest, build.onnx(), role)
    process = policy.worker.process
    del policy
    assert process.poll() is not None


def test_a_row_that_sees_another_is_caught_in_play(build, role, manifest):
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
        with pytest.raises(PolicyError, match="depends on the other avatars"):
            for _ in range(2 * sandbox_policy.AUDIT_EVERY):
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


def locked(code):
    """Run ``code`` in a process that has locked itself in; its exit status and what it printed before."""
    head = "import os, socket, mmap, ctypes; from avatarium.leaderboards.sandbox import kernel, lockdown\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip(), done.stderr.strip().splitlines()[-1:]


needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="these locks are Linux's")
ESCAPES = {
    "open": ("open('/etc/passwd')", "PermissionError"),
    "write": ("os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)", "PermissionError"),
    "list": ("os.listdir('/')", "PermissionError"),
    "fork": ("os.fork()", "PermissionError"),
    "signal": ("os.kill(1, 0)", "PermissionError"),
    "code": ("mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)", "PermissionError"),
    "socket": ("socket.socket()", -signal.SIGSYS),
    "exec": ("os.execv('/bin/true', ['true'])", -signal.SIGSYS),
    "ptrace": ("ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)", -signal.SIGSYS),
}


@needs_linux
@pytest.mark.skipif(kernel.machine() is None, reason="there is no seccomp filter for this processor")
@pytest.mark.parametrize("escape", ESCAPES)
def test_there_is_no_way_out(escape):
    attempt, outcome = ESCAPES[escape]
    code, printed, error = locked(f"assert lockdown.lock()['seccomp']; print('in', flush=True); {attempt}; print('out', flush=True)")
    assert printed == "in"
    if isinstance(outcome, int):
        assert code == outcome
    else:
        assert error[0].startswith(outcome)


@needs_linux
def test_landlock_alone_keeps_files_shut():
    _, printed, error = locked("kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1); print(kernel.landlock()); open('/etc/passwd')")
    if printed == "False":
        pytest.skip("this kernel has no Landlock")
    assert error[0].startswith("PermissionError")


@needs_linux
def test_the_worker_keeps_nothing_of_its_caller(playing, monkeypatch):
    folder = f"/proc/{playing.worker.process.pid}"
    with open(f"{folder}/environ", "rb") as file:  # noqa: PTH123
        assert set(file.read().split(b"\0")) <= {f"{k}={v}".encode() for k, v in host.ENVIRONMENT.items()} | {b"LC_CTYPE=C.UTF-8", b""}
    assert len(os.listdir(f"{folder}/task")) == 1  # noqa: PTH208
    assert set(playing.layers) == set(lockdown.LAYERS)


def test_the_doctor_names_every_layer(monkeypatch):
    assert [what for what, _ in doctor.report()] == [f"sandbox: {layer}" for layer in lockdown.LAYERS]
    monkeypatch.setattr(host, "BOOT", "raise SystemExit(3)")
    ((_, sentence),) = doctor.report()
    assert sentence == "submissions cannot be judged here: the sandbox was ended from outside (exit status 3)"
