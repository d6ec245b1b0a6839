"""The data of a replay page: what is unpacked is what was there, within the stated steps, and it stays small."""

import base64
import itertools
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render.viewer.source import Replay
from avatarium.render.web import packing
from avatarium.render.web.memory import NEAR, REWARD
from avatarium.render.web.replay import parcel, rows_of
from avatarium.render.web.tracks import SPEED_M_S, TURN, UNIT_M, Sentences, Spans, Words, sentence
from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript

Opened = tuple[dict[str, Any], dict[str, np.ndarray]]


def recorded(folder: Path, world: str, **config: Any) -> Path:
    """A transcript of a world played by its heuristic."""
    batch: Batch = worlds.make_batch(world, autoreset=False, **config)
    observation = batch.reset([5])
    recorder = Recorder(folder, batch, [5], dict.fromkeys(batch.roles, "heuristic"))
    assert batch.spec.heuristic is not None
    while not batch.ended[0]:
        actions = {name: batch.spec.heuristic(name, observation[name][0], batch.config)[None] for name in batch.roles}
        observation = batch.step(actions).observation
        recorder.step()
    recorder.close()
    return recorder.paths[0]


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transcript of commons: fruit comes and goes."""
    return recorded(tmp_path_factory.mktemp("garden"), "commons", pickers=4, episode_steps=80)


@pytest.fixture(params=["episode", "garden"])
def told(request: pytest.FixtureRequest) -> Transcript:
    """Each transcript in turn."""
    return Transcript.open(request.getfixturevalue(request.param))


@pytest.fixture
def opened(told: Transcript) -> Opened:
    """Its parcel, unpacked."""
    return packing.unpack(parcel(told))


def there(table: np.ndarray, t: int) -> list[tuple[int, ...]]:
    """The rows of a table of spans that are there at frame t, sorted."""
    return sorted(map(tuple, table[(table[:, 0] <= t) & (t < table[:, 1]), 2:].tolist()))


def test_columns_come_back_as_they_were() -> None:
    rng = np.random.default_rng(0)
    columns = {
        "bytes": rng.integers(0, 256, (9, 4, 3)).astype(np.uint8),
        "pairs": rng.integers(0, 65536, (9, 2)).astype(np.uint16),
        "long": rng.integers(-(2**31), 2**31, (9, 5)).astype(np.int32),
        "none": np.zeros((0, 5), np.int32),
        "narrow": np.zeros((9, 0), np.int32),
    }
    head, found = packing.unpack(packing.pack({"title": "Tür – 门"}, columns))
    assert head == {"schema": packing.SCHEMA, "title": "Tür – 门"}
    for name, column in columns.items():
        assert found[name].dtype == column.dtype
        np.testing.assert_array_equal(found[name], column)


def test_a_damaged_parcel_is_noticed() -> None:
    whole = packing.pack({}, {"bytes": np.arange(200, dtype=np.uint8).reshape(20, 10)})
    with pytest.raises(zlib.error):
        packing.unpack(whole[:-9])
    with pytest.raises(zlib.error):
        packing.unpack(whole[:30] + bytes([whole[30] ^ 1]) + whole[31:])


def test_figures_are_where_they_were(told: Transcript, opened: Opened) -> None:
    head, columns = opened
    assert len(columns["here"]) == told.steps + 1
    for t in range(0, told.steps + 1, 7):
        scene = told.scene(t)
        assert [head["names"][a] for a in np.flatnonzero(columns["here"][t])] == sorted(scene.names, key=head["names"].index)
        for name, me in zip(scene.names, scene.figures, strict=True):
            a = head["names"].index(name)
            at = columns["place"][t, a] * UNIT_M + head["bounds"][:2]
            assert at == pytest.approx([me["x"], me["y"]], abs=0.51 * UNIT_M)
            turn = columns["heading"][t, a] / TURN * 2 * np.pi - me["heading"]
            assert abs(np.remainder(turn + np.pi, 2 * np.pi) - np.pi) < 0.51 * 2 * np.pi / TURN
            assert columns["speed"][t, a] * SPEED_M_S == pytest.approx(me["speed"], abs=0.51 * SPEED_M_S)
            assert [columns[what][t, a] for what in ("colour", "gesture", "word")] == [me["colour"], me["gesture"], me["word"]]


def test_what_comes_and_goes_is_there_when_it_was(told: Transcript, opened: Opened) -> None:
    head, columns = opened
    words = Words()
    for text in head["texts"]:
        words.number(text)
    for t in range(told.steps + 1):
        for name, rows in rows_of(told.scene(t), np.array(head["bounds"][:2]), words).items():
            assert there(columns[name], t) == sorted(map(tuple, rows.tolist()))
    assert words.texts == head["texts"]


def test_fruit_comes_and_goes(garden: Path) -> None:
    _, columns = packing.unpack(parcel(Transcript.open(garden)))
    counts = {len(there(columns["spots"], t)) for t in range(81)}
    assert len(counts) > 1


def test_notes_are_told_word_by_word(told: Transcript, opened: Opened) -> None:
    head, columns = opened
    for t in range(0, told.steps + 1, 5):
        for key, note in told.scene(t).notes.items():
            k = head["notes"].index(key)
            pattern = head["patterns"][columns["pattern"][t, k] - 1]
            assert sentence(pattern, columns["numbers"][t, k].tolist()) == note


def test_events_show_with_the_frame_after_their_step(told: Transcript, opened: Opened) -> None:
    _, columns = opened
    assert columns["events"][:, 0].tolist() == (told.events["step"] + 1).tolist()
    assert columns["events"][:, 1:].tolist() == [[e["kind"], e["who"], e["whom"]] for e in told.events]


def test_agents_have_the_rewards_and_senses_that_the_viewer_shows(episode: Path) -> None:
    told = Transcript.open(episode)
    head, columns = packing.unpack(parcel(told))
    source, role = Replay(told), head["roles"]["walker"]
    for t, a in itertools.product((0, 1, 40, told.steps), range(3)):
        reading = source.reading(t, f"walker_{a}")
        assert reading is not None
        terms = columns["walker.terms"][t, a] * REWARD
        assert dict(zip(role["terms"], terms, strict=True)) == pytest.approx(reading.terms, abs=REWARD)
        assert columns["walker.near"][t, a] / NEAR == pytest.approx(reading.features["nearness"], abs=0.51 / NEAR)
        sight = reading.sight(0.0)
        assert sight is not None
        assert tuple(("nothing", "wall", "avatar", "object")[k] for k in columns["walker.met"][t, a]) == sight.met
        actions = zip(role["heads"], columns["walker.actions"][t, a].tolist(), strict=True)
        spoken = ", ".join(f"{name} {choices[k]}" for (name, choices), k in actions if k) or "stand"
        assert spoken == reading.action or t == 0


def test_rows_that_stay_are_told_once() -> None:
    spans = Spans(2)
    for rows in ([[1, 2], [1, 2], [3, 4]], [[3, 4], [1, 2]], [[3, 4], [1, 2]], [[1, 2], [1, 2]], []):
        spans.note(np.array(rows, np.int32).reshape(-1, 2))
    assert spans.table().tolist() == [[0, 1, 1, 2], [0, 3, 3, 4], [0, 4, 1, 2], [3, 4, 1, 2]]


@pytest.mark.parametrize(
    "text", ["to room 12, 0.50 m left", "007 has 1000000 points, +0.0 and -1.25", "", "no number", "1.2345 and 3.", "…"]
)
def test_sentences_come_back_as_they_were(text: str) -> None:
    told = Sentences()
    told.note({"who": text})
    columns = told.columns()
    assert sentence(told.patterns.texts[columns["pattern"][0, 0] - 1], columns["numbers"][0, 0].tolist()) == text


def test_a_long_replay_of_eight_stays_small(episode: Path) -> None:
    """600 steps of eight avatars may add 150 kB to a page; 70 steps of three, less than their share and half as much again."""
    size = len(base64.b64encode(parcel(Transcript.open(episode))))
    assert size < 1.5 * 150_000 * (70 * 3) / (600 * 8) + 4000


def test_a_level_may_change(scene: Scene, episode: Path, moved: Callable[[Scene, int, float, float], Scene]) -> None:
    told = Transcript.open(episode)
    opened_door = replace(scene, boxes=scene.boxes[:-1], box_kinds=scene.box_kinds[:-1], floor_tints=np.array([2, 1], np.uint8))
    told.scene = lambda t: moved(scene if t < 30 else opened_door, 0, 1.0 + t * 0.1, 2.5)  # type: ignore[method-assign]
    _, columns = packing.unpack(parcel(told))
    assert [len(there(columns["boxes"], t)) for t in (0, 29, 30, 70)] == [7, 7, 6, 6]
    assert there(columns["floors"], 29) != there(columns["floors"], 30)
    assert len(columns["boxes"]) == 7
