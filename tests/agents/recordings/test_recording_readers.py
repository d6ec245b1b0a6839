"""Files of other recorders become movements: what was written is read, and of what is damaged a sentence tells."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium import agents
from avatarium.agents.play import play
from avatarium.agents.recordings import bvh, csvs, metagen, reading, transcripts
from avatarium.agents.recordings.metagen import HEAD, ROOT, Header, Node
from avatarium.agents.recordings.recording import Recording, resampled
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript


@pytest.fixture
def stream(tmp_path: Path) -> tuple[Path, Header, np.ndarray]:
    """A pose stream of 50 frames, with hands: somebody who walks ahead (z) at 1 m/s, turns right half way, and nods."""
    about = Header(1_700_000_000_000, (Node(ROOT), Node(HEAD, scale=False), Node(17)), hands=True, metacarpals=True, scale=(2.0, 2.0, 2.0))
    rng = np.random.default_rng(1)
    told = np.zeros(50, about.frame)
    told["dt"] = 40.0
    for name in ("n17", "left", "right"):
        told[name]["rotation"] = rng.normal(size=told[name]["rotation"].shape)
    told["n1"]["scale"] = 2.0
    told["n1"]["position"][:, 2] = 0.04 * np.arange(50)
    told["n1"]["rotation"][:25, 3] = 1.0
    told["n1"]["rotation"][25:] = [0.0, math.sqrt(0.5), 0.0, math.sqrt(0.5)]  # a quarter turn about y: from z to x, the right
    told["n10"]["position"] = [0.0, 0.8, 0.1]
    told["n10"]["rotation"] = [math.sin(0.25), 0.0, 0.0, math.cos(0.25)]  # half a radian about x: down, in left-handed axes
    path = tmp_path / "Plaza" / "S-1_guid" / "2" / "ID2C00_streams.dat"
    path.parent.mkdir(parents=True)
    metagen.write(path, about, told)
    return path, about, told


def test_a_stream_is_read_as_it_was_written(stream: tuple[Path, Header, np.ndarray]) -> None:
    path, about, told = stream
    with path.open("rb") as file:
        found = metagen.header(file, path)
        frames = np.concatenate(list(metagen.frames(file, found)))
    assert abs(found.began_ms - about.began_ms) < 131_072 and isinstance(found.began_ms, int), "what a float32 can tell of it"
    assert (found.nodes, found.hands, found.metacarpals, found.scale) == (about.nodes, True, True, about.scale)
    assert frames.dtype == about.frame and (frames == told).all()


def test_a_stream_becomes_a_movement_in_our_axes(stream: tuple[Path, Header, np.ndarray]) -> None:
    path, _, _ = stream
    with (path.parent / metagen.METADATA).open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["userRefId", "userId", "isPublic", "isRecording", "headDevice", "platform", "bodyNodes", "devices"])
        rows.writerow(["ID2C00", "U-somebody", "True", "True", "HTC Vive", "Windows", "Root,Head", "2"])
    (told,) = reading.read(path)
    assert (told.subject, told.session, told.place) == ("U-somebody", "S-1_guid", "Plaza")
    assert (told.device, told.platform) == ("HTC Vive", "Windows")
    assert np.allclose(told.time, 0.04 * np.arange(1, 51)) and np.allclose(told.x, 0.04 * np.arange(50)) and np.allclose(told.y, 0.0)
    assert told.heading is not None and told.head is not None
    assert np.allclose(told.heading[:25], 0.0) and np.allclose(told.heading[25:], -np.pi / 2), "right is the negative of left"
    assert np.allclose(told.head[:25, :3] - np.column_stack([told.x, told.y, np.zeros(50)])[:25], [0.2, 0.0, 1.6]), "twice as large"
    assert np.allclose(told.head[25:, :3] - np.column_stack([told.x, told.y, np.zeros(50)])[25:], [0.0, -0.2, 1.6])
    x, y, z, w = told.head[0, 3:]
    ahead = (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y))
    assert np.allclose(ahead, (math.cos(0.5), 0.0, -math.sin(0.5))), "looks ahead and down"


def test_a_stream_that_was_cut_is_read_up_to_the_cut(stream: tuple[Path, Header, np.ndarray]) -> None:
    path, about, told = stream
    whole = path.read_bytes()
    start = len(whole) - told.nbytes
    for left in (told.nbytes - 1, told.nbytes // 2, about.frame.itemsize):
        path.write_bytes(whole[: start + left])
        assert len(reading.read(path)[0]) == left // about.frame.itemsize
    path.write_bytes(whole[: start + 5])
    with pytest.raises(UserError, match="holds no moment"):
        reading.read(path)
    path.write_bytes(whole[: start - 1])
    with pytest.raises(UserError, match="is no recording"):
        reading.read(path)


def test_streams_of_other_versions(stream: tuple[Path, Header, np.ndarray]) -> None:
    path, _, _ = stream
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + (1002).to_bytes(4, "little") + whole[8:])
    with pytest.raises(UserError, match="version 1002"):
        metagen.read(path)
    old = Header(0, (Node(ROOT), Node(9, scale=False)))  # before 1000 there was neither version nor scale, and the head was node 9
    frames = np.zeros(3, old.frame)
    frames["dt"], frames["n1"]["rotation"][:, 3], frames["n1"]["scale"], frames["n9"]["position"][:, 1] = 30.0, 1.0, 1.0, 1.7
    metagen.write(path, old, frames)
    written = path.read_bytes()
    path.write_bytes(written[:4] + written[20:])
    (moved,) = reading.read(path)
    assert moved.head is not None and np.allclose(moved.head[:, 2], 1.7), "the root is as large as it is"


def test_a_stream_without_a_root_is_refused(stream: tuple[Path, Header, np.ndarray]) -> None:
    path, _, _ = stream
    for nodes in ((Node(HEAD),), (Node(ROOT, rotation=False),)):
        about = Header(0, nodes)
        metagen.write(path, about, np.zeros(3, about.frame))
        with pytest.raises(UserError, match="does not tell where its root is"):
            reading.read(path)


ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 5.0 0.0 0.0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Upper
  {
    OFFSET 0.0 1.0 0.0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT mixamorig:Head
    {
      OFFSET 1.0 0.0 0.0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0.5 0.0 0.0
      }
    }
  }
}
MOTION
Frames: 3
Frame Time: 0.05
0 0 0  0 0 0  0 0 0  0 0 0
1 2 3  0 0 90  0 0 0  0 0 0
1 2 3  0 0 90  90 0 0  0 90 0
"""


def test_forward_kinematics_of_a_skeleton(tmp_path: Path) -> None:
    path = tmp_path / "anna_take-3.bvh"
    path.write_text(ARM)
    told = bvh.parse(path)
    places, _ = told.poses()
    assert [joint.name for joint in told.joints] == ["Hips", "Upper", "mixamorig:Head", "End Site"] and not told.cut
    assert np.allclose(places[0], [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1.5, 1, 0]]), "the channels take the place of the root's offset"
    assert np.allclose(places[1], [[1, 2, 3], [1, 3, 3], [1, 3, 2], [1, 3, 1.5]]), "turned about y: x goes to -z"
    assert np.allclose(places[2], [[1, 2, 3], [1, 3, 3], [1, 4, 3], [1, 4.5, 3]]), "and the arm about z: up"
    (moved,) = reading.read(path)
    assert (moved.subject, moved.session) == ("anna", "take-3") and np.allclose(moved.time, [0, 0.05, 0.1])
    assert np.allclose(moved.x, [0, 3, 3]) and np.allclose(moved.y, [0, 1, 1]), "ahead is z, left is x"
    assert moved.heading is not None and np.allclose(moved.heading, [0, np.pi / 2, np.pi / 2])
    assert moved.head is not None and np.allclose(moved.head[:, :3], [[0, 1, 1], [2, 1, 3], [3, 1, 4]])


def test_the_units_of_a_capture_are_told_by_its_height(tmp_path: Path) -> None:
    path = tmp_path / "tall.bvh"
    path.write_text(ARM.replace("0.0 1.0 0.0", "0.0 170.0 0.0"))
    assert np.allclose(bvh.read(path).x, [0, 0.03, 0.03]) and np.allclose(bvh.read(path, unit_m=1.0).x, [0, 3, 3])


@pytest.mark.parametrize("left", [10, 28, 29, 40, 59, 80])
def test_a_capture_that_was_cut_is_read_up_to_its_last_frame(left: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.bvh"
    start = ARM.index("0.05\n") + 5
    path.write_text(ARM[: start + left])
    told = bvh.parse(path)
    assert told.cut and len(told.values) == ARM[start : start + left].count("\n"), "a line without its end may lack digits"
    path.write_text(ARM.removesuffix("\n"))
    assert not bvh.parse(path).cut and len(bvh.parse(path).values) == 3


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("ROOT Hips", "JOINT Hips", "line 2: ROOT should stand there"),
        ("OFFSET 0.0 1.0 0.0", "OFFSET 0.0 1.0", "line 8: 3 numbers should stand there"),
        ("CHANNELS 3 Zrotation Xrotation Yrotation\n    JOINT", "CHANNELS 3 Zrotation Wrotation Yrotation\n    JOINT", "line 9: "),
        ("Frame Time: 0.05", "Frame Time: 0", "cannot be 0 s apart"),
        ("1 2 3  0 0 90  0 0 0  0 0 0", "1 2 3  0 0 90  0 0 0  0 0 nan", "line 25: 12 numbers should stand there"),
        ("}\nMOTION", "MOTION", "belongs into no skeleton"),
    ],
)
def test_the_line_of_a_damaged_capture_is_told(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.bvh"
    assert old in ARM
    path.write_text(ARM.replace(old, new, 1))
    with pytest.raises(UserError, match=sentence):
        reading.read(path)


def test_tables_of_places(tmp_path: Path) -> None:
    path = tmp_path / "mall.csv"
    path.write_text("user_id,timestamp,x,y\nb,20,1,1\na,0,0,0\na,10,1,2\na,2000,5,5\na,2010,6,6\nb,10,0,0\nb,20,9,9\n")
    found = {(one.subject, one.session): one for one in reading.read(path)}
    assert set(found) == {("a", "mall/0"), ("a", "mall/1"), ("b", "mall/0")}, "whoever is away for long begins another session"
    assert found["b", "mall/0"].x.tolist() == [0, 1] and found["b", "mall/0"].time.tolist() == [0, 10], "sorted, and each moment once"
    assert found["a", "mall/1"].time.tolist() == [0, 10] and found["a", "mall/1"].began_ms is None
    path.write_text("user_id,timestamp,x,y\na,2027-03-01T12:00:00,0,0\na,2027-03-01T12:00:10Z,1,2\n")
    (dated,) = csvs.read(path)
    assert dated.time.tolist() == [0, 10] and dated.began_ms == 1_803_902_400_000


@pytest.mark.parametrize(
    ("row", "sentence"),
    [("a,1,2", "line 3: 3 values"), ("a,soon,1,2", "'soon' is neither"), ("a,1,left,2", "is no place"), ("a,inf,1,2", "has to be finite")],
)
def test_the_line_of_a_damaged_table_is_told(row: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "mall.csv"
    path.write_text(f"user_id,timestamp,x,y\na,0,0,0\n{row}\n")
    with pytest.raises(UserError, match=sentence):
        reading.read(path)


def test_transcripts_tell_where_everybody_was(tmp_path: Path) -> None:
    config = {"walkers": 2, "crowd": 1, "episode_steps": 60}
    (path,) = play("wayfinding", {"walker": agents.load("random", "wayfinding", "walker", **config)}, [3], tmp_path, config)
    found, told = reading.read(path), Transcript.open(path)
    assert [(one.subject, one.person, len(one), one.role) for one in found] == [("random", False, 60, "walker")] * 2
    for number, one in enumerate(found):
        avatar = told.state(17).avatars[0, number]
        assert one.x[17] == avatar["x"] and one.heading is not None and one.heading[17] == avatar["heading"]
        assert (one.channels["action"][17].nonzero()[0] == told.data["actions.walker"][17, number] + [0, 5]).all(), "a column per choice"
    (path,) = play("masks", {"operator": agents.load("random", "masks", "operator")}, [3], tmp_path)
    with pytest.raises(UserError, match="have no bodies"):
        transcripts.read(path)


def test_movements_at_even_times() -> None:
    time = np.array([3.0, 3.1, 3.35, 4.0])
    turn = np.array([3.0, 3.1, -3.1, -3.0])  # on over the half turn
    head = np.zeros((4, 7))
    head[:, 6] = [1.0, 1.0, -1.0, 1.0]  # the same rotation throughout
    even = resampled(Recording("a", "s", time, 2 * time, -time, turn, head, {"word": np.arange(4, dtype=np.float32)[:, None]}), 10.0)
    assert np.allclose(even.time, np.arange(11) / 10) and np.allclose(even.x, 6 + 2 * even.time) and np.allclose(even.y, -3 - even.time)
    assert even.heading is not None and (np.abs(even.heading) >= 3.0 - 1e-9).all(), "never by way of 0"
    assert even.head is not None and np.allclose(np.abs(even.head[:, 6]), 1.0)
    assert len(even.channels["word"]) == 11


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Beginnings that make a reader read on."""
    path = tmp_path_factory.mktemp("starts") / "x_streams.dat"
    about = Header(0, (Node(ROOT), Node(HEAD)), hands=True)
    metagen.write(path, about, np.zeros(2, about.frame))
    return {"metagen": path.read_bytes(), "bvh": ARM.encode(), "csv": b"user_id,timestamp,x,y\na,1,2,3\n", "avt": b"AVT1", "none": b""}


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(["metagen", "bvh", "csv", "avt", "none"]),
    keep=st.integers(0, 700),
    rest=st.binary(max_size=400),
    flip=st.integers(0, 700),
)
def test_rubbish_is_refused_in_a_sentence(
    start: str, keep: int, rest: bytes, flip: int, starts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(starts[start][:keep] + rest)
    if flip < len(content):
        content[flip] ^= 0x5A
    path = tmp_path_factory.getbasetemp() / "rubbish"
    path.write_bytes(bytes(content))
    try:
        for told in reading.read(path):
            assert len(told) and np.isfinite(told.x).all() and (np.diff(told.time) > 0).all()
    except UserError as refusal:
        assert str(path) in str(refusal) and "\n" not in str(refusal)


def test_folders_hold_the_files_of_all_recorders(stream: tuple[Path, Header, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "take.bvh").write_text(ARM)
    (tmp_path / "other.csv").write_text("user_id,timestamp,x,y\na,0,0,0\n")
    (tmp_path / "note.txt").write_text("hello")
    assert [path.name for path in reading.files([tmp_path])] == ["ID2C00_streams.dat", "other.csv", "take.bvh"]
    with pytest.raises(UserError, match="is no recording"):
        reading.read(tmp_path / "note.txt")
    with pytest.raises(UserError, match="cannot read"):
        reading.read(tmp_path / "nowhere.bvh")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="there are no recordings"):
        reading.files([tmp_path / "empty"])
