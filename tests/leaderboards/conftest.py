"""Small ONNX graphs and roles for the tests of the leaderboards, and databases."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatarium.agents.exported import Manifest, StateShape, pack
from avatarium.worlds.core import discovery
from avatarium.worlds.core.spec import Feature, Head, Role

sys.path.insert(0, str(Path(__file__).parent / "outside"))

import postgres

onnx = pytest.importorskip("onnx")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT

FEATURES, CHOICES, LOGITS = 6, (3, 2), 5


def value(name, *shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def weight(name, array):
    return onnx.numpy_helper.from_array(np.asarray(array), name)


class Builder:
    """Makes graphs around ``logits = observation @ w``; every part can be replaced."""

    value, node, weight = staticmethod(value), staticmethod(node), staticmethod(weight)

    @staticmethod
    def model(nodes=None, weights=None, inputs=None, outputs=None, width=LOGITS, opset=17, domain="", features=FEATURES):
        w = np.random.default_rng(0).normal(size=(features, width)).astype(np.float32)
        graph = helper.make_graph(
            nodes if nodes is not None else [node("MatMul", "observation w", "logits")],
            "policy",
            inputs or [value("observation", "batch", features)],
            outputs or [value("logits", "batch", width)],
            [weight("w", w), *(weights or [])],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=8)

    @classmethod
    def onnx(cls, *args, **kwargs):
        return cls.model(*args, **kwargs).SerializeToString()

    @classmethod
    def memory(cls, update="Tanh"):
        """A recurrent policy: h' = update(h + observation @ u), logits = h' @ v."""
        rng = np.random.default_rng(0)
        u, v = rng.normal(size=(FEATURES, 4)).astype(np.float32), rng.normal(size=(4, LOGITS)).astype(np.float32)
        nodes = [
            node("MatMul", "observation u", "x"),
            node("Add", "x state_in_h", "s"),
            node(update, "s s" if update == "Add" else "s", "state_out_h"),
            node("MatMul", "state_out_h v", "logits"),
        ]
        return cls.onnx(
            nodes,
            [weight("u", u), weight("v", v)],
            [value("observation", "batch", FEATURES), value("state_in_h", "batch", 4)],
            [value("logits", "batch", LOGITS), value("state_out_h", "batch", 4)],
        )


@pytest.fixture(scope="session")
def build():
    return Builder


@pytest.fixture(scope="session")
def role():
    heads = (Head("walk", ("stay", "forward", "back")), Head("turn", ("left", "right")))
    return Role("walker", 2, (Feature("body", FEATURES, -1, 1, "", "body"),), heads, ("task",))


@pytest.fixture(scope="session")
def manifest(role):
    return Manifest("tiny", "wayfinding", 1, "walker", role.signature(), CHOICES)


@pytest.fixture(scope="session")
def memory_manifest(role):
    return Manifest("tiny", "wayfinding", 1, "walker", role.signature(), CHOICES, recurrent=(StateShape("h", (4,)),))


ELSEWHERE = '''
"""A world outside the package: wayfinding in short episodes."""

from dataclasses import dataclass, replace

from avatarium.worlds.core.settings import setting
from avatarium.worlds.wayfinding import WORLD as WAYFINDING
from avatarium.worlds.wayfinding.config import Config as Wayfinding


@dataclass(frozen=True)
class Config(Wayfinding):
    """Short episodes."""

    walkers: int = setting(4, 1, 16, "avatars that learn")
    episode_steps: int = setting(60, 50, 6000, "of 0.1 s")


WORLD = replace(WAYFINDING, name="elsewhere", config=Config)
'''


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """The folder of a module ``elsewhere`` with a world of its own; it can be imported while the tests run."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "elsewhere.py").write_text(ELSEWHERE)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def submission(elsewhere, tmp_path_factory, build):
    """A function that packs a policy for the world at an address; keywords change its manifest."""

    def packed(address="elsewhere:WORLD", name="tiny", seed=0, **changes):
        spec = discovery.spec(address)
        role = spec.roles(spec.config())[0]
        choices = tuple(len(head.choices) for head in role.heads)
        weights = np.random.default_rng(seed).normal(size=(role.observation_size, sum(choices))).astype(np.float32)
        model = build.onnx(
            [node("MatMul", "observation v", "logits")], [weight("v", weights)], features=role.observation_size, width=sum(choices)
        )
        paper = Manifest(name, spec.name, spec.version, role.name, role.signature(), choices, author="Ada", licence="Apache-2.0")
        return pack(tmp_path_factory.mktemp("zip") / f"{name}.zip", model, replace(paper, **changes))

    return packed


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of the tests' own (see ``postgres.Server``); skips where it is not installed."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgres.server() as found:
        if found is None:
            pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
        yield found


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of an empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def board_url(request, tmp_path):
    """An empty database of each kind: the path of a file that is not there yet, and a URL."""
    return str(tmp_path / "board.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def carrier(elsewhere, tmp_path, monkeypatch, request):
    """A function that writes the scenarios of a world with a file of its own, and returns it; ``freeze`` locks the background people."""
    name = f"carrier_{abs(hash(request.node.nodeid))}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text((elsewhere / "elsewhere.py").read_text())
    monkeypatch.syspath_prepend(tmp_path)

    def write(text, freeze=False):
        (package / "scenarios.toml").write_text(text)
        spec = discovery.spec(f"{name}:WORLD")
        if freeze:
            from avatarium.leaderboards.scenarios import files

            files.write_lock(spec)
        return spec

    write.package, write.name = package, name
    yield write
    sys.modules.pop(name, None)
