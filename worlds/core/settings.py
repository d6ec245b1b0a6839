"""Configs: frozen dataclasses whose fields know their range, their meaning and their form inside kernels."""

import dataclasses
import types
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from avatarium.worlds.core.errors import UserError, nearest

C = TypeVar("C")


def setting(default: float, low: float, high: float, meaning: str) -> Any:
    """A number in [low, high]; an int default makes it a whole number, a bool default a switch."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


def switch(default: bool, meaning: str) -> Any:
    """Yes or no."""
    return dataclasses.field(default=default, metadata={"low": 0, "high": 1, "meaning": meaning})


def choice(default: str, *others: str, meaning: str) -> Any:
    """One of a few words; inside kernels it is the word's index, the default being 0."""
    return dataclasses.field(default=default, metadata={"options": (default, *others), "meaning": meaning})


def text(default: str, meaning: str) -> Any:
    """Words that whoever reads them understands; not for worlds, whose kernels know numbers only."""
    return dataclasses.field(default=default, metadata={"words": True, "meaning": meaning})


def section(kind: type, meaning: str, later: bool = False, **defaults: Any) -> Any:
    """A nested config of type ``kind``. ``later``: it came when scores existed already, which it leaves as they are (see ``told``)."""
    return dataclasses.field(default_factory=lambda: kind(**defaults), metadata={"meaning": meaning, "later": later})


def told(config: Any) -> dict[str, Any]:
    """A config as nested dicts, for headers and for whatever is hashed; ``build`` takes it back.

    Sections that came later are told of only where something about them is not as usual: what was hashed before they came stays the same.
    """
    found = {}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if not dataclasses.is_dataclass(value):
            found[f.name] = value
        elif not f.metadata.get("later") or value != _usual(f):
            found[f.name] = told(value)
    return found


def _usual(field: dataclasses.Field[Any]) -> Any:
    """What a field is unless somebody sets it."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def build(kind: type[C], overrides: Mapping[str, Any]) -> C:
    """A checked config of type ``kind``; keys of ``overrides`` may be dotted paths. Raises UserError for unknown names and bad values."""
    config = kind()
    for path, value in overrides.items():
        config = _replaced(config, path.split("."), value, path)
    check(config)
    return config


def _replaced(config: Any, path: list[str], value: Any, whole: str) -> Any:
    known = {f.name for f in dataclasses.fields(config)}
    if path[0] not in known:
        raise UserError(f"there is no setting {whole!r}: {nearest(path[0], known)}")
    if len(path) > 1:
        inner = getattr(config, path[0])
        if not dataclasses.is_dataclass(inner):
            raise UserError(f"setting {path[0]!r} has no parts, but {whole!r} names one")
        value = _replaced(inner, path[1:], value, whole)
    elif isinstance(value, Mapping):
        value = build(type(getattr(config, path[0])), value)
    return dataclasses.replace(config, **{path[0]: value})


def check(config: Any, prefix: str = "") -> None:
    """Raise UserError when a value is of the wrong type or outside its range."""
    for f in dataclasses.fields(config):
        value, name = getattr(config, f.name), prefix + f.name
        if dataclasses.is_dataclass(value):
            check(value, f"{name}.")
        elif "words" in f.metadata:
            if not isinstance(value, str):
                raise UserError(f"setting {name!r} is {value!r}, but it has to be a text")
        elif "options" in f.metadata:
            if value not in f.metadata["options"]:
                raise UserError(f"setting {name!r} is {value!r}: {nearest(str(value), f.metadata['options'])}")
        else:
            _check_number(f, value, name)


def _check_number(f: Any, value: Any, name: str) -> None:
    whole = isinstance(f.default, int)
    if not isinstance(value, (int, float, np.number)) or (whole and int(value) != value):
        raise UserError(f"setting {name!r} is {value!r}, but it has to be a {'whole ' if whole else ''}number")
    if not f.metadata["low"] <= value <= f.metadata["high"]:
        raise UserError(f"setting {name!r} is {value!r}, but it has to lie between {f.metadata['low']} and {f.metadata['high']}")


def pair(text: str) -> tuple[str, str]:
    """Name and value of ``name=value``; UserError when it is not of that form."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UserError(f"{text!r} is not of the form name=value")
    return name, value


def parse_overrides(texts: Iterable[str], kind: type) -> dict[str, Any]:
    """Turn ``["rays.noise=0.1", "guidance=signs"]`` into overrides for ``build``, each value read as its setting's type."""
    found: dict[str, Any] = {}
    for text in texts:
        path, equals, word = text.partition("=")
        if not equals:
            raise UserError(f"{text!r} is not of the form setting=value")
        found[path] = _read(_default(kind(), path.split("."), path), word, path)
    return found


def _default(config: Any, path: list[str], whole: str) -> Any:
    known = {f.name for f in dataclasses.fields(config)} if dataclasses.is_dataclass(config) else set()
    if path[0] not in known:
        raise UserError(f"there is no setting {whole!r}: {nearest(path[0], known)}")
    value = getattr(config, path[0])
    return value if len(path) == 1 else _default(value, path[1:], whole)


def _read(default: Any, word: str, path: str) -> Any:
    if isinstance(default, str):
        return word
    if isinstance(default, bool):
        if word.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise UserError(f"setting {path!r} is {word!r}, but it has to be true or false")
        return word.lower() in ("true", "1", "yes")
    try:
        return int(word) if isinstance(default, int) else float(word)
    except ValueError:
        raise UserError(f"setting {path!r} is {word!r}, but it has to be a {'whole ' if isinstance(default, int) else ''}number") from None


def packed(config: Any) -> np.ndarray:
    """The config as a structured array [1] that kernels take: numbers as they are (float32, int32), words as indices, sections nested."""
    dtype = _dtype(config)
    return np.array([_values(config)], dtype=dtype)


def _dtype(config: Any) -> np.dtype:
    kinds: list[Any] = []
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if dataclasses.is_dataclass(value):
            kinds.append((f.name, _dtype(value)))
        else:
            kinds.append((f.name, "f4" if isinstance(f.default, float) else "i4"))
    return np.dtype(kinds, align=True)


def _values(config: Any) -> tuple[Any, ...]:
    row: list[Any] = []
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if dataclasses.is_dataclass(value):
            row.append(_values(value))
        else:
            row.append(f.metadata["options"].index(value) if "options" in f.metadata else value)
    return tuple(row)


def table(kind: type) -> str:
    """The settings of a config type as Markdown: name, default, range, meaning."""
    rows = ["| setting | default | range | meaning |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {default} | {span} | {meaning} |" for name, default, span, meaning in _rows(kind(), "")]
    return "\n".join(rows)


def _rows(config: Any, prefix: str) -> list[tuple[str, Any, str, str]]:
    rows: list[tuple[str, Any, str, str]] = []
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if dataclasses.is_dataclass(value):
            rows += _rows(value, f"{prefix}{f.name}.")
        else:
            meta: types.MappingProxyType[Any, Any] = f.metadata
            rows.append((prefix + f.name, value, _span(meta), meta["meaning"]))
    return rows


def _span(meta: types.MappingProxyType[Any, Any]) -> str:
    """What values a setting may have, in words."""
    if "words" in meta:
        return "text"
    return ", ".join(meta["options"]) if "options" in meta else f"{meta['low']:g} to {meta['high']:g}"
