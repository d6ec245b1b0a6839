"""Motion capture in Biovision's text format (BVH): a skeleton, then the values of its channels frame by frame.

Rotations of a joint are applied in the order of its channels, from the parent outwards; channels of position take the place of the joint's
offset (Meredith and Maddock 2001, Motion capture file formats explained, for the rest). y points up and z ahead, as is usual. The format
says nothing of units: where all joints together stand more than 10 units high, they are taken for centimetres, else for metres.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avatarium.agents.recordings import rotation
from avatarium.agents.recordings.recording import Recording, checked
from avatarium.worlds.core.errors import UserError

LARGEST = 1 << 29
"""Bytes that a file may have."""
MOST_JOINTS, MOST_CHANNELS = 1024, 6
AXES = "XYZ"
END = "End Site"
CENTIMETRES_FROM = 10.0
FEWEST_SECONDS = 1e-4


@dataclass
class Joint:
    """A joint, or the end of a limb, which has no channels."""

    name: str
    parent: int
    """Its number among the joints; -1 for the root."""
    offset: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    channels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Capture:
    """A skeleton and T frames of it."""

    joints: tuple[Joint, ...]
    """Parents come before their children."""
    values: np.ndarray  # float64 [T, C]: the channels of all joints, side by side
    frame_s: float
    """Seconds between frames."""
    cut: bool
    """Whether fewer frames are there than the file announces."""

    def poses(self) -> tuple[np.ndarray, np.ndarray]:
        """Where all joints are, float64 [T, J, 3] in the file's units, and how they are turned, [T, J, 4], by forward kinematics."""
        frames, at = len(self.values), 0
        places, turns = np.zeros((frames, len(self.joints), 3)), np.zeros((frames, len(self.joints), 4))
        for j, joint in enumerate(self.joints):
            local = np.tile(np.array(joint.offset), (frames, 1))
            turn = np.tile([0.0, 0.0, 0.0, 1.0], (frames, 1))
            for channel, values in zip(joint.channels, self.values[:, at : at + len(joint.channels)].T, strict=True):
                axis = AXES.index(channel[0])
                if channel.endswith("position"):
                    local[:, axis] = values
                else:
                    turn = rotation.after(turn, rotation.about(axis, np.radians(values)))
            at += len(joint.channels)
            if joint.parent < 0:
                places[:, j], turns[:, j] = local, turn
            else:
                above = turns[:, joint.parent]
                places[:, j] = places[:, joint.parent] + rotation.turned(above, local)
                turns[:, j] = rotation.after(above, turn)
        return places, turns


def parse(path: Path) -> Capture:
    """The skeleton and the whole frames of a file. Raises UserError, with the line, where it is no BVH."""
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path} has more than {LARGEST >> 20} MB: cut it into shorter takes")
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = _Lines(path, file)
        lines.expect("HIERARCHY")
        joints = _skeleton(lines)
        count, frame_s = _motion(lines)
        return _frames(lines, tuple(joints), count, frame_s)


class _Lines:
    """The lines that hold something, as words; remembers which number the last one had, and whether it had an end."""

    def __init__(self, path: Path, file: Iterator[str]) -> None:
        self._path, self._file, self.number, self.ended = path, file, 0, True

    def next(self) -> list[str]:
        """The words of the next line; none at the end of the file."""
        for line in self._file:
            self.number, self.ended = self.number + 1, line.endswith("\n")
            if words := line.split():
                return words
        return []

    def expect(self, *wanted: str) -> list[str]:
        """The rest of the next line, which has to begin with ``wanted``."""
        words = self.next()
        if words[: len(wanted)] != list(wanted):
            raise self.wrong(f"{' '.join(wanted)} should stand there, not {' '.join(words)[:40] or 'the end of the file'!r}")
        return words[len(wanted) :]

    def numbers(self, words: list[str], count: int) -> list[float]:
        """So many finite numbers."""
        try:
            found = [float(word) for word in words]
        except ValueError:
            found = []
        if len(found) != count or not np.isfinite(found).all():
            raise self.wrong(f"{count} numbers should stand there, not {' '.join(words)[:40]!r}")
        return found

    def wrong(self, what: str) -> UserError:
        """A sentence about the line that was read last."""
        return UserError(f"{self._path} is no motion capture (BVH) that can be read, line {self.number}: {what}")


def _skeleton(lines: _Lines) -> list[Joint]:
    name = lines.expect("ROOT")
    joints, open_ = [Joint(" ".join(name), -1)], [0]
    lines.expect("{")
    while open_:
        words = lines.next()
        match words:
            case ["OFFSET", *numbers]:
                joints[open_[-1]].offset = lines.numbers(numbers, 3)
            case ["CHANNELS", count, *names] if not joints[open_[-1]].channels and joints[open_[-1]].name != END:
                joints[open_[-1]].channels = _channels(lines, count, names)
            case ["JOINT", *name] | ["End", *name] if len(joints) < MOST_JOINTS and joints[open_[-1]].name != END:
                joints.append(Joint(END if words[0] == "End" else " ".join(name), open_[-1]))
                open_.append(len(joints) - 1)
                lines.expect("{")
            case ["}"]:
                open_.pop()
            case _:
                raise lines.wrong(f"{' '.join(words)[:40] or 'the end of the file'!r} belongs into no skeleton")
    return joints


def _channels(lines: _Lines, count: str, names: list[str]) -> list[str]:
    known = {f"{axis}{what}" for axis in AXES for what in ("position", "rotation")}
    if not count.isdecimal() or int(count) != len(names) or len(names) > MOST_CHANNELS or not known.issuperset(names):
        raise lines.wrong(f"{' '.join([count, *names])[:60]!r} are no channels of a joint")
    return names


def _motion(lines: _Lines) -> tuple[int | None, float]:
    """How many frames are announced, if that is said, and the seconds between them."""
    lines.expect("MOTION")
    words, count = lines.next(), None
    if words[:1] == ["Frames:"]:
        count = int(lines.numbers(words[1:], 1)[0])
        words = lines.next()
    if words[:2] != ["Frame", "Time:"]:
        raise lines.wrong(f"Frame Time: should stand there, not {' '.join(words)[:40]!r}")
    (frame_s,) = lines.numbers(words[2:], 1)
    if frame_s < FEWEST_SECONDS:
        raise lines.wrong(f"frames cannot be {frame_s:g} s apart")
    return count, frame_s


def _frames(lines: _Lines, joints: tuple[Joint, ...], count: int | None, frame_s: float) -> Capture:
    """Frames up to the announced number, or to the end or the last whole one of a file that was cut."""
    width = sum(len(joint.channels) for joint in joints)
    rows: list[list[float]] = []
    while (count is None or len(rows) < count) and (words := lines.next()):
        if not lines.ended and (count is None or len(words) < width or len(rows) + 1 < count):
            break  # of a file that was cut, the last number may lack digits
        rows.append(lines.numbers(words, width))
    return Capture(joints, np.array(rows).reshape(len(rows), width), frame_s, count is not None and len(rows) < count)


def read(path: Path, unit_m: float | None = None) -> Recording:
    """The movement of a capture's root and, where a joint is called so, of its head; ``unit_m``: metres of a unit, where that is known.

    The name of the file tells the subject, up to its first underscore (CMU's ``02_01.bvh``), and the rest of it the session. Raises
    UserError for other files.
    """
    told = parse(path)
    with np.errstate(all="ignore"):
        places, turns = told.poses()
        if unit_m is None:
            height = np.ptp(places[:, :, 1], axis=1).max(initial=0.0)
            unit_m = 0.01 if height > CENTIMETRES_FROM else 1.0
        places = places * unit_m
        ahead = rotation.turned(turns[:, 0], np.broadcast_to([0.0, 0.0, 1.0], places[:, 0].shape))
    named = next((j for j, joint in enumerate(told.joints) if joint.name.lower().split(":")[-1] == "head"), None)
    subject, _, rest = path.stem.partition("_")
    moved = Recording(
        subject=subject,
        session=rest or path.stem,
        time=np.arange(len(told.values)) * told.frame_s,
        x=places[:, 0, 2],
        y=places[:, 0, 0],
        heading=np.arctan2(ahead[:, 0], ahead[:, 2]),
        head=None if named is None else np.column_stack([places[:, named][:, [2, 0, 1]], turns[:, named][:, [2, 0, 1, 3]]]),
    )
    return checked(moved, str(path))
