"""The queue on a terminal: tables of what is where, and one line that lives while workers work."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.database.models import DONE, FAILED, FINISHED, GIVEN_UP, JOB_STATES, LEASED, PLAYING, REJECTED, VOID, WAITING
from avatarium.leaderboards.database.trouble import UnavailableError
from avatarium.leaderboards.queue import status
from avatarium.leaderboards.queue.status import JobStatus, SubmissionStatus

STYLES = {
    DONE: "green",
    FINISHED: "green",
    LEASED: "cyan",
    PLAYING: "cyan",
    GIVEN_UP: "red",
    FAILED: "red",
    REJECTED: "red",
    VOID: "yellow",
}
LOOK_S = 1.0
"""Between looks at the queue while others work on it."""


def submissions(found: Sequence[SubmissionStatus]) -> Table:
    """Every submission: its state, how far it is, what it waits for and why."""
    table = Table(
        "submission", "world", "state", "jobs done", "waited", "what happens next, and why", title="submissions", title_justify="left"
    )
    for one in found:
        name = Text(one.name, "italic" if one.baseline else "bold") + Text(f" {one.key[:8]}", "dim")
        done = f"{one.jobs.get(DONE, 0)} of {sum(one.jobs.values())}"
        table.add_row(name, one.world, _state(one.state), done, duration(one.waited_s), _why(one.sentence, one.next))
    return table


def jobs(found: Sequence[JobStatus]) -> Table:
    """Every job that is not done."""
    table = Table("job", "kind", "state", "attempts", "waited", "what happens next, and why", title="jobs", title_justify="left")
    for one in found:
        if one.state != DONE:
            told = (one.key[:12], one.kind, _state(one.state), str(one.attempts), duration(one.waited_s), _why(one.reason, one.next))
            table.add_row(*told)
    return table


def _state(state: str) -> Text:
    return Text(state, STYLES.get(state, ""))


def _why(reason: str, then: str) -> str:
    return "\n".join(part for part in (then, reason) if part)


def duration(seconds: float) -> str:
    """A time in the largest units that say enough, as in "3 min" or "1.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@contextmanager
def line(database: Database, workers: int) -> Iterator[Callable[[list[str]], None]]:
    """A line on standard error about the queue; yields a function that renews it, and prints what happened above it."""
    console = Console(stderr=True)
    begun, seen = time.monotonic(), Seen(database)
    with Live(console=console, transient=True, auto_refresh=False, redirect_stderr=False) as live:

        def tick(news: list[str]) -> None:
            for sentence in news:
                console.print(sentence, markup=False, highlight=False, soft_wrap=True)
            if seen.look() and console.is_terminal:
                live.update(seen.text(workers, time.monotonic() - begun), refresh=True)

        yield tick
    console.print(seen.text(0, time.monotonic() - begun), highlight=False, soft_wrap=True)


class Seen:
    """What was last seen of a queue, looked at once in ``LOOK_S``."""

    def __init__(self, database: Database) -> None:
        self._database, self._due, self._first = database, 0.0, -1
        self.counts: dict[str, int] = {}
        self.trouble = ""

    def look(self) -> bool:
        """Look again if it is time; whether it was."""
        if time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + LOOK_S
        try:
            with self._database.reading() as session:
                self.counts, self.trouble = status.counts(session), ""
        except UnavailableError as trouble:
            self.trouble = str(trouble)
        if self._first < 0:
            self._first = self.counts.get(DONE, 0)
        return True

    def text(self, workers: int, seconds: float) -> Text:
        """The line."""
        if self.trouble:
            return Text(self.trouble, "red")
        parts = [Text(f"{self.counts.get(state, 0)} {state}", STYLES.get(state, "")) for state in JOB_STATES if self.counts.get(state)]
        rate = 60 * (self.counts.get(DONE, 0) - max(self._first, 0)) / max(seconds, 1e-9)
        who = [Text(f"{workers} worker{'s' * (workers != 1)}", "bold")] if workers else []
        left = self.counts.get(WAITING, 0) + self.counts.get(LEASED, 0)
        end = [Text(f"about {duration(60 * left / rate)} left", "dim")] if workers and rate > 0 and left else []
        return Text(" · ").join([*who, *parts, Text(f"{rate:.0f} jobs/min", "dim"), *end])
