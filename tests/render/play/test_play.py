"""A person in a seat."""

import errno
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avatarium.agents.consent import select
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.consent.words import Grant
from avatarium.render.play import consent
from avatarium.render.play.company import company
from avatarium.render.play.consent import STATEMENT, Consent
from avatarium.render.play.hands import Grip
from avatarium.render.play.player import Player
from avatarium.worlds import UserError
from avatarium.worlds.core import blocks
from avatarium.worlds.core.transcript import Transcript, verify

AGREED = Consent(STATEMENT, "keyboard")
SMALL = {"walkers": 3, "episode_steps": 50}


def walker(avatar: int = 1, others: str = "random", **overrides: object) -> Player:
    return Player("wayfinding", 8, avatar=avatar, others=others, overrides=SMALL | overrides)


def test_the_avatar_goes_where_the_keys_say_and_the_episode_is_recorded(tmp_path: Path) -> None:
    player = walker()
    player.record(tmp_path, AGREED)
    before = player.source.scene(0).figures[1]
    heading = float(before["heading"])
    for _ in range(12):
        assert player.drive(frozenset({"w"}))
    after = player.source.scene(12).figures[1]
    ahead = (after["x"] - before["x"]) * math.cos(heading) + (after["y"] - before["y"]) * math.sin(heading)
    assert ahead > 0.3
    reading = player.source.reading(12, "walker_1")
    assert reading is not None and reading.action == "walk forward"
    player.close()
    assert player.path == tmp_path / "wayfinding-8.avt"
    told = Transcript.open(player.path)
    assert (told.steps, told.complete, told.by_hand) == (12, True, "walker_1")
    assert verify(player.path).ok
    assert np.array_equal([told.actions(t)["walker"][1, 0] for t in range(12)], [1] * 12)


def test_the_transcript_says_who_agreed_to_what(tmp_path: Path) -> None:
    player = walker()
    player.record(tmp_path, Consent("I agree", "gamepad"))
    player.close()
    assert player.path is not None
    human = Transcript.open(player.path).header["extra"]["human"]
    assert human.pop("time").startswith("20")
    assert human == {"agent": "walker_1", "role": "walker", "consent": "I agree", "device": "gamepad"}


def test_what_is_agreed_to_is_in_the_ledger_and_nothing_else_may_be_done(tmp_path: Path) -> None:
    for folder, agreed in (("agreed", True), ("not", False)):
        player = walker()
        player.record(tmp_path / folder, consent.agreed("I agree", "keyboard", tmp_path / folder) if agreed else AGREED)
        player.close()
        assert player.path is not None
        told = Transcript.open(player.path)
        allowed = [bool(select([told], purpose, skip_private=True).permitted) for purpose in ("replay", "train", "publish")]
        assert allowed == [agreed, agreed, False]
        (person,) = told.header["extra"]["persons"]
        assert set(person) == ({"agent", "subject", "session", "consent"} if agreed else {"agent"})
    with pytest.raises(UserError, match="who has not allowed that to be watched and measured here"):
        consent.seen(told)
    (entry,) = Ledger(tmp_path / "agreed" / NAME).entries
    assert isinstance(entry.word, Grant) and entry.word.words == "I agree" and entry.word.purposes == ("replay", "train")


def test_nothing_is_written_without_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    player = walker()
    assert player.drive(frozenset())
    player.close()
    assert player.path is None and not list(tmp_path.rglob("*"))


def test_nothing_that_was_played_is_written_over(tmp_path: Path) -> None:
    for name in ("wayfinding-8.avt", "wayfinding-8-2.avt", "wayfinding-8-3.avt"):
        player = walker()
        player.record(tmp_path, AGREED)
        player.close()
        assert player.path == tmp_path / name


def test_the_episode_ends_by_itself() -> None:
    player = walker(others="heuristic")
    going = [player.drive(frozenset()) for _ in range(51)]
    player.close()
    assert going == [True] * 49 + [False, False]
    assert player.source.last == player.source.length == 50


def test_what_hands_do_counts_where_somebody_tells() -> None:
    player = walker()
    player.grip = lambda: Grip(frozenset(), ("q",), (0.0, -1.0, 0.0, 0.0))
    player.drive(frozenset({"w"}))
    reading = player.source.reading(1, "walker_1")
    assert reading is not None and reading.action == "walk back, turn left"


def test_decisions_that_do_not_count_yet_are_kept_until_they_do() -> None:
    player = Player("domination", 3, others="random", overrides={"command": "order", "team": 2, "episode_steps": 60})
    pressed = iter([("x",)])
    player.grip = lambda: Grip(frozenset(), next(pressed, ()))
    player.drive(frozenset())
    notes, did = [player.note], []
    while player.source.last < 30:
        player.drive(frozenset())
        notes.append(player.note)
        reading = player.source.reading(player.source.last, "red_0")
        assert reading is not None
        did.append(reading.action)
    assert notes[0] in ("", "own: counts with the next decision")
    assert did[-1] == "order own"
    player.close()


def test_seats_that_do_not_exist_are_named() -> None:
    with pytest.raises(UserError, match="numbered from 0 to 2"):
        walker(avatar=8)
    with pytest.raises(UserError, match="no role 'pilot'"):
        Player("wayfinding", 1, role="pilot")
    with pytest.raises(UserError, match="no policy 'magic'"):
        walker(others="magic")
    with pytest.raises(UserError, match="no role 'vistor' in concierge: did you mean 'visitor'"):
        company("concierge", minds={"vistor": "random"})


def test_whoever_lives_in_a_world_plays_the_others() -> None:
    config, policies = company("concierge", minds={"visitor": "heuristic"})
    assert config == {} and {role: policy.name for role, policy in policies.items()} == {"host": "host-lstm-1", "visitor": "heuristic"}
    assert company("wayfinding", overrides={"guidance": "signs"})[1]["walker"].name == "heuristic", "nobody was trained for that"
    assert company("masks")[1]["operator"].name == "random"


def test_policies_get_the_settings_that_they_need() -> None:
    config, policies = company("domination", minds={"blue": "domination/blue-lstm-1"})
    assert config == {"command": "commander"}
    assert [policies[role].name for role in ("red", "blue")] == ["red-lstm-1", "blue-lstm-1"]
    with pytest.raises(UserError, match="plays with the settings command=commander"):
        company("domination", minds={"blue": "domination/blue-lstm-1"}, overrides={"command": "order"})


def test_a_full_disk_ends_the_recording_and_not_the_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = walker(episode_steps=200)
    player.record(tmp_path, AGREED)
    for _ in range(64):
        player.drive(frozenset({"w"}))

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(blocks, "write", full)
    while player.drive(frozenset({"w"})):
        pass
    player.close()
    assert player.source.last == 200
    assert "No space left" in player.trouble and player.note == player.trouble
    assert player.path is not None
    told = Transcript.open(player.path)
    assert (told.steps, told.complete) == (64, False)
    assert verify(player.path).ok


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"nothing can be recorded in .*file.*: give another --out"):
        walker().record(tmp_path / "file", AGREED)


LIMITED = """
import resource, sys
from pathlib import Path
from avatarium.render.play.consent import Consent
from avatarium.render.play.player import Player
player = Player("wayfinding", 8, others="random", overrides={"walkers": 3, "episode_steps": 400})
player.record(Path(sys.argv[1]), Consent("I agree", "keyboard"))
resource.setrlimit(resource.RLIMIT_FSIZE, (player.path.stat().st_size + int(sys.argv[2]),) * 2)
while player.drive(frozenset({"w"})):
    pass
player.close()
print(player.source.last, player.trouble)
"""


def test_what_fitted_on_the_disk_stays_readable(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path), "9000"], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("400 recording ended") and "File too large" in done.stdout and not done.stderr
    told = Transcript.open(tmp_path / "wayfinding-8.avt")
    assert 64 <= told.steps < 400 and told.steps % 64 == 0
    assert verify(told.path).ok
