"""What every world keeps to: ``check_world(spec)`` tries it all on a world of your own."""

from dataclasses import dataclass
from typing import Any

from avatarium.worlds.core.checks import declaring, lagging, pettingzoo, running, seeing
from avatarium.worlds.core.checks.trial import Check, Trial
from avatarium.worlds.core.spec import WorldSpec

CHECKS: tuple[Check, ...] = (*declaring.CHECKS, *running.CHECKS, *seeing.CHECKS, *lagging.CHECKS, *pettingzoo.CHECKS)


class ConformanceError(AssertionError):
    """A world that does not keep to what every world keeps to; the message has one sentence per fault."""


@dataclass(frozen=True)
class Finding:
    """What one check found: nothing (``faults`` is empty), or sentences that say what is wrong."""

    check: str
    faults: tuple[str, ...]


def check_world(spec: WorldSpec, **config: Any) -> list[Finding]:
    """Run every check on a world under the settings ``config``; raises ConformanceError when one of them finds a fault."""
    findings = [examine(check, Trial(spec, config)) for check in CHECKS]
    if faults := [f"{f.check}: {fault}" for f in findings for fault in f.faults]:
        raise ConformanceError(f"the world {spec.name!r} does not conform\n" + "\n".join(faults))
    return findings


def examine(check: Check, trial: Trial) -> Finding:
    """What one check finds, each fault once; when it breaks off, the exception is a fault as well."""
    faults: dict[str, None] = {}
    try:
        faults.update(dict.fromkeys(check(trial)))
    except Exception as broken:  # whatever a world raises is a finding, and the other checks go on
        faults[f"{type(broken).__name__}: {broken}"] = None
    return Finding(check.__name__, tuple(faults))
