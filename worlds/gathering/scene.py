"""What there is to see in gathering, as data for the renderer."""

import numpy as np

from avatarium.worlds.core import interior
from avatarium.worlds.core.scene import Label, Scene
from avatarium.worlds.gathering.config import Config
from avatarium.worlds.gathering.floor import OVERLAP
from avatarium.worlds.gathering.level import ENTRANCE
from avatarium.worlds.gathering.state import State

TOPICS = (
    "music", "films", "books", "art", "history", "travel", "food", "gardens",
    "animals", "science", "space", "computers", "games", "sport", "health", "politics",
)  # fmt: skip
"""What the words are called in pictures; to those who say them they are numbers."""


def scene(state: State, config: Config, i: int) -> Scene:
    """Environment ``i`` as it is now; the crowd shares one grey. Above each conversation: its topic."""
    avatars = state.avatars[i]
    each, here = np.arange(len(avatars)), avatars["present"] == 1
    names = [f"guest_{a}" if a < config.guests else f"crowd_{a - config.guests}" for a in each.tolist()]
    talks = [
        Label(float(talk["x"]), float(talk["y"]), 0.0, topic(avatars, int(floor["speaker"])))
        for talk, floor in zip(state.formations[i], state.floors[i], strict=True)
        if talk["size"] > 0
    ]
    return interior.scene(
        state,
        i,
        names,
        colours(config),
        roles=each >= config.guests,
        labels=[interior.plate(state.rooms[i, ENTRANCE], "entrance"), *talks],
        notes={names[a]: about(state, names, i, a) for a in np.flatnonzero(here[: config.guests]).tolist()},
    )


def colours(config: Config) -> np.ndarray:
    """uint8 [A]: palette index of every avatar."""
    return interior.colours(config.guests, config.crowd)


def topic(avatars: np.ndarray, speaker: int) -> str:
    """What a conversation is about now."""
    if speaker == OVERLAP:
        return "all at once"
    word = int(avatars["word"][speaker]) if speaker >= 0 else 0
    return TOPICS[word - 1] if word else "…"


def about(state: State, names: list[str], i: int, a: int) -> str:
    """One line on a guest: what it likes most, with whom it is, how it feels."""
    me = state.avatars[i, a]
    likes = np.argsort(-state.interests[i, a], kind="stable")[:2].tolist()
    group = state.avatars[i]["formation"]
    company = [names[b].replace("_", " ") for b in np.flatnonzero((group == me["formation"]) & (group >= 0)).tolist() if b != a]
    told = f"likes {' and '.join(TOPICS[w] for w in likes)}"
    return told + (f", with {' and '.join(company)}, pleasure {me['warmth']:+.1f}" if company else ", alone")
