"""Background people are known again by what they are made of."""

import hashlib
import json
import sys

import pytest

from avatarium.agents import populations
from avatarium.leaderboards.scenarios import files
from avatarium.leaderboards.scenarios.frozen import fingerprint, freeze, sources
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError

POPULATION = populations.__name__


def test_an_exported_policy_is_its_file():
    found = freeze("wayfinding/mlp-1", discovery.spec("wayfinding"))
    path = populations.find("wayfinding/mlp-1").path
    assert (found.address, found.roles) == ("wayfinding/mlp-1", ("walker",))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_scripted_policy_is_its_module_its_helpers_and_its_data():
    names = {path.name for path in sources(f"{POPULATION}.domination", "bayes")}
    assert {"bayes.py", "bayes.json", "_team.py"} <= names
    assert {path.name for path in sources(f"{POPULATION}.wayfinding", "pushy")} == {"pushy.py", "_guided.py"}


@pytest.fixture
def population(tmp_path, monkeypatch):
    """The folder of a population ``host`` with one member, its helper and its data, and somebody else."""
    folder = tmp_path / "populous" / "host"
    folder.mkdir(parents=True)
    files = {
        "__init__.py": "",
        "guest.py": "from populous.host._manners import bow\n",
        "_manners.py": "bow = 1\n",
        "guest.json": "{}",
        "other.py": "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(populations, "__name__", "populous")
    monkeypatch.setattr(populations, "find", lambda address: populations.Member("host", "guest", ("guest",), "scripted", ""))
    yield folder
    for name in [name for name in sys.modules if name.startswith("populous")]:
        sys.modules.pop(name)


@pytest.mark.parametrize(("edited", "found"), [("guest.py", True), ("_manners.py", True), ("guest.json", True), ("other.py", False)])
def test_whatever_of_it_is_edited_is_found(population, edited, found):
    spec = discovery.spec("wayfinding")
    before = fingerprint("host/guest", spec)
    (population / edited).write_text((population / edited).read_text() + "\n")
    assert (fingerprint("host/guest", spec) != before) == found


def test_the_worlds_own_are_its_version_and_factories_their_module(carrier):
    spec = carrier('[[people]]\nname = "x"\n')
    assert fingerprint("heuristic", spec) != fingerprint("random", spec)
    (carrier.package / "people.py").write_text("def walker(spec, role, config): ...\n")
    one = freeze(f"{carrier.name}.people:walker", spec)
    assert one.roles == ("walker",)
    (carrier.package / "people.py").write_text("def walker(spec, role, config): return None\n")
    assert freeze(one.address, spec).sha256 != one.sha256
    with pytest.raises(UserError, match="there is no module"):
        freeze("nowhere_at_all:walker", spec)


def test_a_lock_is_written_the_same_each_time_and_a_damaged_one_explained(carrier):
    spec = carrier(
        '[[people]]\nname = "x"\nbackground = ["random", "heuristic"]\n[[modes]]\nname = "focal-minority"\nfocal = 1\n', freeze=True
    )
    lock = carrier.package / "scenarios.lock.json"
    text = lock.read_text()
    assert list(json.loads(text)) == ["heuristic", "random"]
    assert files.write_lock(spec) == lock
    assert lock.read_text() == text
    lock.write_text(text[:40])
    with pytest.raises(UserError, match="is damaged: write it anew by `avatarium scenarios elsewhere --freeze`"):
        files.read(spec).frozen(spec)
