"""Files that are no zip of a manifest and a graph, or want to be something else as well."""

import io
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable

import numpy as np

from avatarium.agents.archive import MAX_BYTES, MEMBERS
from avatarium.leaderboards.corpus import stopped
from avatarium.leaderboards.corpus.building import edited, model, paper, submission, zipped

MANIFEST, GRAPH = MEMBERS
END_BYTES = 22
ENTRY = b"PK\x01\x02"
"""How an entry of a zip's directory begins."""


def noise(size: int) -> bytes:
    """Bytes that do not compress."""
    return np.random.default_rng(0).bytes(size)


def patched(at: Callable[[bytes], int], form: str, *values: int) -> bytes:
    """An honest zip with some bytes overwritten."""
    content = bytearray(submission())
    struct.pack_into(form, content, at(bytes(content)), *values)
    return bytes(content)


def directory(content: bytes) -> int:
    """Where the directory begins."""
    return content.index(ENTRY)


def end(content: bytes) -> int:
    """Where the record of its end begins."""
    return len(content) - END_BYTES


@stopped(
    "archive",
    "",
    {
        "empty": (b"", "is cut off"),
        "one-byte": (b"P", "not a zip"),
        "pickle": (pickle.dumps(print), "is a pickle, not a zip"),
        "gzip": (b"\x1f\x8b\x08\0" + bytes(64), "is gzip, not a zip"),
        "program": (b"\x7fELF" + bytes(64), "is a program, not a zip"),
        "onnx": (b"\x08\x08" + bytes(64), "is an ONNX file, not a zip"),
        "json": (b"{}", "is JSON, not a zip"),
        "hdf5": (b"\x89HDF\r\n\x1a\n", "Keras"),
        "array": (b"\x93NUMPY\x01\0", "a NumPy array"),
        "noise": (noise(5000), "not a zip"),
        "script": (b"#!/bin/sh\nrm -rf /\n", "not a zip"),
        "end-alone": (b"PK\x05\x06" + bytes(18), "lacks manifest.json"),
        "zeros-after-sign": (b"PK" + bytes(100), "cut off"),
    },
)
def other_format(content: bytes) -> bytes:
    """Something that is no submission at all."""
    return content


@stopped("archive", "is cut off|damaged", {"half": 0.5, "all-but-one": 0.999, "head": 0.05})
def truncated(share: float) -> bytes:
    """An upload that was interrupted."""
    content = submission()
    return content[: int(share * len(content))]


@stopped("archive", "overlap|damaged|cut off")
def hole() -> bytes:
    """A zip without its middle."""
    content = submission()
    return content[: len(content) // 4] + content[len(content) // 2 :]


@stopped("archive", "carries a comment or other data", {"text": b"hello", "end-record": b"PK\x05\x06" + bytes(18), "noise": noise(50_000)})
def after_the_end(extra: bytes) -> bytes:
    """Data behind the zip, which some readers take for another zip."""
    return submission() + extra + b"!"


@stopped("archive", "overlap, or data before", {"short": b"PK", "program": b"PK" + noise(4000)})
def before_the_beginning(extra: bytes) -> bytes:
    """Data before the zip, so that it is another format as well."""
    return extra + submission()


@stopped("archive", "carries a comment|lacks")
def comment() -> bytes:
    """A zip comment, in which another directory could hide."""
    out = io.BytesIO(submission())
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"PK\x05\x06" + bytes(18)
    return out.getvalue()


@stopped("archive", "damaged|cut off|overlap")
def line_ends() -> bytes:
    """A zip that went through a text transfer: every line feed has a carriage return."""
    return submission(model().SerializeToString() + b"\n" * 50).replace(b"\n", b"\r\n")


@stopped(
    "archive",
    "a submission holds manifest.json and policy.onnx alone",
    {
        "code": "policy.py",
        "weights": "policy.onnx.data",
        "absolute": ("/etc/cron.d/x", "outside its folder"),
        "parent": ("../../x", "outside its folder"),
        "backslash": ("..\\x", "outside its folder"),
        "drive": ("C:x", "outside its folder"),
        "folder": "policy.onnx/",
        "mac": "__MACOSX",
        "line": "a\nb",
        "bidi": "\u202exnno.ycilop",
        "cyrillic": "p\u043elicy.onnx",
        "upper": "POLICY.ONNX",
        "space": "policy.onnx ",
        "dot": "./policy.onnx",
        "zero": "policy.onnx\0.exe",
        "long": "x" * 2000,
    },
)
def stowaway(name: str) -> bytes:
    """A third member."""
    info = zipfile.ZipInfo("x" * len(name))
    whole = zipped([(MANIFEST, paper().encode()), (GRAPH, model().SerializeToString()), (info, b"1")])
    raw, flag = name.encode(), 0x800 if not name.isascii() else 0
    if flag:
        info.filename = "x" * len(raw)
        info.flag_bits |= flag
        whole = zipped([(MANIFEST, paper().encode()), (GRAPH, model().SerializeToString()), (info, b"1")])
    return whole.replace(b"x" * len(raw), raw)


@stopped("archive", "lacks", {"manifest": GRAPH, "graph": MANIFEST})
def missing(name: str) -> bytes:
    """One member alone."""
    return zipped({name: b"\x08\x08" if name == GRAPH else paper().encode()})


@stopped("archive", "holds '.*' twice", {"manifest": MANIFEST, "graph": GRAPH})
def twice(name: str) -> bytes:
    """Two members of one name, of which readers take either."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped([(MANIFEST, paper().encode()), (GRAPH, model().SerializeToString()), (name, b"\x08")])


@stopped("archive", "is a link or a device", {"link": 0o120777, "device": 0o060666, "pipe": 0o010666, "folder": 0o040777})
def special(mode: int) -> bytes:
    """A member that is no file but points somewhere."""
    info = zipfile.ZipInfo(GRAPH)
    info.external_attr = mode << 16
    return zipped([(MANIFEST, paper().encode()), (info, b"/etc/passwd")])


@stopped("archive", "is encrypted")
def encrypted() -> bytes:
    """A member with a password."""
    content = bytearray(submission())
    for sign, place in ((b"PK\x03\x04", 6), (ENTRY, 8)):
        content[content.index(sign) + place] |= 1
    return bytes(content)


@stopped("archive", "method other than deflate", {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA})
def other_method(method: int) -> bytes:
    """Compression by a method that other readers lack."""
    return zipped({MANIFEST: paper().encode(), GRAPH: model().SerializeToString()}, method)


@stopped("archive", "method other than deflate")
def unknown_method() -> bytes:
    """A method that nobody has."""
    return patched(lambda c: directory(c) + 10, "<H", 99)


@stopped("archive", "unpacks to more than", {"graph": GRAPH, "manifest": MANIFEST})
def bomb(name: str) -> bytes:
    """A few kilobytes that unpack to very many."""
    members = {MANIFEST: paper().encode(), GRAPH: model().SerializeToString()}
    return zipped(members | {name: bytes(MAX_BYTES * 4 if name == GRAPH else 2**20)})


@stopped("archive", "damaged", {"small": 10, "none": 0})
def lying_size(size: int) -> bytes:
    """A member that is larger than its header says."""
    return patched(lambda c: directory(c) + 24, "<I", size)


@stopped("archive", "overlap|damaged", {"past-the-end": 2**31, "next-member": 2000})
def lying_length(size: int) -> bytes:
    """A member whose data reach into what comes after it."""
    return patched(lambda c: directory(c) + 20, "<I", size)


@stopped("archive", "overlap")
def shared_data() -> bytes:
    """Two members over the same data, as in the bombs of Fifield (2019)."""
    return patched(lambda c: c.index(ENTRY, directory(c) + 1) + 42, "<I", 0)


@stopped("archive", "damaged")
def wrong_checksum() -> bytes:
    """A member that is not what it was."""
    return patched(lambda c: directory(c) + 16, "<I", 0)


@stopped("archive", "damaged")
def broken_stream() -> bytes:
    """Compressed data with a hole."""
    return patched(lambda c: 60, "<8B", *[255] * 8)


@stopped("archive", "overlap|damaged|lists too many")
def moved_directory() -> bytes:
    """A directory that is not where the end says."""
    return patched(lambda c: end(c) + 16, "<I", 3)


@stopped("archive", "lists too many files")
def long_directory() -> bytes:
    """Thousands of members."""
    return zipped([(f"{i}", b"") for i in range(5000)])


@stopped("archive", "lists too many files")
def announced_directory() -> bytes:
    """An end that announces a directory of 4 GB."""
    return patched(lambda c: end(c) + 12, "<I", 2**32 - 1)


@stopped("archive", "lists too many files")
def zip64() -> bytes:
    """A locator of a second, larger end, which readers of large zips would believe."""
    content = submission()
    return content[:-END_BYTES] + b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1) + content[-END_BYTES:]


@stopped("archive", "has .* MB; a submission may have")
def too_large() -> bytes:
    """More bytes than anybody may send."""
    return zipped({MANIFEST: paper().encode(), GRAPH: b"\x08" + noise(MAX_BYTES)}, zipfile.ZIP_STORED)


@stopped(
    "archive",
    "not ONNX",
    {
        "checkpoint": b"PK\x03\x04data.pkl",
        "pickle": pickle.dumps([1]),
        "keras": b"\x89HDF",
        "tflite": b"\0\0\0\0TFL3",
        "safetensors": struct.pack("<Q", 10) + b"{}",
        "zip-in-zip": zipped({"a": b"b"}),
        "empty": b"",
        "text": b"ir_version: 8",
        "gguf": b"GGUF\x03",
    },
)
def renamed(content: bytes) -> bytes:
    """Something else under the name policy.onnx."""
    return submission(content if content else b"", edited())


@stopped("archive", "PyTorch checkpoint or TorchScript")
def torch_checkpoint() -> bytes:
    """A PyTorch checkpoint, which would run code when it is loaded."""
    return zipped({"archive/data.pkl": pickle.dumps(print), "archive/version": b"3"})
