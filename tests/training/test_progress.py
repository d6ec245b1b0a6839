"""What a person sees: a bar in a terminal, lines elsewhere, nothing when asked to be quiet."""

import io

from rich.console import Console

from avatarium.training.run import progress
from avatarium.training.run.history import Point

POINT: Point = {"return": 3.25, "success": 0.5, "decisions_per_second": 54321.0, "seconds": 30.0, "other": 1.0}


def shown(terminal: bool, quiet: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, quiet=quiet)
    with progress.display(console, "lanes", ("success", "unknown"), quiet) as display:
        display.show(0.25, POINT)
        display.show(0.3, POINT)
        display.show(1.0, POINT)
    return file.getvalue()


def test_facts_are_return_gauges_speed_and_time_left() -> None:
    assert progress.facts(0.25, POINT, ("success", "unknown")) == "return 3.25  success 0.50  54 k steps/s  1:30 left"
    assert progress.facts(0.001, POINT, ()).endswith("8:19:30 left")
    assert progress.facts(1.0, {"decisions_per_second": 1e3, "seconds": 1.0}, ()) == "1 k steps/s"


def test_a_lost_runner_is_mentioned() -> None:
    assert "1 of 2 runners" in progress.facts(0.5, POINT | {"runners": 1.0, "runners_wanted": 2.0}, ())
    assert "runners" not in progress.facts(0.5, POINT | {"runners": 2.0, "runners_wanted": 2.0}, ())


def test_a_terminal_gets_a_bar_a_log_lines_and_the_quiet_nothing() -> None:
    assert "100%" in shown(terminal=True)
    lines = shown(terminal=False).splitlines()
    assert [line.split()[:2] for line in lines] == [["lanes", "25%"], ["lanes", "100%"]]  # the one in between came too soon
    assert shown(terminal=True, quiet=True) == ""
