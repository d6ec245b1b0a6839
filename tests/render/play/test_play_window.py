"""Playing in a window, and being killed at it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from avatarium.render.play import consent, playing
from avatarium.render.play.player import Player
from avatarium.render.viewer import asking
from avatarium.render.viewer.living import Living
from avatarium.worlds.core.transcript import Transcript, verify

pygame = pytest.importorskip("pygame", reason="pygame is not installed")
desks = pytest.importorskip("avatarium.render.play.desk")

CHUNK = 64
ENDLESS = """
import sys
from pathlib import Path
from avatarium.render.play.consent import Consent
from avatarium.render.viewer.living import Living
from avatarium.render.play.player import Player
player = Player("wayfinding", 8, others="random", overrides={"walkers": 2, "episode_steps": 6000})
player.record(Path(sys.argv[1]), Consent("I agree", "keyboard"))
while player.drive(frozenset({"w"})):
    print(player.source.last, flush=True)
"""


def key(name: str, kind: int = 0, mod: int = 0) -> None:
    """Press a key, or let it go."""
    pygame.event.post(pygame.event.Event(kind or pygame.KEYDOWN, key=pygame.key.key_code(name), mod=mod, unicode=""))


@pytest.fixture
def player() -> Player:
    return Player("gathering", 4, others="random", overrides={"guests": 2, "late": 0.0, "early": 0.0, "episode_steps": 60})


@pytest.fixture
def arguments(tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(
        size=(640, 400), camera="follow", backend="cpu", theme="light", scale=None, out=tmp_path, consent=None, key=None, steps=3
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Does at each question what it is told for it, in order; gives what was asked."""

    def make(*answers: Callable[[], None]) -> list[str]:
        told: list[str] = []
        question, left = asking.question, iter(answers)

        def answered(sheet: object, title: str, lines: list[str], *more: object) -> None:
            told.append(f"{title} {' '.join(lines)}")
            question(sheet, title, lines, *more)
            next(left)()

        monkeypatch.setattr(asking, "question", answered)
        return told

    return make


def test_who_is_killed_loses_a_chunk_at_most(tmp_path: Path) -> None:
    playing = subprocess.Popen([sys.executable, "-c", ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert playing.stdout is not None
    last = 0
    while last < 3 * CHUNK - 5:
        last = int(playing.stdout.readline())
    os.kill(playing.pid, signal.SIGKILL)
    playing.wait(60)
    told = Transcript.open(tmp_path / "wayfinding-8.avt")
    assert not told.complete and last - CHUNK <= told.steps and told.steps % CHUNK == 0
    assert verify(told.path).ok and told.by_hand == "walker_0"


def test_who_is_killed_at_the_window_loses_a_chunk_at_most(
    display: str, tmp_path: Path, waits: Callable[[Callable[[], bool]], None]
) -> None:
    words = ["play", "wayfinding", "--seed", "4", "--size", "320x240", "--set", "walkers=2", "--backend", "cpu", "--consent", "I agree"]
    code = "import sys; from avatarium.worlds.cli import main; sys.exit(main())"
    playing = subprocess.Popen([sys.executable, "-c", code, *words, "--others", "random", "--out", str(tmp_path)])
    file = tmp_path / "wayfinding-4.avt"
    waits(file.exists)
    opening = file.stat().st_size
    waits(lambda: file.stat().st_size > opening)
    os.kill(playing.pid, signal.SIGKILL)
    playing.wait(60)
    assert Transcript.open(file).steps == CHUNK and verify(file).ok


def test_consent_is_asked_for_and_the_keys_are_told(
    display: str, player: Player, arguments: SimpleNamespace, asked: Callable[..., list[str]]
) -> None:
    told = asked(lambda: key("return"), lambda: key("return"))
    playing.play(player, arguments)
    player.close()
    assert len(told) == 2
    assert told[0].startswith(consent.QUESTION) and str(arguments.out) in told[0] and "Nothing else." in told[0]
    assert told[1].startswith("You are guest_0.") and "walk forward, back, left, right: W S A D" in told[1]
    assert player.path is not None
    transcript = Transcript.open(player.path)
    assert transcript.header["extra"]["human"]["consent"] == consent.STATEMENT
    assert transcript.complete and transcript.steps >= 3


def test_who_says_no_plays_and_nothing_is_written(
    display: str, player: Player, arguments: SimpleNamespace, asked: Callable[..., list[str]]
) -> None:
    asked(lambda: key("escape"), lambda: key("return"))
    playing.play(player, arguments)
    player.close()
    assert player.source.last >= 3
    assert player.path is None and not list(arguments.out.iterdir())


def test_who_is_not_ready_leaves_and_nothing_is_written(
    display: str, player: Player, arguments: SimpleNamespace, asked: Callable[..., list[str]]
) -> None:
    asked(lambda: key("return"), lambda: key("escape"))
    playing.play(player, arguments)
    player.close()
    assert player.source.last == 0 and not list(arguments.out.iterdir())


def test_a_window_that_is_closed_at_the_question_stays_closed(
    display: str, player: Player, arguments: SimpleNamespace, asked: Callable[..., list[str]]
) -> None:
    told = asked(lambda: pygame.event.post(pygame.event.Event(pygame.QUIT)))
    playing.play(player, arguments)
    player.close()
    assert len(told) == 1 and player.source.last == 0 and not list(arguments.out.iterdir())


def test_a_window_that_is_closed_leaves_a_whole_transcript(display: str, player: Player, arguments: SimpleNamespace) -> None:
    arguments.consent, arguments.steps = "I agree", None
    drive = player.drive

    def driven(held: frozenset[str]) -> bool:
        if player.source.last == 4:
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        return drive(held)

    player.drive = driven  # type: ignore[method-assign]
    playing.play(player, arguments)
    player.close()
    assert player.path is not None
    told = Transcript.open(player.path)
    assert told.complete and 5 <= told.steps < 60 and verify(told.path).ok


def test_taps_and_keys_that_are_held_reach_the_avatar(display: str, player: Player, arguments: SimpleNamespace) -> None:
    arguments.consent = "I agree"
    drive = player.drive

    def driven(held: frozenset[str]) -> bool:
        if player.source.last == 0:
            key("w")
            key("f")
            key("f", pygame.KEYUP)
            key("3", mod=pygame.KMOD_SHIFT)
            key("3", pygame.KEYUP)
        return drive(held)

    player.drive, arguments.steps = driven, 6  # type: ignore[method-assign]
    playing.play(player, arguments)
    player.close()
    assert player.path is not None
    did = Transcript.open(player.path).data["actions.guest"][:, 0]
    assert did[0].tolist() == [0, 0, 0, 0]
    assert np.flatnonzero(did[:, 2]).size == np.flatnonzero(did[:, 3]).size == 1, "what was tapped is done once"
    assert did[did[:, 2] > 0].tolist() == [[1, 0, 1, 13]]
    assert (did[2:, 0] == 1).sum() >= 3, "what is held goes on"


def test_the_desk_forgets_presses_that_are_old(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desks.Desk("test", 320, 240)
    key("f")
    key("w")
    key("w", pygame.KEYUP)
    desk.events()
    assert desk.grip().pressed == ("f", "w") and desk.grip().pressed == ()
    assert desk.grip().held == {"f"}
    key("x")
    desk.events()
    now = desks.time.monotonic()
    monkeypatch.setattr(desks.time, "monotonic", lambda: now + 1)
    assert desk.grip().pressed == ()
    desk.close()


def test_figures_glide_between_steps(player: Player) -> None:
    viewer = Living(player.source, "top", player.agent)
    viewer.live = True
    for _ in range(6):
        player.drive(frozenset({"w"}))
        viewer.advance(0.0)
    where = []
    for _ in range(6):
        where.append((viewer.now, *(float(viewer.scene().figures[field][0]) for field in ("x", "y"))))
        viewer.advance(0.025)
    moments, xs, ys = np.array(where).T
    assert moments.tolist() == pytest.approx([5.0, 5.25, 5.5, 5.75, 6.0, 6.0])
    steps = np.hypot(np.diff(xs), np.diff(ys))
    assert steps[:4] == pytest.approx(steps[0], abs=1e-4) and steps[0] > 0.02 and steps[4] == 0
    viewer.playing = False
    player.drive(frozenset())
    viewer.advance(0.0)
    viewer.advance(1.0)
    assert viewer.now == 6.0, "in a pause nothing moves"
