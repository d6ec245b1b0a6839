"""Transcripts: exact, verifiable, readable up to a cut, and clear about what is wrong with them."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from avatarium.agents import load
from avatarium.agents.play import Seat, play
from avatarium.agents.policy import Turn
from avatarium.worlds import UserError, make_batch
from avatarium.worlds.core import blocks
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript, verify


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One short episode of the heuristic."""
    heuristic = load("heuristic", "wayfinding", "walker")
    folder = tmp_path_factory.mktemp("transcripts")
    return play("wayfinding", {"walker": heuristic}, [11, 12], folder, {"episode_steps": 200, "crowd": 2})[0]


def edited(path: Path, to: Path, tag: bytes, change: bytes) -> Path:
    """A copy whose first block of a kind holds ``change`` instead, with a right checksum."""
    out = bytearray(blocks.MAGIC)
    for name, content in blocks.read(path):
        packed = zlib.compress(change if name == tag else content)
        tag = b"" if name == tag else tag
        out += struct.pack("<4sII", name, len(packed), zlib.crc32(packed)) + packed
    to.write_bytes(out)
    return to


def test_a_transcript_is_what_the_world_does(recorded: Path) -> None:
    told = Transcript.open(recorded)
    assert (told.steps, told.complete, told.header["policies"]) == (200, True, {"walker": "heuristic"})
    assert told.frame("avatars").shape == (201, 10) and told.rewards["walker"].shape == (200, 8)
    assert told.tail is not None and told.tail["digest"] == told.digest
    verdict = verify(recorded)
    assert verdict.ok and verdict.steps == 200


def test_it_gives_back_states_events_and_scenes(recorded: Path) -> None:
    told = Transcript.open(recorded)
    batch = make_batch("wayfinding", episode_steps=200, crowd=2, autoreset=False)
    batch.reset([11])
    for t in range(120):
        batch.step({"walker": told.actions(t)["walker"][None]})
    assert told.state(120).avatars.tobytes() == batch.state.avatars.tobytes()
    assert told.scene(120).figures.tobytes() == batch.spec.scene(batch.state, batch.config, 0).figures.tobytes()
    assert len(told.events) == batch.events.tally["count"].sum() + (told.events["step"] >= 120).sum()


def test_a_cut_file_is_read_up_to_its_last_whole_chunk(recorded: Path, tmp_path: Path) -> None:
    data = recorded.read_bytes()
    steps = []
    for share in (0.3, 0.6, 0.9):
        cut = tmp_path / "cut.avt"
        cut.write_bytes(data[: int(len(data) * share)])
        told = Transcript.open(cut)
        assert not told.complete and told.steps % 64 == 0
        verdict = verify(cut)
        assert verdict.ok and "cut" in verdict.message
        steps.append(told.steps)
    assert steps == sorted(steps) and steps[-1] > 0


def test_a_flipped_bit_is_found(recorded: Path, tmp_path: Path) -> None:
    data = bytearray(recorded.read_bytes())
    data[len(data) // 2] ^= 1
    flipped = tmp_path / "flipped.avt"
    flipped.write_bytes(data)
    assert not Transcript.open(flipped).complete


def test_a_forged_action_is_found(recorded: Path, tmp_path: Path) -> None:
    chunk = next(content for tag, content in blocks.read(recorded) if tag == blocks.STEPS)
    forged = bytearray(chunk)
    forged[4] ^= 1
    verdict = verify(edited(recorded, tmp_path / "forged.avt", blocks.STEPS, bytes(forged)))
    assert not verdict.ok and "at step" in verdict.message


def test_files_that_are_none_are_named_so(recorded: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.avt"
    other.write_bytes(b"not one")
    with pytest.raises(UserError, match="not a transcript"):
        Transcript.open(other)
    with pytest.raises(UserError, match="cannot read"):
        Transcript.open(tmp_path / "absent.avt")
    other.write_bytes(recorded.read_bytes()[:200])
    with pytest.raises(UserError, match="beginning cannot be read"):
        Transcript.open(other)
    header = json.loads(next(content for tag, content in blocks.read(recorded) if tag == blocks.HEAD))
    future = edited(recorded, tmp_path / "future.avt", blocks.HEAD, json.dumps(header | {"schema": 99}).encode())
    with pytest.raises(UserError, match="schema 99"):
        Transcript.open(future)
    with pytest.raises(UserError, match="damaged"):
        Transcript.open(edited(recorded, tmp_path / "rubbish.avt", blocks.HEAD, b"no json"))
    older = edited(recorded, tmp_path / "older.avt", blocks.HEAD, json.dumps(header | {"version": 0}).encode())
    with pytest.raises(UserError, match="recorded with version 0"):
        _ = Transcript.open(older).spec


def test_a_bomb_is_not_unpacked(recorded: Path, tmp_path: Path) -> None:
    bomb = edited(recorded, tmp_path / "bomb.avt", blocks.STEPS, bytes(blocks.LARGEST + 1))
    assert Transcript.open(bomb).steps == 0


def test_folding_gives_back_the_bytes() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (64, 33), np.uint8)
    found = np.zeros_like(rows)
    blocks.unfold(blocks.fold(rows), found)
    assert np.array_equal(found, rows)


def test_only_a_batch_that_stops_can_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="autoreset=False"):
        Recorder(tmp_path, make_batch("wayfinding"), [0])


def test_what_was_played_before_an_interruption_is_kept(tmp_path: Path) -> None:
    batch = make_batch("wayfinding", autoreset=False)
    batch.reset([4])
    recorder = Recorder(tmp_path, batch, [4])
    for _ in range(70):
        batch.step({"walker": np.zeros((1, 8, 2), np.int32)})
        recorder.step()
    assert Transcript.open(recorder.paths[0]).steps == 64
    recorder.close()
    told = Transcript.open(recorder.paths[0])
    assert told.steps == 70 and told.complete and verify(recorder.paths[0]).ok


class Telling:
    """A policy that tells where it is in the episode, as fractions that do not repeat."""

    name, tells = "telling", ("value", "entropy")
    told: dict[str, np.ndarray] = {}  # noqa: RUF012

    def initial_state(self, rows: int) -> tuple[np.ndarray, ...]:
        return ()

    def step(self, turn: Turn, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        clock = turn.batch.clock[turn.envs]
        self.told = {"value": (np.sin(clock) + turn.avatars).astype(np.float32), "entropy": np.float32(0.1) * turn.observation[:, 0]}
        return np.zeros((len(clock), 2), np.int32), ()


def test_policies_are_heard_and_change_nothing(tmp_path: Path) -> None:
    """Read-outs lie beside what happened: the digest is that of an episode in which nobody told anything."""
    config = {"episode_steps": 150}
    told = Transcript.open(play("wayfinding", {"walker": Telling()}, [11], tmp_path / "told", config)[0])
    assert told.header["readouts"] == {"walker": ["value", "entropy"]}
    values = told.readouts["walker"]["value"]
    assert values.dtype == np.float32 and values.shape == (150, 8)
    assert np.array_equal(values, (np.sin(np.arange(150))[:, None] + np.arange(8)).astype(np.float32))
    silent = Telling()
    silent.tells, silent.told = (), {}
    still = Transcript.open(play("wayfinding", {"walker": silent}, [11], tmp_path / "still", config)[0])
    assert still.readouts == {} and still.digest == told.digest and verify(told.path).ok


def test_readers_that_know_no_read_outs_skip_them(tmp_path: Path) -> None:
    """Their blocks have a tag of their own, and whoever meets an unknown tag passes over it."""
    (path,) = play("wayfinding", {"walker": Telling()}, [11], tmp_path, {"episode_steps": 150})
    out = bytearray(path.read_bytes())
    for tag, unknown in ((blocks.TOLD, b"XXXX"), (b"readouts", b"mysteria")):
        out = out.replace(tag, unknown)
    other = tmp_path / "other.avt"
    other.write_bytes(out)
    assert Transcript.open(other).digest == Transcript.open(path).digest and verify(other).ok


def test_files_from_before_there_were_read_outs_are_read(recorded: Path, tmp_path: Path) -> None:
    header = json.loads(next(content for tag, content in blocks.read(recorded) if tag == blocks.HEAD))
    older = {name: value for name, value in header.items() if name not in ("minds", "readouts")}
    told = Transcript.open(edited(recorded, tmp_path / "older.avt", blocks.HEAD, json.dumps(older).encode()))
    assert told.readouts == {} and told.digest == Transcript.open(recorded).digest and verify(told.path).ok


def test_what_was_told_of_steps_that_were_cut_off_is_not_made_up(tmp_path: Path) -> None:
    (path,) = play("wayfinding", {"walker": Telling()}, [11], tmp_path, {"episode_steps": 150})
    whole, data = Transcript.open(path).readouts["walker"]["value"], path.read_bytes()
    cut = tmp_path / "cut.avt"
    cut.write_bytes(data[: data.rindex(blocks.TOLD)])
    told = Transcript.open(cut)
    values = told.readouts["walker"]["value"]
    assert told.steps == 150 and np.array_equal(values[:128], whole[:128]) and np.isnan(values[128:]).all()


def test_read_outs_that_do_not_fit_are_damage(tmp_path: Path) -> None:
    (path,) = play("wayfinding", {"walker": Telling()}, [11], tmp_path, {"episode_steps": 60})
    for change in (struct.pack("<II", 0, 1 << 31), struct.pack("<II", 1 << 31, 60), struct.pack("<II", 0, 60) + bytes(7), b""):
        damaged = Transcript.open(edited(path, tmp_path / "damaged.avt", blocks.TOLD, change))
        assert damaged.steps == 60
        with pytest.raises(UserError, match="its read-outs do not fit"):
            _ = damaged.readouts


def test_a_chunk_that_says_it_is_longer_than_it_is_takes_no_memory(recorded: Path, tmp_path: Path) -> None:
    chunk = next(content for tag, content in blocks.read(recorded) if tag == blocks.STEPS)
    with pytest.raises(UserError, match="damaged"):
        Transcript.open(edited(recorded, tmp_path / "long.avt", blocks.STEPS, struct.pack("<I", 2**32 - 1) + chunk[4:]))


def test_those_who_are_absent_tell_nothing() -> None:
    batch = make_batch("wayfinding", autoreset=False)
    batch.reset([4])
    batch.present["walker"][0, 3] = False
    seat = Seat(batch, "walker", Telling(), [4])
    batch.step({"walker": seat.act()})
    for values in seat.readouts().values():
        assert np.flatnonzero(np.isnan(values[0])).tolist() == [3]


@pytest.mark.parametrize("content", [b"", b"a", bytes(100_000), np.random.default_rng(0).bytes(100_000)])
def test_either_packer_is_read_by_everybody(content: bytes) -> None:
    """Also by a browser, which knows zlib's format."""
    for pack in (blocks.packing(), blocks.by_zlib):
        assert zlib.decompress(pack(content)) == content
