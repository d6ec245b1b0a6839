"""What a submitted policy says about itself, read strictly."""

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from avatarium.agents.readouts import VALUE
from avatarium.worlds.core.errors import UserError, nearest
from avatarium.worlds.core.spec import Role, WorldSpec

SCHEMA = 1
MAX_STATE_FLOATS = 4096
"""How many float32 values of memory a policy may carry from step to step."""
MAX_TEXT = 2000
"""Characters in one text of a manifest."""
SAMPLING = ("sample", "greedy")
OPTIONAL = {"settings", VALUE, "span", "data"}
"""Keys that policies of earlier days do not have."""
Span = tuple[float, float]
SPAN = (-1.0, 1.0)
"""The usual range of continuous controls."""
MAX_SETTINGS = 32
MAX_NUMBER = 2**53
"""In a setting: beyond it, floats skip whole numbers."""
MAX_DATA = 256
DATA = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class StateShape:
    """One recurrent state: graph input ``state_in_<name>``, output ``state_out_<name>``, float32 [B, *shape], zeros at first."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of float32 values per avatar."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Manifest:
    """What a policy is called, which avatars it can be the mind of, and where it comes from."""

    name: str
    world: str
    world_version: int
    role: str
    signature: str
    """``Role.signature()`` of the role it was trained for."""
    actions: tuple[int, ...]
    """Number of choices of each action head; empty for continuous control."""
    controls: int = 0
    """Number of continuous controls; 0 where actions are choices."""
    recurrent: tuple[StateShape, ...] = ()
    sampling: str = "sample"
    """``sample`` draws from the policy's distribution, ``greedy`` takes its mode."""
    author: str = ""
    licence: str = ""
    training_data: str = ""
    parent: str | None = None
    """SHA-256 of the submission that this one was trained from."""
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Settings of the world that its role needs in order to sense and do what the policy was made for; may be left out."""
    value: bool = False
    """Whether the graph has an output ``value`` [B, 1] as well, the return that the policy expects; may be left out."""
    span: Span = SPAN
    """Lowest and highest value of every control, in whose units ``mean`` and ``log_std`` are; may be left out where it is [-1, 1]."""
    data: tuple[str, ...] = ()
    """Hashes of the recordings that it was shown (``agents.consent``), by which it is known when somebody withdraws; may be left out."""
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        _check(self)

    def to_json(self) -> str:
        """The manifest as JSON, one key a line, always in the same order; without those of ``OPTIONAL`` that need not be told."""
        told, unsaid = {"schema": self.schema, **dataclasses.asdict(self)}, {VALUE: False, "span": SPAN, "data": ()}
        return json.dumps({name: kept for name, kept in told.items() if name not in unsaid or kept != unsaid[name]}, indent=1) + "\n"

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Name and width of each output of the graph: how to act, then ``value`` where it tells that."""
        value = ((VALUE, 1),) if self.value else ()
        if self.controls:
            return (("mean", self.controls), ("log_std", self.controls), *value)
        return (("logits", sum(self.actions)), *value)

    def check_fits(self, spec: WorldSpec, role: Role) -> None:
        """Raise UserError, saying what does not fit, unless this policy can be the mind of ``role`` in ``spec``."""
        if self.world != spec.name:
            raise UserError(f"this policy was made for the world {self.world}, not for {spec.name}")
        if self.world_version != spec.version:
            raise UserError(
                f"this policy was made for {spec.name} version {self.world_version}; this is version {spec.version}: "
                "train and export it again"
            )
        if self.role != role.name:
            raise UserError(f"this policy was made for the role {self.role}, not for {role.name}")
        if self.signature != role.signature():
            raise UserError(
                f"this policy was made for other observations or actions than those of {spec.name}'s {self.role} "
                f"(their signatures differ): {self._remedy()}"
            )
        choices = tuple(len(head.choices) for head in role.heads) if not role.continuous else ()
        if (self.actions, self.controls) != (choices, len(role.continuous)):
            raise UserError(f"the manifest's actions {list(self.actions)} are not those of {spec.name}'s {self.role}, {list(choices)}")
        if self.span != role.span:
            raise UserError(f"the manifest's span {list(self.span)} is not that of {spec.name}'s {self.role}, {list(role.span)}")

    def _remedy(self) -> str:
        """What to do where signatures differ."""
        needed = " ".join(f"{name}={value}" for name, value in self.settings.items())[:200]
        return f"it plays with the settings {needed}" if needed else "train and export it with the same config"


def from_json(text: bytes) -> Manifest:
    """Read a manifest; UserError says in one sentence what is unknown, missing or of the wrong type."""
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"manifest.json is not valid JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict):
        raise UserError("manifest.json has to be a JSON object with keys and values")
    if found.get("schema") != SCHEMA or found["schema"] is True:
        raise UserError(f"manifest.json has schema {str(found.get('schema'))[:40]!r}; this version of Avatarium reads schema {SCHEMA}")
    _check_keys(found, Manifest, "manifest.json")
    states = found.pop("recurrent")
    if not isinstance(states, list):
        raise UserError("'recurrent' in manifest.json has to be a list of states, each with a name and a shape")
    return Manifest(**_tuples(found), recurrent=tuple(_state(s) for s in states))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UserError("manifest.json says a key twice")
    return found


def _no_constant(word: str) -> Any:
    raise UserError(f"manifest.json holds {word}, which is not JSON")


def _tuples(found: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def _state(found: Any) -> StateShape:
    if not isinstance(found, dict):
        raise UserError("every state in 'recurrent' of manifest.json has to be an object with a name and a shape")
    _check_keys(found, StateShape, "a state in 'recurrent' of manifest.json")
    return StateShape(**_tuples(found))


def _check_keys(found: dict[str, Any], kind: type, where: str) -> None:
    known = {f.name for f in dataclasses.fields(kind)}
    for key in found:
        if key not in known:
            raise UserError(f"{where} has an unknown key {key[:40]!r}: {nearest(key[:40], known)}")
    for key in sorted(known - set(found) - OPTIONAL):
        raise UserError(f"{where} lacks the key {key!r}")


def _check(manifest: Manifest) -> None:
    """Check types, lengths and ranges: a dataclass does not."""
    for f in dataclasses.fields(Manifest):
        value = getattr(manifest, f.name)
        if f.type in (str, str | None):
            if not isinstance(value, str) and not (value is None and f.name == "parent"):
                raise UserError(f"{f.name!r} in the manifest has to be a text, not {str(value)[:40]}")
            _check_text(value or "", f.name)
    for name in ("world_version", "controls", "schema"):
        _check_whole(getattr(manifest, name), name, 0, 10**6)
    for name in ("name", "world", "role", "signature"):
        if not getattr(manifest, name) or len(getattr(manifest, name)) > 100:
            raise UserError(f"{name!r} in the manifest has to have 1 to 100 characters")
    if not re.fullmatch(r"[\w.-]+", manifest.world, re.ASCII):
        raise UserError(f"'world' in the manifest is {manifest.world[:40]!r}: give the name of a world, not an address")
    _check_actions(manifest)
    if manifest.sampling not in SAMPLING:
        raise UserError(f"'sampling' in the manifest is {manifest.sampling[:40]!r}: {nearest(manifest.sampling[:40], SAMPLING)}")
    _check_states(manifest.recurrent)
    _check_settings(manifest.settings)
    _check_data(manifest.data)
    if not isinstance(manifest.value, bool):
        raise UserError(f"'value' in the manifest has to be true or false, not {str(manifest.value)[:40]}")


def _check_settings(settings: object) -> None:
    if not isinstance(settings, dict) or len(settings) > MAX_SETTINGS:
        raise UserError(f"'settings' in the manifest has to be an object with at most {MAX_SETTINGS} names and values")
    for name, value in settings.items():
        if not isinstance(value, (str, int, float)) or not (isinstance(value, str) or abs(value) <= MAX_NUMBER):  # NaN is not, either
            raise UserError(f"the setting {str(name)[:40]!r} in the manifest has to be a text, a number, true or false")
        _check_text(f"{name}{value}", "settings")


def _check_data(data: object) -> None:
    if not isinstance(data, tuple) or len(data) > MAX_DATA or not all(isinstance(one, str) and DATA.fullmatch(one) for one in data):
        raise UserError(f"'data' in the manifest has to be a list of at most {MAX_DATA} hashes of 64 hexadecimal digits")


def _check_text(text: str, name: str) -> None:
    if len(text) > MAX_TEXT:
        raise UserError(f"{name!r} in the manifest is longer than {MAX_TEXT} characters")
    if not text.isprintable():
        raise UserError(f"{name!r} in the manifest holds characters that cannot be printed")


def _check_whole(value: object, name: str, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UserError(f"{name!r} in the manifest has to be a whole number from {low} to {high}, not {str(value)[:40]}")


def _check_actions(manifest: Manifest) -> None:
    if not isinstance(manifest.actions, tuple) or len(manifest.actions) > 64:
        raise UserError("'actions' in the manifest has to be a list of at most 64 numbers of choices")
    for choices in manifest.actions:
        _check_whole(choices, "actions", 1, 4096)
    if bool(manifest.actions) == bool(manifest.controls):
        raise UserError("the manifest has to give either 'actions' (numbers of choices) or 'controls' (how many), not both")
    _check_span(manifest.span)


def _check_span(span: object) -> None:
    ends = span if isinstance(span, tuple) else ()
    numbers = [end for end in ends if isinstance(end, int | float) and not isinstance(end, bool) and abs(end) <= MAX_NUMBER]
    if len(ends) != 2 or numbers != [*ends] or not numbers[0] < numbers[1]:
        raise UserError(f"'span' in the manifest has to be two numbers, the lower one first, not {str(span)[:40]}")


def _check_states(states: tuple[StateShape, ...]) -> None:
    for state in states:
        if not isinstance(state.name, str) or not re.fullmatch(r"\w{1,100}", state.name, re.ASCII):
            raise UserError(f"a state in the manifest is called {str(state.name)[:40]!r}: use letters, digits and underscores")
        if not isinstance(state.shape, tuple) or not 1 <= len(state.shape) <= 4:
            raise UserError(f"the shape of state {state.name!r} in the manifest has to be a list of 1 to 4 whole numbers")
        for length in state.shape:
            _check_whole(length, "shape", 1, MAX_STATE_FLOATS)
    if len({state.name for state in states}) != len(states):
        raise UserError("two states in 'recurrent' of the manifest have the same name")
    if sum(state.size for state in states) > MAX_STATE_FLOATS:
        raise UserError(f"a policy may carry {MAX_STATE_FLOATS} floats of state; this one asks for {sum(s.size for s in states)}")
