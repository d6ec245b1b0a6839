"""Pose streams of MetaGen, the recorder of the virtual world NeosVR: ``<user>_streams.dat`` beside ``user_metadata.csv``, read and written.

Little-endian: the time it began (float32, milliseconds since 1970), version 1001 (int32), relative scale of the avatar (3 float32), how
many nodes (int32), for each its body node (int32) and whether it has scale, position and rotation (3 bytes), whether hands are tracked and
whether with metacarpals (2 bytes). Then frame after frame: milliseconds since the last one (float32), for each node what it has (3 + 3 + 4
float32, quaternions x, y, z, w), and, where hands are tracked, for 23 nodes of the left and of the right hand one byte and a quaternion.
Files from before version 1000 have neither version nor scale. The root stands in the world, other nodes are told relative to it; y points
up, z ahead, x to the right.

A float32 tells milliseconds of our years to 131 s only, which is how well the beginning is known. We keep times as int64.
"""

import csv
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from avatarium.agents.recordings import rotation
from avatarium.agents.recordings.recording import Recording, checked
from avatarium.worlds.core.errors import UserError

VERSION = 1001
ROOT, HEAD, LEFT_HAND, RIGHT_HAND = 1, 10, 17, 46
"""Body nodes of version 1001."""
OLD = {9: HEAD, 16: LEFT_HAND, 45: RIGHT_HAND}
"""Body nodes of files from before, where they had another number."""
FINGERS = 23
"""Nodes of a hand for which there are rotations."""
MOST_NODES = 79
"""Body nodes that there are."""
METADATA = "user_metadata.csv"
_HEAD, _SCALE, _NODE = struct.Struct("<fi"), struct.Struct("<fffi"), struct.Struct("<i???")
_CHUNK = 1024


@dataclass(frozen=True)
class Node:
    """What a frame holds of one body node."""

    number: int
    scale: bool = True
    position: bool = True
    rotation: bool = True

    @property
    def fields(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """As fields of a NumPy dtype."""
        kept = ((self.scale, "scale", 3), (self.position, "position", 3), (self.rotation, "rotation", 4))
        return [(name, "<f4", (size,)) for there, name, size in kept if there]


@dataclass(frozen=True)
class Header:
    """What a stream says before its first frame."""

    began_ms: int
    nodes: tuple[Node, ...]
    hands: bool = False
    metacarpals: bool = False
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def frame(self) -> np.dtype:
        """A frame: ``dt`` (ms), ``n<number>`` with scale, position and rotation of each node, ``left`` and ``right`` hand."""
        finger = np.dtype([("ok", "?"), ("rotation", "<f4", (4,))])
        hands = [(side, finger, (FINGERS,)) for side in ("left", "right")] if self.hands else []
        return np.dtype([("dt", "<f4"), *((f"n{node.number}", node.fields) for node in self.nodes), *hands])


def header(file: BinaryIO, path: Path) -> Header:
    """Read the beginning of a stream. Raises UserError where it is none, or where that is cut."""
    began, version = _HEAD.unpack(_exactly(file, _HEAD.size, path))
    count, scale = version, [1.0, 1.0, 1.0]
    if version >= 1000:
        if version != VERSION:
            raise UserError(f"{path} is a pose stream of version {version}; versions before 1000 and {VERSION} can be read")
        *scale, count = _SCALE.unpack(_exactly(file, _SCALE.size, path))
    if not 0 < count <= MOST_NODES or not 0.0 <= began < 2**53 or not np.isfinite(scale).all():
        raise UserError(f"{path} is not a pose stream of MetaGen: its beginning makes no sense")
    nodes = []
    for _ in range(count):
        number, *there = _NODE.unpack(_exactly(file, _NODE.size, path))
        nodes.append(Node(number if version >= 1000 else OLD.get(number, number), *there))
    if len({node.number for node in nodes}) < count or not all(0 <= node.number <= MOST_NODES + 1 for node in nodes):
        raise UserError(f"{path} is not a pose stream of MetaGen: it lists body nodes that there are not, or lists one twice")
    hands, metacarpals = struct.unpack("<??", _exactly(file, 2, path))
    return Header(round(began), tuple(nodes), hands, metacarpals, (scale[0], scale[1], scale[2]))


def frames(file: BinaryIO, about: Header) -> Iterator[np.ndarray]:
    """The frames that follow, some at a time, as ``about.frame``; a frame that is cut, and with it the end of the file, is left out."""
    kind = about.frame
    while data := file.read(_CHUNK * kind.itemsize):
        whole = len(data) // kind.itemsize
        if whole:
            yield np.frombuffer(data[: whole * kind.itemsize], kind)


def write(path: Path, about: Header, told: np.ndarray) -> None:
    """Write a stream of the frames ``told`` (``about.frame`` [T]), as MetaGen would."""
    with path.open("wb") as file:
        file.write(_HEAD.pack(float(about.began_ms), VERSION) + _SCALE.pack(*about.scale, len(about.nodes)))
        for node in about.nodes:
            file.write(_NODE.pack(node.number, node.scale, node.position, node.rotation))
        file.write(struct.pack("<??", about.hands, about.metacarpals))
        file.write(np.ascontiguousarray(told, about.frame).tobytes())


def read(path: Path) -> Recording:
    """The movement of a stream's root and head, up to where the file was cut.

    The file's name tells the subject and, where it is there, ``user_metadata.csv`` beside it tells more; the folders tell session and
    world. Raises UserError for other files.
    """
    with path.open("rb") as file:
        about = header(file, path)
        told = list(frames(file, about))
    found = np.concatenate(told) if told else np.zeros(0, about.frame)
    nodes = {node.number: node for node in about.nodes}
    root = nodes.get(ROOT)
    if root is None or not (root.position and root.rotation):
        raise UserError(f"{path} does not tell where its root is and how it is turned: nothing can be made of it")
    with np.errstate(all="ignore"):  # of numbers that are none, ``checked`` tells
        return checked(_moved(path, about, found, nodes), str(path))


def _moved(path: Path, about: Header, found: np.ndarray, nodes: dict[int, Node]) -> Recording:
    place, spin = found["n1"]["position"].astype(np.float64), rotation.unit(found["n1"]["rotation"].astype(np.float64))
    ahead = rotation.turned(spin, np.broadcast_to([0.0, 0.0, 1.0], place.shape))
    size = found["n1"]["scale"].astype(np.float64) if nodes[ROOT].scale else np.ones_like(place)
    user = _user(path)
    session = path.absolute().parent
    if session.name.isdigit():  # a section: another one begins when somebody leaves, but the session goes on
        session = session.parent
    return Recording(
        subject=user.get("userId") or path.name.removesuffix("_streams.dat"),
        session=session.name,
        time=np.cumsum(np.maximum(found["dt"].astype(np.float64), 1e-3)) / 1000,
        x=place[:, 2],
        y=-place[:, 0],
        heading=np.arctan2(-ahead[:, 0], ahead[:, 2]),
        head=_head(found, nodes, place, spin, size),
        device=user.get("headDevice", ""),
        platform=user.get("platform", ""),
        place=session.parent.name,
        began_ms=about.began_ms,
    )


def _head(found: np.ndarray, nodes: dict[int, Node], place: np.ndarray, spin: np.ndarray, size: np.ndarray) -> np.ndarray | None:
    """The head in the world, float64 [T, 7], in our axes: z up."""
    node = nodes.get(HEAD)
    if node is None or not (node.position and node.rotation):
        return None
    own = found[f"n{HEAD}"]
    at = place + rotation.turned(spin, size * own["position"].astype(np.float64))
    turn = rotation.unit(rotation.after(spin, own["rotation"].astype(np.float64)))
    # MetaGen's axes are left-handed: as mirrors do, going over to ours turns rotations the other way round
    return np.column_stack([at[:, 2], -at[:, 0], at[:, 1], -turn[:, 2], turn[:, 0], -turn[:, 1], turn[:, 3]])


def _user(path: Path) -> dict[str, str]:
    """What ``user_metadata.csv`` beside a stream says of its user; nothing where it is not there or does not mention them."""
    try:
        with (path.parent / METADATA).open(newline="", encoding="utf-8", errors="replace") as file:
            mine = path.name.removesuffix("_streams.dat")
            return next((dict(row) for row in csv.DictReader(file) if row.get("userRefId") == mine), {})
    except (OSError, csv.Error):
        return {}


def _exactly(file: BinaryIO, size: int, path: Path) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise UserError(f"{path} is not a pose stream of MetaGen, or was cut before its first frame")
    return data
