"""Which keys and gamepad buttons do what, worked out from the heads or controls of a role: any role of any world can be played."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Head, Role
from avatarium.worlds.core.speech import WORDS

IDLE = frozenset({"stay", "none", "silence", "keep", "nothing", "wait", "idle", "noop", "stand", "off"})
"""Names of a first choice that is doing nothing; a head whose first choice is called otherwise has no rest: what was chosen last stands."""

WAYS = {
    "forward": "w",
    "north": "w",
    "up": "w",
    "back": "s",
    "south": "s",
    "down": "s",
    "left": "a",
    "west": "a",
    "right": "d",
    "east": "d",
}
TURNS = {"left": "q", "right": "e"}
ARROWS = {"w": "up", "s": "down", "a": "left", "d": "right", "q": "left", "e": "right"}
CONTROL_WAYS = {"forward": ("w", "s"), "up": ("w", "s"), "left": ("a", "d"), "right": ("d", "a"), "turn": ("q", "e")}
"""Continuous controls that are ways to move: the key for plus and the key for minus."""
SCALES = {"say": (0.0, 1.0), "topic": (-1.0, 1.0)}
"""Continuous controls whose value says which of ``WORDS`` words is meant, and the range that the words share."""

LETTERS = "fxzikloygcvmj"
"""Keys that neither walking nor the viewer uses, the handiest first."""
CYCLES = ((",", ".", "return"), ("page down", "page up", "insert"), ("f5", "f6", "f7"), ("f8", "f9", "f10"))
"""For heads of many choices: the key to the choice before, to the one after, and the one that gives it."""
FACES = ("pad a", "pad b", "pad x", "pad y")
PAD_CYCLES = (("pad lb", "pad rb", "pad rt"), ("pad left", "pad right", "pad up"))
SHORT, ROW = 4, 20
"""Choices for which letters are enough, and choices that fit on the row of digits, alone and with shift."""


class Stroke(NamedTuple):
    """A key that stands for a choice of a head, or for a value of a control, which is in [-1, 1] whatever the span."""

    key: str
    part: int
    choice: int = 0
    value: float = 0.0


@dataclass(frozen=True)
class Cycle:
    """Keys that walk through the choices of a head, or the words of a control, and one that gives the choice reached."""

    part: int
    before: str
    after: str
    give: str
    strokes: tuple[Stroke, ...]
    """What can be given, in order; their keys do not matter."""


@dataclass
class Scheme:
    """How a role is played. Names of keys are pygame's, those of a gamepad begin with ``pad``; ``shift 3`` is 3 with shift held."""

    role: Role
    strokes: list[Stroke] = field(default_factory=list)
    cycles: list[Cycle] = field(default_factory=list)

    def keys(self) -> frozenset[str]:
        """All keys of the keyboard that belong to the player."""
        named = {stroke.key for stroke in self.strokes} | {key for c in self.cycles for key in (c.before, c.after, c.give)}
        return frozenset(key.removeprefix("shift ") for key in named if not key.startswith("pad ")) - {""}

    def part(self, index: int) -> str:
        """The name of a head or control."""
        return self.role.continuous[index] if self.role.continuous else self.role.heads[index].name

    def rests(self, index: int) -> bool:
        """Whether a head has a choice of doing nothing, to which it returns; a control has."""
        return bool(self.role.continuous) or rests(self.role.heads[index])

    def word(self, stroke: Stroke) -> str:
        """What a stroke stands for, in words."""
        if not self.role.continuous:
            return self.role.heads[stroke.part].choices[stroke.choice].replace("_", " ")
        usual = self.role.span[0] < 0
        return f"word {stroke.choice}" if stroke.choice else f"{self.role.stretched(stroke.value):{'+g' if usual else 'g'}}"


def rests(head: Head) -> bool:
    """Whether the first choice of a head is doing nothing."""
    return head.choices[0] in IDLE


def scheme(role: Role) -> Scheme:
    """The keys and buttons for a role. Raises UserError where a keyboard has not enough of them."""
    found, free = Scheme(role), _Free()
    parts = role.continuous or tuple(head.name for head in role.heads)
    moving = [k for k in range(len(parts)) if _moves(role, k)]
    for k in moving:
        found.strokes += free.claim(_ways(role, k))
    for k in sorted(moving, key=lambda k: not parts[k].startswith("turn")):
        found.strokes += free.claim([s._replace(key=ARROWS[s.key]) for s in found.strokes if s.part == k and s.key in ARROWS])
    others = [k for k in range(len(parts)) if k not in moving]
    row = _row(role, others, bool(moving))
    for k in others:
        offered = _offered(role, k)
        if k == row:
            found.strokes += [s._replace(key=_digit(role, k, n)) for n, s in enumerate(offered)]
        elif len(offered) <= len(free.letters) and (len(offered) <= SHORT or role.continuous):
            found.strokes += free.lettered(offered)
        else:
            found.cycles.append(free.cycle(k, offered))
        _give_buttons(found, free, k, offered)
    return found


class _Free:
    """Keys and buttons that are still to be had."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.letters = list(LETTERS)
        self.faces, self.cycles, self.pad_cycles = list(FACES), list(CYCLES), list(PAD_CYCLES)

    def claim(self, strokes: Iterable[Stroke]) -> list[Stroke]:
        """Those of the strokes whose keys nobody has."""
        got = [stroke for stroke in strokes if stroke.key not in self.taken]
        self.taken.update(stroke.key for stroke in got)
        return got

    def lettered(self, offered: Sequence[Stroke]) -> list[Stroke]:
        """The strokes on the next letters."""
        return [stroke._replace(key=self.letters.pop(0)) for stroke in offered]

    def cycle(self, part: int, offered: Sequence[Stroke]) -> Cycle:
        """The next three keys to walk through what is offered."""
        if not self.cycles:
            raise UserError("a keyboard has not enough keys for all that this role can do: let a policy play it")
        return Cycle(part, *self.cycles.pop(0), tuple(offered))


def _moves(role: Role, k: int) -> bool:
    """Whether a head or control is a way to move."""
    if role.continuous:
        return role.continuous[k] in CONTROL_WAYS
    head = role.heads[k]
    return rests(head) and len(head.choices) > 2 and all(choice in WAYS for choice in head.choices[1:])


def _ways(role: Role, k: int) -> list[Stroke]:
    if role.continuous:
        plus, minus = CONTROL_WAYS[role.continuous[k]]
        return [Stroke(plus, k, value=1.0), Stroke(minus, k, value=-1.0)]
    head = role.heads[k]
    keys = TURNS if set(head.choices[1:]) == set(TURNS) else WAYS
    return [Stroke(keys[choice], k, n) for n, choice in enumerate(head.choices) if n]


def _offered(role: Role, k: int) -> list[Stroke]:
    """What a head or control offers besides rest, without keys: choices, words of a scale, or plus and minus."""
    if not role.continuous:
        return [Stroke("", k, n) for n in range(rests(role.heads[k]), len(role.heads[k].choices))]
    if role.continuous[k] in SCALES:
        low, high = SCALES[role.continuous[k]]
        return [Stroke("", k, n + 1, low + (high - low) * (n + 0.5) / WORDS) for n in range(WORDS)]
    return [Stroke("", k, value=1.0), Stroke("", k, value=-1.0)]


def _row(role: Role, others: Sequence[int], moving: bool) -> int:
    """The head or control that gets the row of digits: what is said, else what has many choices, else the first of somebody who only
    chooses; -1 for none."""
    sizes = {k: len(_offered(role, k)) for k in others}
    fitting = [k for k in others if sizes[k] <= ROW]
    names = role.continuous or tuple(head.name for head in role.heads)
    said = [k for k in fitting if names[k] in SCALES]
    many = [k for k in fitting if sizes[k] > SHORT]
    return next(iter([*said, *many, *([] if moving else fitting)]), -1)


def _digit(role: Role, k: int, n: int) -> str:
    """The digit for the ``n``-th thing that a head offers: the one in its name where names are numbered, else 1 for the first."""
    first = 1
    if not role.continuous:
        names = role.heads[k].choices[rests(role.heads[k]) :]
        numbers = [name.rpartition("_")[2] for name in names]
        if numbers == [str(i) for i in range(len(numbers))]:
            first = 0
    return f"{'shift ' if n >= 10 else ''}{(n + first) % 10}"


def _give_buttons(found: Scheme, free: _Free, part: int, offered: Sequence[Stroke]) -> None:
    """Put what a head offers on the buttons of a gamepad as well, as far as there are any."""
    if len(offered) <= len(free.faces):
        found.strokes += [stroke._replace(key=free.faces.pop(0)) for stroke in offered]
    elif free.pad_cycles:
        found.cycles.append(Cycle(part, *free.pad_cycles.pop(0), tuple(offered)))


_SHOWN = {
    "return": "Enter", "left": "←", "right": "→", "up": "↑", "down": "↓", "insert": "Ins", "page up": "PgUp", "page down": "PgDn",
    "pad left": "pad ←", "pad right": "pad →", "pad up": "pad ↑",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as it is called on the screen."""
    word = key.removeprefix("shift ")
    name = _SHOWN.get(word, f"pad {word[4:].upper()}" if word.startswith("pad ") else word.upper())
    return f"⇧{name}" if key.startswith("shift ") else name


def table(found: Scheme, pad: bool = False) -> list[tuple[str, str]]:
    """The keys and what they do, for the screen: a row for each choice, or for several that belong together; with ``pad`` buttons, too."""
    moving = [k for k in range(found.role.action_size) if _moves(found.role, k)]
    rows = [row for k in moving for row in _moving_rows(found, k)]
    for k in range(found.role.action_size):
        if k not in moving:
            rows += _rows(found, k, pad)
    if pad and moving:
        turning = any(found.part(k) == "turn" for k in moving)
        rows.append(("sticks", "left: walk, right: turn") if turning else ("left stick", "walk"))
    return rows


def _moving_rows(found: Scheme, k: int) -> Iterator[tuple[str, str]]:
    """Letters in one row, arrows in the next."""
    strokes = [stroke for stroke in found.strokes if stroke.part == k]
    for some in ([s for s in strokes if len(s.key) == 1], [s for s in strokes if len(s.key) > 1]):
        if some:
            words = "more, less" if found.role.continuous else ", ".join(found.word(s) for s in some)
            yield " ".join(shown(s.key) for s in some), f"{found.part(k)} {words}"


def _rows(found: Scheme, k: int, pad: bool) -> Iterator[tuple[str, str]]:
    name = found.part(k).replace("_", " ")
    by_word: dict[str, list[str]] = {}
    for stroke in found.strokes:
        if stroke.part == k and (pad or not stroke.key.startswith("pad ")):
            by_word.setdefault(found.word(stroke), []).append(stroke.key)
    if len(by_word) > SHORT:
        keys, words = [keys[0] for keys in by_word.values()], list(by_word)
        for start in range(0, len(keys), 10):
            end = min(start + 10, len(keys)) - 1
            yield f"{shown(keys[start])} – {shown(keys[end])}", f"{name} {_span(words[start], words[end])}"
    else:
        yield from ((" ".join(map(shown, bound)), f"{name} {word}") for word, bound in by_word.items())
    for cycle in (c for c in found.cycles if c.part == k and (pad or not c.give.startswith("pad "))):
        yield f"{shown(cycle.before)} {shown(cycle.after).removeprefix('pad ')}", f"{name}: the one before, the one after"
        if found.rests(k):
            yield shown(cycle.give), f"{name}: give that one"


def _span(first: str, last: str) -> str:
    """Two words in short: ``word 1 – 10`` where they are numbered alike."""
    stem = last.rpartition(" ")[0]
    return f"{first} – {last.rpartition(' ')[2] if stem and first.startswith(stem + ' ') else last}"
