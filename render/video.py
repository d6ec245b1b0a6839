"""Pictures and films on disk."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from avatarium.worlds.core.errors import UserError, need


def save_picture(path: Path, frame: np.ndarray) -> None:
    """Write uint8 [H, W, 3] as PNG or JPEG, by the file's suffix. Raises UserError for other suffixes and places that cannot be written."""
    image = need("PIL.Image", "render")
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise UserError(f"{path} has to end in .png or .jpg")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.fromarray(frame).save(path, optimize=True)
    except OSError as failure:
        raise UserError(f"cannot write {path}: {failure.strerror or failure}") from failure


class Film:
    """An MP4 being written frame by frame: H.264 by PyAV, whose wheel holds the encoder. Use it as a context manager."""

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        av = need("av", "render")
        if path.suffix.lower() != ".mp4":
            raise UserError(f"{path} has to end in .mp4")
        if width % 2 or height % 2:
            raise UserError(f"a film of {width} x {height} pixels cannot be encoded: width and height have to be even")
        self._av, self.frames = av, 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = av.open(str(path), "w")
        except OSError as failure:
            raise UserError(f"cannot write {path}: {failure.strerror or failure}") from failure
        self._stream = self._file.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "veryfast"})
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"

    def add(self, frame: np.ndarray) -> None:
        """Append a frame, uint8 [height, width, 3]."""
        for packet in self._stream.encode(self._av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")):
            self._file.mux(packet)
        self.frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Finish the file; what has been added so far can be played even when something went wrong or was interrupted."""
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()
