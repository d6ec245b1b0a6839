"""What the leaderboard would say of a submission, before it is sent there."""

from pathlib import Path

from avatarium.leaderboards.check import check
from avatarium.leaderboards.entrants import Submitted
from avatarium.training.play.arena import Arena
from avatarium.worlds.core.errors import UserError


def passed(path: Path, arena: Arena) -> str:
    """Let a submission go through all that comes before its first score; one line on how it did. Raises UserError when it is refused.

    It is one's own, so that a machine without a full sandbox will do.
    """
    if arena.spec is None:
        raise UserError(f"{arena.name} is an environment of others, which cannot be judged: pack with --no-check")
    report = check(path, arena.address, trust=True)
    if not report.accepted:
        raise UserError(f"the leaderboard would refuse it ({report.stage}): {report.reason}; --no-check writes it all the same")
    facts = report.facts
    size = f"{facts['parameters']:,} parameters in {facts['nodes']} nodes of opset {facts['opset']}"
    return f"accepted after {sum(step.seconds for step in report.steps):.1f} s: {size}"


def key(path: Path) -> str:
    """The SHA-256 by which the leaderboard knows a submission. Raises UserError when it is none."""
    return Submitted(path).key
