"""Message: a speaker sees a symbol and says a word, a listener hears the word and picks a symbol (Lewis 1969, Convention)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from avatarium.worlds.core import grid
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rewards import clear, pay
from avatarium.worlds.core.rng import RULES, below
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.settings import setting
from avatarium.worlds.core.spec import EventKind, Feature, Head, Role, WorldSpec

F = np.float32
SPEAKER, LISTENER = 0, 1
UNDERSTOOD, MISTAKEN = 0, 1


@dataclass(frozen=True)
class Config:
    """Settings of message."""

    pairs: int = setting(1, 1, 8, "pairs of a speaker and a listener, each on its own")
    symbols: int = setting(5, 2, 16, "what there is to speak of; chance is one over this")
    words: int = setting(10, 2, 16, "what can be said")
    rounds: int = setting(10, 1, 100, "symbols of an episode, one after the other; a round takes two steps")


class State(NamedTuple):
    """Every field has the environments as its first axis; A pairs."""

    symbol: np.ndarray  # int32 [N, A]: what each speaker sees in this round
    word: np.ndarray  # int32 [N, A]: what it said, -1 while it has not spoken
    pick: np.ndarray  # int32 [N, A]: what the listener picked last, -1 before the first


def allocate(num_envs: int, config: Config) -> State:
    """Zeroed state for ``num_envs`` environments."""
    return State(*(np.zeros((num_envs, config.pairs), np.int32) for _ in State._fields))


def roles(config: Config) -> tuple[Role, ...]:
    """Speakers and listeners."""
    turn = Feature("turn", 1, -1, 1, "1 = what it does now counts, -1 = it waits", "body")
    symbol = Feature("symbol", config.symbols, 0, 1, "which symbol is shown; zeros when it is not its turn", "sight")
    word = Feature("word", config.words, 0, 1, "which word was said; zeros when it is not its turn", "hearing")
    say, pick = (
        Head("say", tuple(f"word_{k}" for k in range(config.words))),
        Head("pick", tuple(f"symbol_{k}" for k in range(config.symbols))),
    )
    return (
        Role("speaker", config.pairs, (symbol, turn), (say,), terms=("understood",)),
        Role("listener", config.pairs, (word, turn), (pick,), terms=("understood",)),
    )


def state_features(config: Config) -> tuple[Feature, ...]:
    """What the global state holds."""
    return (
        Feature("symbols", config.symbols * config.pairs, 0, 1, "which symbol each speaker sees", "state"),
        Feature("words", config.words * config.pairs, 0, 1, "which word each has said in this round", "state"),
    )


@kernel
def reset(state, episodes, config, out, log, which, start, stop):
    """Begin episodes where ``which`` [N] is set."""
    for i in range(start, stop):
        if which[i]:
            for a in range(state.symbol.shape[1]):
                state.pick[i, a] = -1
                draw(state, episodes, config[0], i, a)
            out[SPEAKER].present[i] = True
            out[LISTENER].present[i] = True
            observe(state, config[0], out, i)


@kernel
def step(state, episodes, config, actions, out, log, start, stop):
    """Advance environments ``start`` to ``stop`` by one step; returns how many ended."""
    ended = 0
    for i in range(start, stop):
        if not episodes.over[i]:
            clear(out[SPEAKER], i)
            clear(out[LISTENER], i)
            for a in range(state.symbol.shape[1]):
                if state.word[i, a] < 0:
                    said = actions[SPEAKER][i, a, 0]
                    state.word[i, a] = said if 0 <= said < config[0].words else 0
                else:
                    judge(state, actions[LISTENER][i, a, 0], out, log, i, a)
                    draw(state, episodes, config[0], i, a)
            episodes.clock[i] += 1
            if episodes.clock[i] >= 2 * config[0].rounds:
                episodes.over[i] = True
                out[SPEAKER].truncation[i] = True
                out[LISTENER].truncation[i] = True
                ended += 1
            observe(state, config[0], out, i)
    return ended


@kernel
def draw(state, episodes, config, i, a):
    """Begin a round of pair ``a`` with a new symbol."""
    state.symbol[i, a], state.word[i, a] = below(episodes.stream, i, RULES, config.symbols), -1


@kernel
def judge(state, pick, out, log, i, a):
    """Pay both when the pick is the symbol."""
    state.pick[i, a], understood = pick, pick == state.symbol[i, a]
    pay(out[SPEAKER], i, a, 0, F(1) if understood else F(0))
    pay(out[LISTENER], i, a, 0, F(1) if understood else F(0))
    emit(log, i, UNDERSTOOD if understood else MISTAKEN, a, state.symbol.shape[1] + a, F(state.word[i, a]))


@kernel
def observe(state, config, out, i):
    """Fill what everybody senses: speakers the symbol, then listeners the word."""
    for a in range(state.symbol.shape[1]):
        seen, heard, word = out[SPEAKER].observation[i, a], out[LISTENER].observation[i, a], state.word[i, a]
        seen[:], heard[:] = F(0), F(0)
        if word < 0:
            seen[state.symbol[i, a]] = F(1)
        else:
            heard[word] = F(1)
        seen[config.symbols], heard[config.words] = (F(1), F(-1)) if word < 0 else (F(-1), F(1))


@kernel
def overview(state, episodes, config, out, start, stop):
    """Fill ``out`` [N, G], the global state."""
    pairs, symbols, words = state.symbol.shape[1], config[0].symbols, config[0].words
    for i in range(start, stop):
        out[i] = F(0)
        for a in range(pairs):
            out[i, symbols * a + state.symbol[i, a]] = F(1)
            if state.word[i, a] >= 0:
                out[i, symbols * pairs + words * a + state.word[i, a]] = F(1)


def heuristic(role: str, observation: np.ndarray, config: Any) -> np.ndarray:
    """Actions int32 [B, 1] by a convention: the word for a symbol is the one of the same number."""
    heard = observation[:, :-1].argmax(axis=1)
    return np.asarray(np.minimum(heard, (config.words if role == "speaker" else config.symbols) - 1)[:, None], np.int32)


def scene(state: State, config: Config, i: int) -> Scene:
    """Speakers on the left, each beside its symbol; listeners on the right, each beside its last pick."""
    pairs = np.arange(config.pairs)
    people = grid.figures(np.repeat([1, 3], config.pairs), np.tile(pairs, 2), np.repeat([0, 1], config.pairs))
    people["word"][: config.pairs] = np.maximum(state.word[i] + 1, 0)
    people["role"] = np.repeat([0, 1], config.pairs)
    tiles = [(0.0, float(a), int(state.symbol[i, a])) for a in pairs]
    tiles += [(4.0, float(a), int(state.pick[i, a])) for a in pairs if state.pick[i, a] in range(config.symbols)]
    labels = [(1.0, a + 0.4, f"word {state.word[i, a]}") for a in pairs if state.word[i, a] >= 0]
    names = [f"{role}_{a}" for role in ("speaker", "listener") for a in pairs]
    return grid.draw((5, config.pairs), people, names, tiles=tiles, labels=labels)


WORLD = WorldSpec(
    name="message",
    version=2,
    summary="agree on words: a speaker sees a symbol, a listener has to pick it from what it hears",
    tags=("diagnostic", "social"),
    config=Config,
    roles=roles,
    events=(
        EventKind("understood", "a listener (whom) picked what a speaker (who) saw", "the word"),
        EventKind("mistaken", "a listener (whom) picked something else", "the word"),
    ),
    allocate=allocate,
    reset=reset,
    step=step,
    overview=overview,
    state_features=state_features,
    scene=scene,
    level_fields=(),
    frame_fields=("symbol", "word", "pick"),
    heuristic=heuristic,
)
