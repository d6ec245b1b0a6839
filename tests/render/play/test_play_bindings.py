"""Every role of every world can be played: each choice has a key, and keys become what the world understands."""

from collections.abc import Iterator

import numpy as np
import pytest

from avatarium import worlds
from avatarium.render.play import bindings
from avatarium.render.play.bindings import scheme, table
from avatarium.render.play.hands import Grip, Hands
from avatarium.worlds import UserError
from avatarium.worlds.core.spec import Head, Role
from avatarium.worlds.core.speech import WORDS

CONFIGS = {
    "commons": [{"control": "continuous"}],
    "domination": [{"control": "continuous"}, {"command": "order"}, {"command": "commander"}, {"command": "commander", "team": 10}],
    "gathering": [{"control": "continuous"}],
    "wayfinding": [{"control": "continuous"}],
    "masks": [{"buttons": 16, "levers": 16}],
}
VIEWER = {"space", "escape", "tab", "h", "p"}
"""Keys that a player cannot do without."""


def everybody() -> Iterator[object]:
    for name in worlds.names():
        spec = worlds.spec(name)
        for config in [{}, *CONFIGS.get(name, [])]:
            for role in spec.roles(spec.config(**config)):
                yield pytest.param(role, id=f"{name}-{role.name}-{'-'.join(map(str, config.values()))}")


def held(*keys: str) -> Grip:
    return Grip(frozenset(key for name in keys for key in (("left shift", name[6:]) if name.startswith("shift ") else (name,))))


def reached(role: Role, pad: bool) -> list[set[float]]:
    """What each head or control can be brought to by the keyboard, or by buttons and sticks."""
    plan, found = scheme(role), [set[float]() for _ in range(role.action_size)]
    mask = np.ones(role.mask_size, np.bool_) if role.masked else None

    def take(hands: Hands, grip: Grip) -> None:
        for part, value in zip(found, hands.action(grip, mask).tolist(), strict=True):
            part.add(value)

    for stroke in plan.strokes:
        if stroke.key.startswith("pad ") == pad:
            take(Hands(plan), held(stroke.key))
    for cycle in (c for c in plan.cycles if c.give.startswith("pad ") == pad):
        hands = Hands(plan)
        for _ in cycle.strokes:
            take(hands, Grip(frozenset({cycle.after, cycle.give}), (cycle.after,)))
            take(hands, held(cycle.give))
    for x, y, turn in ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)) if pad else ():
        take(Hands(plan), Grip(sticks=(float(x), float(y), float(turn), 0.0)))
    take(Hands(plan), Grip())
    return found


@pytest.mark.parametrize("pad", [False, True], ids=["keyboard", "gamepad"])
@pytest.mark.parametrize("role", list(everybody()))
def test_everything_that_a_role_can_do_can_be_done(role: Role, pad: bool) -> None:
    found = reached(role, pad)
    for k, head in enumerate(() if role.continuous else role.heads):
        assert found[k] == set(range(len(head.choices))), head.name
    for k, name in enumerate(role.continuous):
        wanted = WORDS if name in bindings.SCALES else 2
        assert len(found[k] - {0.0}) == wanted and all(-1 <= value <= 1 for value in found[k]), name


@pytest.mark.parametrize("role", list(everybody()))
def test_no_key_means_two_things_and_the_viewer_keeps_its_own(role: Role) -> None:
    plan = scheme(role)
    keys = [s.key for s in plan.strokes] + [key for c in plan.cycles for key in (c.before, c.after, c.give)]
    assert len(keys) == len(set(keys))
    assert not plan.keys() & VIEWER
    assert all(not key.startswith(("pad ", "shift ")) for key in sorted(plan.keys()))


def test_keys_become_actions() -> None:
    hands = Hands(scheme(worlds.make_batch("wayfinding").roles["walker"]))
    assert hands.action(Grip()).tolist() == [0, 0]
    assert hands.action(held("w", "q")).tolist() == [1, 1]
    assert hands.action(held("down", "right")).tolist() == [2, 2]
    assert hands.action(held("h")).tolist() == [0, 0]


def test_the_key_pressed_last_counts_until_it_is_let_go() -> None:
    hands = Hands(scheme(worlds.make_batch("wayfinding").roles["walker"]))
    steps = [held("d"), held("d", "a"), held("d", "a", "w"), held("d", "a"), held("d"), held()]
    assert [hands.action(grip)[0] for grip in steps] == [4, 3, 1, 3, 4, 0]


def test_a_tap_between_two_steps_is_done_once() -> None:
    hands = Hands(scheme(worlds.make_batch("gathering").roles["guest"]))
    tapped = Grip(frozenset(), ("f", "shift 3"))
    assert hands.action(tapped).tolist() == [0, 0, 1, 13]
    assert hands.action(Grip()).tolist() == [0, 0, 0, 0]
    assert [hands.action(held("2"))[3] for _ in range(3)] == [2, 2, 2], "a word is given as long as its key is held"


def test_keys_become_controls_and_sticks_give_any_value_of_them() -> None:
    hands = Hands(scheme(worlds.make_batch("wayfinding", control="continuous").roles["walker"]))
    assert hands.action(held("w", "up", "e")).tolist() == [1.0, 0.0, -1.0]
    assert hands.action(held("a", "d")).tolist() == [0.0, 0.0, 0.0]
    assert hands.action(Grip(sticks=(-0.5, 0.25, 0.75, 0.0))).tolist() == [0.25, 0.5, -0.75]
    assert hands.action(Grip(frozenset({"s"}), sticks=(0.0, 0.25, 0.0, 0.0)))[0] == -1, "a key says more than a stick"
    steering = Hands(scheme(worlds.make_batch("steering").roles["pilot"]))
    assert steering.action(held("left", "w")).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize(("world", "others"), [("gathering", ("g",)), ("domination", ())])
def test_words_on_a_scale_are_those_that_the_world_hears(world: str, others: tuple[str, ...]) -> None:
    batch = worlds.make_batch(world, autoreset=False, control="continuous")
    name, role = next(iter(batch.roles.items()))
    plan = scheme(role)
    voice = [s.key for s in plan.strokes if plan.part(s.part) == "voice" and s.value > 0 and not s.key.startswith("pad ")]
    for word, key in ((1, "1"), (10, "0"), (16, "shift 6")):
        batch.reset([1])
        actions = {n: np.zeros((1, r.count, r.action_size), np.float32) for n, r in batch.roles.items()}
        who = int(np.flatnonzero(batch.present[name][0])[0])
        actions[name][0, who] = Hands(plan).action(held(key, *voice))
        batch.step(actions)
        assert batch.state.avatars[0, who]["word"] == word


def test_what_is_not_open_is_not_done_and_a_hint_says_so() -> None:
    role = Role("clerk", 1, (), (Head("press", ("a", "b", "c")), Head("hand", ("none", "use"))), (), masked=True)
    hands = Hands(scheme(role))
    mask = np.array([False, True, True, True, True])
    assert hands.opened(mask) == "open: 2 3 F"
    assert hands.action(Grip(), mask).tolist() == [1, 0] and not hands.hint, "nothing was asked for"
    assert hands.action(held("1"), mask).tolist() == [1, 0] and hands.hint == "a: not open now"
    assert hands.action(held("3"), mask).tolist() == [2, 0] and not hands.hint
    assert hands.action(Grip(), mask).tolist() == [2, 0], "a head without rest stays where it is"
    assert hands.action(held("f"), np.array([True] * 4 + [False])).tolist() == [2, 0] and hands.hint == "use: not open now"


def test_a_choice_stands_until_it_counts() -> None:
    role = next(iter(worlds.make_batch("domination", command="order").roles.values()))
    hands, every = Hands(scheme(role)), np.ones(role.mask_size, np.bool_)
    standing = np.zeros(role.mask_size, np.bool_)
    standing[[0, 3]] = True
    assert hands.action(Grip(frozenset(), ("z", "2")), standing, due=False).tolist() == [0, 0], "only what stands is open now"
    assert hands.hint == "far, word 2: counts with the next decision"
    assert hands.action(Grip(), standing, due=False).tolist() == [0, 0]
    assert hands.action(Grip(), every, due=True).tolist() == [2, 2], "and then both are given"
    assert hands.action(Grip(), every, due=True).tolist() == [2, 0], "the order stands, the word was said"


def test_long_lists_are_walked_through() -> None:
    hands = Hands(scheme(worlds.make_batch("concierge").roles["host"]))
    assert hands.action(held("return"))[4] == 0 and not hands.cursors(), "nothing was chosen yet"
    assert hands.action(Grip(frozenset(), (".",)))[4] == 0 and hands.cursors() == "recall: office"
    assert hands.action(Grip(frozenset(), (".", ".", "return")))[4] == 3 and hands.cursors() == "recall: library"
    assert hands.action(Grip(frozenset(), (",", "return")))[4] == 2


def test_a_world_from_elsewhere_is_played_by_the_same_rules() -> None:
    heads = (
        Head("steer", ("none", "up", "down", "left", "right")),
        Head("gear", ("low", "high")),
        Head("horn", ("off", "on")),
        Head("song", tuple(f"song_{k}" for k in range(30))),
    )
    rows = dict(table(scheme(Role("driver", 1, (), heads, ()))))
    assert rows == {
        "W S A D": "steer up, down, left, right",
        "↑ ↓ ← →": "steer up, down, left, right",
        "F": "gear low",
        "X": "gear high",
        "Z": "horn on",
        ", .": "song: the one before, the one after",
    }


def test_a_role_with_more_than_a_keyboard_can_is_refused() -> None:
    heads = tuple(Head(f"list_{k}", tuple(map(str, range(30)))) for k in range(5))
    with pytest.raises(UserError, match="not enough keys"):
        scheme(Role("octopus", 1, (), heads, ()))


def test_the_table_tells_buttons_to_those_who_have_some() -> None:
    plan = scheme(worlds.make_batch("gathering").roles["guest"])
    assert ("1 – 0", "say word 1 – 10") in table(plan) and ("⇧1 – ⇧6", "say word 11 – 16") in table(plan)
    assert ("← →", "turn left, right") in table(plan) and ("pad LB RB", "say: the one before, the one after") in table(plan, pad=True)
    assert ("F", "hand use") in table(plan) and ("F pad A", "hand use") in table(plan, pad=True)
    assert ("sticks", "left: walk, right: turn") in table(plan, pad=True)
