"""Trying a hostile submission on this machine, and saying what stopped it."""

import contextlib
import re
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avatarium.agents.exported import OnnxPolicy, PolicyError
from avatarium.agents.manifest import from_json
from avatarium.leaderboards.check import check
from avatarium.leaderboards.corpus import CONTAINED, SANDBOX, Case
from avatarium.leaderboards.corpus.building import paper, role, spec
from avatarium.leaderboards.entrants import Submitted
from avatarium.leaderboards.episodes import Episode, Setting, play_scored, setting
from avatarium.leaderboards.sandbox.host import Deadlines, InfrastructureError, Worker
from avatarium.leaderboards.sandbox.policy import SandboxedPolicy

SOON = Deadlines(call=1.0)
"""For submissions: what stalls need not be waited for as long as in earnest."""
AT_ONCE = Deadlines(start=1.2, load=1.0, call=1.0)
"""For programs that stand in for the locked process."""
ROWS = 48
SEEDS = range(2_000_000, 2_000_004)
GONE_S = 2.0
PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    case: Case
    stage: str
    sentence: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it was stopped where, and with the words, that it declares."""
        return bool(re.fullmatch(self.case.stage, self.stage) and re.search(self.case.says, self.sentence))


def attempt(case: Case) -> Outcome:
    """Make a case and try it."""
    began, made = time.monotonic(), case.make()
    stage, sentence = _taken_over(made) if isinstance(made, str) else _submitted(made)
    return Outcome(case, stage, sentence, time.monotonic() - began)


def _submitted(content: bytes) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "submission.zip")
        path.write_bytes(content)
        report = check(path, trust=True, deadlines=SOON)
        return (report.stage, report.reason) if not report.accepted else _played(path, Path(folder))


def _played(path: Path, folder: Path) -> tuple[str, str]:
    """Episodes of one that was accepted: the faults are its own; those episodes that have none are as if the others had never been."""
    one = Submitted(path)
    where = setting(spec(), {}, one.role)
    with SandboxedPolicy(one.manifest, one.onnx_bytes, where.role, deadlines=SOON) as policy:
        episodes = play_scored(where, policy, SEEDS, folder)
        faults = [e.fault for e in episodes if e.fault]
        sound = next((e for e in episodes if not e.fault), None)
        if sound and _alone(where, policy, sound, folder).digest != sound.digest:
            return "not contained", f"the episode of seed {sound.seed} depends on the others"
    return CONTAINED, faults[0] if faults else ""


def _alone(where: Setting, policy: OnnxPolicy, episode: Episode, folder: Path) -> Episode:
    (again,) = play_scored(where, policy, [episode.seed], folder / "alone")
    return again


class _TakenOver(SandboxedPolicy):
    """A policy whose process runs a program of the corpus."""

    def __init__(self, program: str) -> None:
        self.program = program
        onnx_bytes = b"\x08" * 2**21  # more than a pipe holds
        super().__init__(from_json(paper().encode()), onnx_bytes, role(), deadlines=AT_ONCE)

    def process(self) -> Worker:
        """The program instead of the worker."""
        return Worker(self.program, self.deadlines)


def _taken_over(program: str) -> tuple[str, str]:
    observations, mark = np.zeros((ROWS, role().observation_size), np.float32), f"# {uuid.uuid4()}"
    files = _descriptors()
    try:
        with _TakenOver(f"{program}\n{mark}") as policy:
            for _ in range(2):
                policy.check_answer(policy.infer((observations,)), ROWS)
                time.sleep(0.1)
        sentence = ""
    except (PolicyError, InfrastructureError) as error:
        sentence = f"{type(error).__name__}: {error}"
    if left := _left(mark, files):
        return "leak", left
    return SANDBOX, sentence


def _left(mark: str, files: int) -> str:
    """What has stayed behind of a process whose command line holds ``mark``, and of ``files`` descriptors that were open before."""
    end = time.monotonic() + GONE_S
    while (running := _running(mark)) and time.monotonic() < end:
        time.sleep(0.01)
    if running:
        return f"{running} processes have stayed behind"
    return f"{_descriptors() - files} descriptors have stayed open" if _descriptors() > files else ""


def _running(mark: str) -> int:
    found = 0
    for path in PROCESSES.glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended since
            found += mark.encode() in path.read_bytes()
    return found


def _descriptors() -> int:
    folder = PROCESSES / "self" / "fd"
    return len(list(folder.iterdir())) if folder.exists() else 0
