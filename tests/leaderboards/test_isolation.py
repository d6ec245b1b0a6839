"""What the layers of the sandbox keep away, each for itself."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from processes import gone, innermost

from avatarium.leaderboards.sandbox import box, host, kernel, lockdown, trust
from avatarium.leaderboards.sandbox.host import Worker
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy
from avatarium.worlds.core.errors import UserError

pytest.importorskip("onnxruntime")

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="these locks are Linux's")
needs_box = pytest.mark.skipif(not box.command(), reason="there is no bubblewrap here")


HOST = """
import sys, time
from avatarium.leaderboards.sandbox import box, host
{change}
worker = host.Worker()
print(worker.process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("change", [pytest.param("", id="boxed", marks=needs_box), pytest.param("box.command = list", id="bare")])
def test_no_worker_outlives_a_host_that_is_killed(change):
    with subprocess.Popen([sys.executable, "-c", HOST.format(change=change)], stdout=subprocess.PIPE, text=True) as owner:
        outer = int(owner.stdout.readline())
        pid = innermost(type("Started", (), {"pid": outer}))
        os.kill(pid, signal.SIGSTOP)  # so that it cannot notice by itself
        owner.kill()
    assert gone(pid)
    assert gone(outer)


def locked(code):
    """Run ``code`` in a process that has locked itself in; its exit status and what it printed before."""
    head = "import os, socket, mmap, ctypes; from avatarium.leaderboards.sandbox import kernel, lockdown\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip(), done.stderr.strip().splitlines()[-1:]


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


FILTER = """
import errno
NUMBERS, libc = kernel.machine(), ctypes.CDLL(None, use_errno=True)

def tried(number):
    child = os.fork()
    if not child:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        assert kernel.seccomp()
        ctypes.set_errno(0)
        found = libc.syscall(number, -1, -1, 7, -1, -1, -1)
        os._exit(1 if found != -1 else min(ctypes.get_errno(), 100))
    status = os.waitpid(child, 0)[1]
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

deadly = {n: tried(n) for n in NUMBERS.deadly}
fine = set(NUMBERS.allowed) | set(NUMBERS.deadly) | set(NUMBERS.allowed_unless_executable)
UPROBES = (335, 336)  # Linux lets them through every filter: they end whoever calls them, or fail
others = {n: tried(n) for n in range(470) if n not in fine and n not in UPROBES}
print({n: r for n, r in deadly.items() if r != -31}, {n: r for n, r in others.items() if r != errno.EPERM})
print([tried(n) for n in NUMBERS.allowed_unless_executable], tried(0x40000000), tried(0x40000000 + 59))
"""


@needs_linux
@pytest.mark.skipif(kernel.machine() is None, reason="there is no seccomp filter for this processor")
def test_every_call_that_is_not_allowed_fails_and_every_deadly_one_kills():
    head = "import os, ctypes; from avatarium.leaderboards.sandbox import kernel\n"
    done = subprocess.run([sys.executable, "-c", head + FILTER], capture_output=True, text=True, timeout=60)
    wrong, code = done.stdout.splitlines() or [done.stderr, ""]
    assert wrong == "{} {}"
    assert code.startswith("[1, 1]"), "memory that can be written and run"
    assert kernel.machine().arch != kernel.MACHINES["x86_64"].arch or code.endswith("-31 -31"), "the other table of system calls"


INSIDE = """
import errno, json, os
seen = {"root": sorted(os.listdir("/")), "proc": os.listdir("/proc"), "pids": os.getpid(), "environment": sorted(os.environ)}
for path in ("/proc/1/environ", "/etc/passwd", "/tmp", "/dev/null", os.path.expanduser("~/.cache")):
    try:
        os.stat(path)
    except OSError as error:
        continue
    seen.setdefault("there", []).append(path)
try:
    open("/new", "w")
except OSError as error:
    seen["writing"] = errno.errorcode[error.errno]
print(json.dumps(seen))
"""


@needs_box
def test_in_the_box_there_is_nothing_to_find(monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    command = [*box.command(), sys.executable, "-I", "-c", INSIDE]
    seen = json.loads(subprocess.run(command, capture_output=True, env=host.ENVIRONMENT, text=True, check=True).stdout)
    assert seen["proc"] == ["cpuinfo"]
    assert seen["pids"] == 2
    assert seen["writing"] == "EROFS"
    inside_tmp = any(folder.is_relative_to("/tmp") for folder in box.folders())  # the suite itself may have been put there
    assert seen.get("there", []) == (["/tmp"] if inside_tmp else [])
    assert "SECRET" not in seen["environment"]


@needs_box
def test_a_box_that_does_not_work_is_done_without(monkeypatch):
    monkeypatch.setattr(box, "_useless", threading.Event())
    monkeypatch.setattr(box, "OPTIONS", ("--no-such-option",))
    with Worker() as worker:
        assert not worker.layers["bubblewrap"]
        assert worker.layers["process"]
    assert box.command() == []


def test_strangers_files_need_the_locks_that_keep_files_and_calls_away(build, role, manifest, monkeypatch):
    whole = dict.fromkeys(lockdown.LAYERS, True)
    trust.require(whole)
    trust.require(whole | {"landlock": False}, trust=True)
    with pytest.raises(UserError, match=r"lacks seccomp .*--i-trust-these-files"):
        trust.require(whole | {"seccomp": False})
    monkeypatch.setattr(trust, "NEEDED", ("a lock that nobody has", "seccomp"))
    monkeypatch.setitem(lockdown.LAYERS, "a lock that nobody has", "?")
    with pytest.raises(UserError, match="lacks a lock that nobody has"):
        SandboxedPolicy(manifest, build.onnx(), role, trust=False)
    SandboxedPolicy(manifest, build.onnx(), role, trust=True).close()


TELEMETRY = """
import os, pathlib, tempfile
home = tempfile.mkdtemp()
os.environ["HOME"] = home
from avatarium.leaderboards.sandbox import worker
worker.warm_up()
print(len(os.listdir("/proc/self/task")), [str(p) for p in pathlib.Path(home).rglob("*")])
"""


@needs_linux
def test_the_runtime_reports_to_nobody():
    """No thread beside our own, no file in the home folder, which is what its telemetry would begin with."""
    done = subprocess.run([sys.executable, "-c", TELEMETRY], env=host.ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "1 []", done.stderr


@needs_linux
def test_landlock_alone_keeps_files_shut():
    _, printed, error = locked("kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1); print(kernel.landlock()); open('/etc/passwd')")
    if printed == "False":
        pytest.skip("this kernel has no Landlock")
    assert error[0].startswith("PermissionError")
