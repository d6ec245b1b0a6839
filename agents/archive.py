"""Submission archives: a zip of exactly ``manifest.json`` and ``policy.onnx``, written the same each time and read without trust."""

import stat
import struct
import zipfile
import zlib
from pathlib import Path

from avatarium.agents.manifest import Manifest, from_json
from avatarium.worlds.core.errors import UserError

MEMBERS = ("manifest.json", "policy.onnx")
MAX_BYTES = 16 * 2**20
"""Of the zip, and of the ONNX file in it."""
MAX_MANIFEST_BYTES = 2**16
EXPORT_HINT = "export it with torch.onnx.export or `avatarium train`, and pack the .onnx file"

END_RECORD = struct.Struct("<4sHHHHIIH")
"""The last 22 bytes of a zip without a comment: signature, disks, counts, size and offset of the directory, comment length."""
LOCAL_HEADER_BYTES = 30
"""Before a member's name; its data follow."""
MAX_DIRECTORY_BYTES = 4096
EPOCH = (1980, 1, 1, 0, 0, 0)
SIGNS = (
    (b"PK", "a zip: a PyTorch checkpoint, TorchScript or an archive in an archive"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"(", "a pickle"),
    (b"\x89HDF", "an HDF5 file (Keras)"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x7fELF", "a program"),
    (b"GGUF", "a GGUF file"),
    (b"\x1f\x8b", "gzip"),
    (b"{", "JSON"),
)
"""First bytes of the formats that people send by mistake."""
ONNX_FIRST_BYTE = b"\x08"
"""ONNX is a protobuf whose first field is ir_version: tag 1, a number."""


def check_onnx_bytes(content: bytes, name: str) -> None:
    """Raise UserError, naming the format, when ``content`` does not begin as an ONNX file does or is too large. It is not parsed."""
    if len(content) > MAX_BYTES:
        raise UserError(f"{name} has more than {MAX_BYTES >> 20} MB: use a smaller network")
    for sign, kind in SIGNS:
        if content.startswith(sign):
            raise UserError(f"{name} is {kind}, not ONNX: {EXPORT_HINT}")
    if content[4:8] == b"TFL3":
        raise UserError(f"{name} is a TensorFlow Lite file, not ONNX: {EXPORT_HINT}")
    if content[5:9] == b"\0\0\0{":
        raise UserError(f"{name} is a safetensors file, weights without a graph, not ONNX: {EXPORT_HINT}")
    if not content.startswith(ONNX_FIRST_BYTE):
        raise UserError(f"{name} is not ONNX: {EXPORT_HINT}")


def pack(path: Path | str, onnx_bytes: bytes, manifest: Manifest) -> Path:
    """Write a submission; the same contents always give the same bytes. Returns the path."""
    check_onnx_bytes(onnx_bytes, MEMBERS[1])
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in zip(MEMBERS, (manifest.to_json().encode(), onnx_bytes), strict=True):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return path


def read(path: Path | str) -> tuple[Manifest, bytes]:
    """The manifest and the ONNX bytes of a submission; UserError says what is wrong. The ONNX is not parsed here."""
    manifest, onnx_bytes = unpack(path)
    return from_json(manifest), onnx_bytes


def unpack(path: Path | str) -> tuple[bytes, bytes]:
    """The two files of a submission, as bytes that nobody has read yet; UserError says what is wrong with the archive."""
    path = Path(path)
    check_size(path)
    try:
        with path.open("rb") as file:
            _check_end(file.read(MAX_BYTES + 1), path.name)
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                _check_members(archive.infolist(), path.name)
                _check_layout(archive, path.name)
                manifest, onnx_bytes = (
                    _bounded(archive, name, cap) for name, cap in zip(MEMBERS, (MAX_MANIFEST_BYTES, MAX_BYTES), strict=True)
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError, OverflowError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path.name} is damaged and cannot be unzipped: {str(error)[:80]}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    check_onnx_bytes(onnx_bytes, MEMBERS[1])
    return manifest, onnx_bytes


def check_size(path: Path) -> None:
    """Raise UserError unless ``path`` is a file of an acceptable size."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path.name} has {path.stat().st_size / 2**20:.0f} MB; a submission may have {MAX_BYTES >> 20}")


def _check_end(content: bytes, name: str) -> None:
    """Look at the end record before zipfile reads a directory of any length into memory."""
    if content[:2] != b"PK" and content:
        kinds = (*SIGNS, (ONNX_FIRST_BYTE, "an ONNX file"))
        kind = next((kind for sign, kind in kinds if content.startswith(sign)), "something else")
        raise UserError(f"{name} is {kind}, not a zip: a submission is a zip of {MEMBERS[0]} and {MEMBERS[1]}")
    end = content[-END_RECORD.size :]
    if len(end) < END_RECORD.size or not end.startswith(b"PK\x05\x06") or END_RECORD.unpack(end)[7]:
        raise UserError(f"{name} is cut off, or carries a comment or other data after its end: pack it again")
    if END_RECORD.unpack(end)[5] > MAX_DIRECTORY_BYTES or b"PK\x06\x07" in content[-END_RECORD.size - 20 : -END_RECORD.size]:
        raise UserError(f"{name} lists too many files: a submission holds {MEMBERS[0]} and {MEMBERS[1]} alone")


def _check_members(infos: list[zipfile.ZipInfo], name: str) -> None:
    names = [info.orig_filename for info in infos]  # as it stands there: zipfile would cut it at a zero byte
    if any(n.endswith(("data.pkl", "constants.pkl")) for n in names):
        raise UserError(f"{name} is a PyTorch checkpoint or TorchScript, not a submission: {EXPORT_HINT}")
    for n in names:
        if n.startswith(("/", "\\")) or ".." in n or ":" in n:
            raise UserError(f"{name} holds {n[:60]!r}, which would be written outside its folder: pack {MEMBERS[0]} and {MEMBERS[1]} alone")
        if n not in MEMBERS:
            raise UserError(f"{name} holds {n[:60]!r}: a submission holds {MEMBERS[0]} and {MEMBERS[1]} alone")
        if names.count(n) > 1:
            raise UserError(f"{name} holds {n!r} twice")
    for n in MEMBERS:
        if n not in names:
            raise UserError(f"{name} lacks {n}")
    for info in infos:
        _check_member(info, name)


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    mode = info.external_attr >> 16
    if info.flag_bits & 0x1:
        raise UserError(f"{info.filename} in {name} is encrypted: pack it without a password")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise UserError(f"{info.filename} in {name} is a link or a device, not a file")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"{info.filename} in {name} is compressed by a method other than deflate: pack it again")


def _check_layout(archive: zipfile.ZipFile, name: str) -> None:
    """The members lie one behind the other from the first byte on: nothing stands before or between them, and none is within another."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < end or (end == 0 and info.header_offset > 0):
            raise UserError(f"{name} has members that overlap, or data before them: pack it again")
        end = info.header_offset + LOCAL_HEADER_BYTES + len(info.orig_filename) + info.compress_size
    if end > archive.start_dir:
        raise UserError(f"{name} has members that overlap, or data before them: pack it again")


def _bounded(archive: zipfile.ZipFile, name: str, cap: int) -> bytes:
    """Read a member, at most ``cap`` bytes of it, whatever its header says."""
    with archive.open(name) as member:
        content = member.read(cap + 1)
    if len(content) > cap:
        raise UserError(f"{name} unpacks to more than {cap / 2**20:g} MB, the most a submission may hold")
    return content
