"""What the Linux kernel offers to a process that wants to lock itself in: seccomp and Landlock, through ctypes.

Sources: seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst and landlock.rst.
"""

import ctypes
import errno
import platform
import struct
import sys
from typing import NamedTuple

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
LOAD, JUMP_EQUAL, JUMP_SET, JUMP_GREATER_EQUAL, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
"""Classic BPF: load a word of seccomp_data, compare with a constant, return."""
AT_NUMBER, AT_ARCH, AT_THIRD_ARGUMENT = 0, 4, 32
PROT_EXEC = 4
X32_BIT = 0x40000000


class Machine(NamedTuple):
    """Numbers of one processor architecture: its AUDIT_ARCH and its system calls."""

    arch: int
    allowed: tuple[int, ...]
    """What onnxruntime needs once it is running: read, write, memory, locks, clocks, leaving."""
    allowed_unless_executable: tuple[int, ...]
    """mmap, mprotect: not for code."""
    deadly: tuple[int, ...]
    """What no honest policy asks for: execve, execveat, socket, connect, bind, ptrace, process_vm_*, bpf, io_uring_setup, mount ..."""
    seccomp: int


MACHINES = {
    "x86_64": Machine(
        arch=0xC000003E,
        # read write close lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn readv writev sched_yield mremap madvise nanosleep
        # setitimer getpid exit restart_syscall gettid futex sched_getaffinity clock_gettime clock_nanosleep exit_group getrandom rseq
        allowed=(0, 1, 3, 8, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 38, 39, 60, 219, 186, 202, 204, 228, 230, 231, 318, 334),
        allowed_unless_executable=(9, 10),
        deadly=(59, 322, 41, 42, 49, 101, 310, 311, 321, 425, 165, 304, 298, 323, 175, 313, 246, 438),
        seccomp=317,
    ),
    "aarch64": Machine(
        arch=0xC00000B7,
        allowed=(63, 64, 57, 62, 215, 214, 134, 135, 139, 65, 66, 124, 216, 233, 101)
        + (103, 172, 93, 128, 178, 98, 123, 113, 115, 94, 278, 293),
        allowed_unless_executable=(222, 226),
        deadly=(221, 281, 198, 203, 200, 117, 270, 271, 280, 425, 40, 265, 241, 282, 105, 273, 104, 438),
        seccomp=277,
    ),
}

LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446
LANDLOCK_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many kinds of access to files each version of the interface knows; later ones know as many as the last."""


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def machine() -> Machine | None:
    """The numbers of this machine, or None where they are not known (then there is no filter)."""
    return MACHINES.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None


def prctl(option: int, value: int) -> bool:
    """Set one property of this process; False where the kernel does not have it."""
    return sys.platform == "linux" and bool(_libc().prctl(option, value, 0, 0, 0) == 0)


def leave_network() -> bool:
    """Move to a network namespace without any interface; False where that is not permitted."""
    if sys.platform != "linux":
        return False
    return any(_libc().unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def landlock() -> bool:
    """Forbid every access to files, to TCP ports, to abstract sockets and other processes' signals, for good. Needs no_new_privs."""
    if machine() is None:
        return False
    libc = _libc()
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return False
    files = (1 << LANDLOCK_FILE_RIGHTS[min(version, 5)]) - 1
    words = [files] if version < 4 else [files, 3] if version < 6 else [files, 3, 3]
    rules = struct.pack(f"<{len(words)}Q", *words)
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint(0))
    return ruleset >= 0 and bool(libc.syscall(LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0)


def seccomp() -> bool:
    """From now on this process may make only the system calls that running a network takes. Needs no_new_privs."""
    numbers = machine()
    if numbers is None:
        return False
    code = filter_code(numbers)
    program = _Program(len(code) // 8, code)
    return bool(_libc().syscall(numbers.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(program)) == 0)


def filter_code(numbers: Machine) -> bytes:
    """The BPF program: allowed calls pass, deadly ones kill the process, all others fail with EPERM."""
    code = [_op(LOAD, AT_ARCH), _op(JUMP_EQUAL, numbers.arch, 1, 0), _op(RETURN, KILL), _op(LOAD, AT_NUMBER)]
    code += [_op(JUMP_GREATER_EQUAL, X32_BIT, 0, 1), _op(RETURN, KILL)]
    for number in numbers.allowed:
        code += [_op(JUMP_EQUAL, number, 0, 1), _op(RETURN, ALLOW)]
    for number in numbers.deadly:
        code += [_op(JUMP_EQUAL, number, 0, 1), _op(RETURN, KILL)]
    for number in numbers.allowed_unless_executable:
        code += [_op(JUMP_EQUAL, number, 0, 4), _op(LOAD, AT_THIRD_ARGUMENT), _op(JUMP_SET, PROT_EXEC, 1, 0)]
        code += [_op(RETURN, ALLOW), _op(RETURN, ERRNO | errno.EPERM)]
    return b"".join([*code, _op(RETURN, ERRNO | errno.EPERM)])


def _op(code: int, constant: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, constant)
