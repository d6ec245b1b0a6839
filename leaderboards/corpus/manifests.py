"""Manifests that say what no policy may say of itself."""

import json
from typing import Any

from avatarium.agents.manifest import MAX_STATE_FLOATS
from avatarium.leaderboards.corpus import CONTAINED, stopped
from avatarium.leaderboards.corpus.building import choices, edited, paper, submission

BIDI, ESCAPE = "\u202e", "\x1b[2J"


@stopped(
    "manifest",
    "manifest.json (is not valid JSON|has to be a JSON object)",
    {
        "empty": b"",
        "list": b"[]",
        "text": b'"policy"',
        "number": b"7",
        "null": b"null",
        "mark": b"\xef\xbb\xbf{}",
        "latin": b'{"name": "\xe9"}',
        "utf16": '{"name": "x"}'.encode("utf-16"),
        "zeros": bytes(100),
        "two": b"{}{}",
        "comment": b"{} // hello",
        "comma": b'{"name": "x",}',
        "quotes": b"{'name': 'x'}",
        "deep-lists": b"[" * 60_000,
        "deep-objects": b'{"a":' * 12_000,
        "digits": b'{"schema": ' + b"9" * 5000 + b"}",
        "pickle": b"\x80\x04K\x01.",
    },
)
def other_text(content: bytes) -> bytes:
    """Something that is not one JSON object."""
    return submission(manifest=content)


@stopped("manifest", "which is not JSON", {word: word for word in ("NaN", "Infinity", "-Infinity")})
def no_number(word: str) -> bytes:
    """Words that Python's JSON takes for numbers."""
    return submission(manifest=paper().replace('"controls": 0', f'"controls": {word}'))


@stopped("manifest", "says a key twice", {"outside": '"name": "honest", "name"', "nested": '"settings": {"a": 1, "a": 2}, "name"'})
def key_twice(text: str) -> bytes:
    """A key with two values, of which readers take either."""
    return submission(manifest=paper().replace('"settings": {},\n', "").replace('"name"', text, 1))


@stopped("manifest", "has an unknown key", {"near": "nmae", "code": "__class__", "seed": "seed", "empty": "", "long": "x" * 5000})
def unknown_key(key: str) -> bytes:
    """A key that nobody reads, or that somebody might."""
    return submission(manifest=edited(**{key: "x"}))


@stopped(
    "manifest",
    "lacks the key|has schema",
    {key: key for key in ("schema", "name", "world", "signature", "actions", "recurrent", "licence")},
)
def missing_key(key: str) -> bytes:
    """A manifest without a word on what matters."""
    return submission(manifest=edited(**{key: None}))


@stopped("manifest", "has schema", {"later": 2, "text": "1", "true": True, "list": [1]})
def schema(found: Any) -> bytes:
    """Another version of the manifest."""
    return submission(manifest=edited(schema=found))


@stopped("manifest", "has to be a text", {"number": 7, "list": ["x"], "object": {"x": 1}, "true": True})
def name_of_another_type(found: Any) -> bytes:
    """A name that is no text."""
    return submission(manifest=edited(name=found))


@stopped(
    "manifest",
    "whole number",
    {
        "float": 1.0,
        "text": "1",
        "true": True,
        "negative": -1,
        "huge": 10**400,
        "beyond-floats": 1e300,
        "list": [1],
    },
)
def version_of_another_type(found: Any) -> bytes:
    """A version that is no number, or none that fits anywhere."""
    return submission(manifest=edited(world_version=found))


@stopped("manifest", "whole number")
def float_overflow() -> bytes:
    """A number that is infinite once it is read."""
    return submission(manifest=edited().replace('"world_version": 1', '"world_version": 1e999'))


@stopped(
    "manifest",
    "cannot be printed",
    {
        "name-escape": {"name": f"best{ESCAPE}"},
        "name-bidi": {"name": f"best{BIDI}reversed"},
        "name-line": {"name": "best\n1. best"},
        "name-zero": {"name": "a\0b"},
        "name-surrogate": {"name": "a\ud800"},
        "name-invisible": {"name": "a\u200bb"},
        "author-escape": {"author": ESCAPE},
        "licence-return": {"licence": "MIT\rApache"},
        "data-tab": {"training_data": "a\tb"},
        "setting": {"settings": {"size": f"5{ESCAPE}"}},
        "setting-name": {"settings": {f"si{BIDI}ze": 5}},
    },
)
def cannot_be_printed(changes: dict[str, Any]) -> bytes:
    """Characters that would rewrite the terminal or the table that they are printed to."""
    return submission(manifest=edited(**changes))


@stopped(
    "manifest",
    "1 to 100 characters|longer than 2000",
    {
        "name": {"name": "x" * 101},
        "no-name": {"name": ""},
        "role": {"role": "x" * 1000},
        "data": {"training_data": "x" * 2001},
        "setting": {"settings": {"size": "x" * 3000}},
        "signature": {"signature": "0" * 1001},
    },
)
def length(changes: dict[str, Any]) -> bytes:
    """Texts that fill a table or a database, or none at all."""
    return submission(manifest=edited(**changes))


@stopped(
    "manifest",
    "'actions'|either 'actions'",
    {
        "none": {"actions": []},
        "both": {"controls": 2},
        "zero": {"actions": [0]},
        "many-choices": {"actions": [10**9]},
        "many-heads": {"actions": [2] * 65},
        "float": {"actions": [5.0]},
        "text": {"actions": "5"},
        "nested": {"actions": [[5]]},
    },
)
def actions(changes: dict[str, Any]) -> bytes:
    """Actions that no avatar has."""
    return submission(manifest=edited(**changes))


def state(name: Any = "h", shape: Any = (4,)) -> dict[str, Any]:
    """One state, as a manifest has it."""
    return {"name": name, "shape": shape}


@stopped(
    "manifest",
    "state|shape|recurrent",
    {
        "not-a-list": {"recurrent": {"h": 4}},
        "not-objects": {"recurrent": ["h"]},
        "unknown-key": {"recurrent": [state() | {"init": 1}]},
        "path": {"recurrent": [state("../h")]},
        "long": {"recurrent": [state("h" * 200)]},
        "twice": {"recurrent": [state(), state()]},
        "many-floats": {"recurrent": [state(shape=[MAX_STATE_FLOATS, 2])]},
        "many-states": {"recurrent": [state(f"h{i}", [3]) for i in range(MAX_STATE_FLOATS // 3 + 1)]},
        "negative": {"recurrent": [state(shape=[-1, -4])]},
        "zero": {"recurrent": [state(shape=[0])]},
        "no-axes": {"recurrent": [state(shape=[])]},
        "five-axes": {"recurrent": [state(shape=[1] * 5)]},
        "float": {"recurrent": [state(shape=[4.0])]},
        "huge": {"recurrent": [state(shape=[10**400])]},
        "number": {"recurrent": [state(7)]},
    },
)
def memory(changes: dict[str, Any]) -> bytes:
    """Memory of impossible shapes, or more than a policy may have."""
    return submission(manifest=edited(**changes))


@stopped(
    "manifest",
    "setting|'sampling'|'value'|'world'|has to be a text|either 'actions'",
    {
        "settings-list": {"settings": [1]},
        "settings-nested": {"settings": {"a": {"b": 1}}},
        "settings-many": {"settings": {f"s{i}": 1 for i in range(100)}},
        "settings-huge": {"settings": {"a": 10**400}},
        "settings-infinite": {"settings": {"a": 1e300}},
        "sampling": {"sampling": "cheat"},
        "sampling-type": {"sampling": 1},
        "value": {"value": 1},
        "parent": {"parent": 7},
        "controls": {"actions": [], "controls": 0},
        "module": {"world": "os:system"},
        "path": {"world": "../../worlds/coordination"},
    },
)
def other_values(changes: dict[str, Any]) -> bytes:
    """Values that would be looked up, imported or believed."""
    return submission(manifest=edited(**changes))


@stopped(
    "world",
    "",
    {
        "unknown": ({"world": "nowhere"}, "there is no world 'nowhere'"),
        "another": ({"world": "wayfinding"}, "role"),
        "version": ({"world_version": 999}, "was made for coordination version 999"),
        "role": ({"role": "judge"}, "role judge"),
        "signature": ({"signature": "0" * 64}, "signatures differ"),
        "actions": ({"actions": [7]}, "are not those of"),
        "controls": ({"actions": [], "controls": 2}, "are not those of"),
        "markup": ({"signature": "<script>alert(1)</script>"}, "signatures differ"),
    },
)
def elsewhere(changes: dict[str, Any]) -> bytes:
    """A policy for another world, role or version, or one that says that it is for this one."""
    return submission(manifest=edited(**changes))


@stopped(
    CONTAINED,
    "^$",
    {
        "html": "<script>alert(1)</script>",
        "attribute": '" onmouseover="alert(1)',
        "rich": "[bold red]first[/] [link=file:///etc/passwd]x[/link]",
        "sql": "'); DROP TABLE submission;--",
        "template": "{{ 7 * 7 }} ${7*7} %(x)s {0.__class__}",
        "path": "../../../../tmp/x",
        "formula": '=HYPERLINK("http://example.org")',
        "option": "--help",
    },
)
def markup(name: str) -> bytes:
    """A name that is code elsewhere; here it is printed as it is."""
    return submission(manifest=edited(name=name, author=name))


@stopped("manifest|archive", "")
def larger_than_a_manifest() -> bytes:
    """More text than anybody reads."""
    return submission(manifest=json.dumps({"name": "x" * 2**17}))


@stopped("world", "are not those of")
def more_choices() -> bytes:
    """One action more than there is."""
    return submission(manifest=paper(actions=(choices() + 1,)))
