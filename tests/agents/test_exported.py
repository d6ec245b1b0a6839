"""Submission files: what is written is read back, and what is wrong is named."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from avatarium.agents import archive, exported, manifest
from avatarium.worlds import spec
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Feature, Head, Role

onnx = pytest.importorskip("onnx")

GOOD = exported.Manifest("tiny", "wayfinding", 1, "walker", "0" * 64, (5, 3))
ONNX = b"\x08\x08" + b"not parsed here"


def test_what_is_packed_is_read(tmp_path):
    written = replace(GOOD, recurrent=(exported.StateShape("h", (4, 2)),), parent="a" * 64, sampling="greedy")
    path = exported.pack(tmp_path / "deep" / "policy.zip", ONNX, written)
    assert exported.read(path) == (written, ONNX)


def test_the_same_contents_give_the_same_bytes(tmp_path):
    one, two = (exported.pack(tmp_path / name, ONNX, GOOD).read_bytes() for name in ("a.zip", "b.zip"))
    assert one == two


def change(**keys):
    return json.dumps({**json.loads(GOOD.to_json()), **keys}).encode()


def without(key):
    found = json.loads(GOOD.to_json())
    del found[key]
    return json.dumps(found).encode()


WRONG_MANIFESTS = [
    (b"[]", "JSON object"),
    (b"{", "not valid JSON"),
    (b"[" * 60_000, "not valid JSON"),
    (b'{"schema": 1, "schema": 1}', "a key twice"),
    (b"\xff\xfe", "not valid JSON"),
    (change(schema=2), "reads schema 1"),
    (change(schema=True), "reads schema 1"),
    (change(wrold="x"), "unknown key 'wrold': did you mean 'world'"),
    (without("author"), "lacks the key 'author'"),
    (change(world_version="1"), "whole number"),
    (change(world_version=True), "whole number"),
    (change(name=3), "has to be a text"),
    (change(name=""), "1 to 100 characters"),
    (change(author="\u202eevil"), "cannot be printed"),
    (change(author="\x1b[2J"), "cannot be printed"),
    (change(author="a" * 3000), "longer than"),
    (change(actions=5), "list of at most 64"),
    (change(actions=[5, 0]), "whole number from 1"),
    (change(actions=[5, [3]]), "whole number from 1"),
    (change(actions=[]), "not both"),
    (change(controls=2), "not both"),
    (change(sampling="best"), "'sampling'"),
    (change(parent=4), "has to be a text"),
    (change(recurrent={}), "list of states"),
    (change(recurrent=[1]), "name and a shape"),
    (change(recurrent=[{"name": "h"}]), "lacks the key 'shape'"),
    (change(recurrent=[{"name": "h", "shape": [64, 65]}]), "4096 floats"),
    (change(recurrent=[{"name": "h", "shape": [-1]}]), "whole number from 1"),
    (change(recurrent=[{"name": "../h", "shape": [1]}]), "letters, digits"),
    (change(recurrent=[{"name": "h", "shape": [1]}] * 2), "same name"),
    (change(author=None), "has to be a text"),
    (change(settings=["order"]), "an object with at most 32"),
    (change(settings={str(k): k for k in range(33)}), "an object with at most 32"),
    (change(settings={"team": [5]}), "setting 'team' in the manifest has to be a text, a number"),
    (change(settings={"command": "\x1b[2J"}), "cannot be printed"),
    (b'{"schema": 1, "controls": NaN}', "NaN"),
]


@pytest.mark.parametrize(("text", "says"), WRONG_MANIFESTS)
def test_a_wrong_manifest_is_explained(text, says):
    with pytest.raises(UserError, match=says) as caught:
        manifest.from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_settings_may_be_left_out_and_are_told_where_a_role_is_another():
    assert manifest.from_json(without("settings")).settings == {}
    needs = manifest.from_json(change(settings={"guidance": "signs"}))
    world = spec("wayfinding")
    with pytest.raises(UserError, match=r"it plays with the settings guidance=signs$"):
        needs.check_fits(world, world.roles(world.config())[0])


def zipped(*members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def pair(onnx_bytes=ONNX, manifest_bytes=None):
    return ("manifest.json", manifest_bytes or GOOD.to_json()), ("policy.onnx", onnx_bytes)


def symlink():
    info = zipfile.ZipInfo("policy.onnx")
    info.external_attr = 0o120777 << 16
    return zipped(pair()[0], (info, "/etc/passwd"))


def encrypted():
    content = bytearray(zipped(*pair()))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def lying_size():
    content = bytearray(zipped(*pair(b"\x08" * (17 * 2**20))))
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 100)
    return bytes(content)


def flipped():
    content = bytearray(zipped(*pair(ONNX * 50), compression=zipfile.ZIP_STORED))
    content[content.index(ONNX) + 400] ^= 1
    return bytes(content)


WRONG_ARCHIVES = [
    (lambda: b"", "cut off"),
    (lambda: zipped(*pair())[:-9], "cut off"),
    (lambda: zipped(*pair()) + b"x", "cut off"),
    (lambda: ONNX, "is an ONNX file, not a zip"),
    (lambda: pickle.dumps({"w": 1}), "is a pickle, not a zip"),
    (lambda: zipped(*pair(b"\x08" * (17 * 2**20))), "unpacks to more than 16 MB"),
    (lambda: zipped(*pair(manifest_bytes=b" " * 2**20)), "unpacks to more than 0.0625 MB"),
    (lying_size, "damaged|unpacks to more"),
    (flipped, "damaged"),
    (lambda: zipped(("../../etc/cron.d/x", b"")), "outside its folder"),
    (lambda: zipped(("/policy.onnx", b"")), "outside its folder"),
    (lambda: zipped(*pair(), ("readme.txt", b"")), "alone"),
    (lambda: zipped(("archive/data.pkl", b"")), "PyTorch checkpoint or TorchScript"),
    (lambda: zipped(pair()[0]), "lacks policy.onnx"),
    (lambda: zipped(pair()[1]), "lacks manifest.json"),
    (lambda: zipped(*((f"f{i}", b"") for i in range(200))), "too many files"),
    (symlink, "is a link"),
    (encrypted, "encrypted"),
    (lambda: zipped(*pair(), compression=zipfile.ZIP_LZMA), "other than deflate"),
    (lambda: zipped(*pair(pickle.dumps([1]))), "policy.onnx is a pickle, not ONNX: export it"),
    (lambda: zipped(*pair(pickle.dumps([1], protocol=0))), "is a pickle|is not ONNX"),
    (lambda: zipped(*pair(zipped(*pair()))), "policy.onnx is a zip"),
    (lambda: zipped(*pair(struct.pack("<Q", 20) + b'{"w": {"dtype": "F32"}}')), "safetensors"),
    (lambda: zipped(*pair(b"hello")), "policy.onnx is not ONNX"),
    (lambda: zipped(*pair(b"")), "policy.onnx is not ONNX"),
]


@pytest.mark.parametrize(("make", "says"), WRONG_ARCHIVES)
def test_a_wrong_archive_is_explained(make, says, tmp_path):
    path = tmp_path / "policy.zip"
    path.write_bytes(make())
    with pytest.raises(UserError, match=says) as caught:
        archive.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path):
    path = tmp_path / "policy.zip"
    path.write_bytes(zipped(*pair(), pair()[1]))
    with pytest.raises(UserError, match="twice"):
        archive.read(path)


def test_a_missing_or_huge_file_is_explained(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        archive.read(tmp_path / "none.zip")
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(UserError, match="17 MB; a submission may have 16"):
        archive.read(tmp_path / "huge.zip")


def test_damaged_archives_never_raise_anything_but_a_sentence(tmp_path):
    """A few hundred mutants of a good file: each is read or refused, nothing else."""
    good = zipped(*pair(ONNX * 20))
    path, rng = tmp_path / "mutant.zip", np.random.default_rng(0)
    for _ in range(400):
        mutant = bytearray(good)
        for at in rng.integers(0, len(good), size=rng.integers(1, 6)):
            mutant[at] = rng.integers(0, 256)
        path.write_bytes(mutant[: rng.integers(1, len(good) + 1)] if rng.random() < 0.2 else mutant)
        try:
            exported.read(path)
        except UserError as error:
            assert "\n" not in str(error)


ROLE = Role("walker", 2, (Feature("x", 3, -1, 1, "", "body"),), (Head("walk", ("a", "b", "c")), Head("turn", ("l", "r"))), ("task",))


class World:
    """As much of a WorldSpec as a manifest is compared with."""

    name, version = "wayfinding", 2


FITTING = replace(GOOD, world_version=2, signature=ROLE.signature(), actions=(3, 2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"world": "museum"}, "made for the world museum, not for wayfinding"),
        ({"world_version": 1}, "made for wayfinding version 1; this is version 2"),
        ({"role": "guest"}, "made for the role guest, not for walker"),
        ({"signature": "1" * 64}, "signatures differ"),
        ({"actions": (3, 3)}, "are not those of"),
    ],
)
def test_a_policy_for_something_else_is_refused(change, says):
    FITTING.check_fits(World, ROLE)
    with pytest.raises(UserError, match=says):
        replace(FITTING, **change).check_fits(World, ROLE)


def test_sampling_follows_the_softmax_and_the_key_alone():
    logits = np.tile(np.log(np.array([0.2, 0.5, 0.3, 0.9, 0.1], np.float32)), (20_000, 1))
    keys = np.arange(20_000, dtype=np.uint64)
    drawn = exported.sample_actions(logits, keys, (3, 2), greedy=False)
    assert np.allclose(np.bincount(drawn[:, 0]) / 20_000, [0.2, 0.5, 0.3], atol=0.012)
    assert np.allclose(np.bincount(drawn[:, 1]) / 20_000, [0.9, 0.1], atol=0.012)
    order = np.random.default_rng(0).permutation(20_000)[:100]
    assert np.array_equal(exported.sample_actions(logits[order], keys[order], (3, 2), greedy=False), drawn[order])
    assert (exported.sample_actions(logits, keys, (3, 2), greedy=True) == [1, 0]).all()


def test_impossible_choices_are_never_drawn():
    logits = np.tile(np.array([-np.inf, 0, -np.inf], np.float32), (1000, 1))
    assert (exported.sample_actions(logits, np.arange(1000, dtype=np.uint64), (3,), greedy=False) == 1).all()


def test_controls_are_gaussian_and_clipped():
    keys = np.arange(20_000, dtype=np.uint64)
    mean = np.zeros((20_000, 2), np.float32)
    drawn = exported.sample_controls(mean, np.full_like(mean, np.log(0.1)), keys, greedy=False)
    assert abs(drawn.std() - 0.1) < 0.002
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.03
    assert (exported.sample_controls(mean + 3, mean, keys, greedy=True) == 1).all()


def test_the_runtime_reports_to_nobody(tmp_path):
    """onnxruntime would begin a thread and a file for telemetry when it is imported."""
    pytest.importorskip("onnxruntime")
    code = "import os; from avatarium.agents.session import runtime; runtime(); print(len(os.listdir('/proc/self/task')))"
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert list(tmp_path.rglob("*")) == []
    assert done.stdout.strip() == "1"
