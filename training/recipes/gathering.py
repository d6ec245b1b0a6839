"""How to train guests of the world gathering."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe

STEPS = ("conversation_step", "left_out_step", "alone_step")
"""One of these happens to everybody who is there, in every step."""


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Shares of the time that people are there: in conversation, in conversation weighted by what the topic is worth, and left out.

    Overlapping is the part of conversation in which one speaks at the same time as others; close the time nearer than 0.45 m to somebody.
    """
    there = max(sum(events[kind].count for kind in STEPS), 1.0)
    talk, overlap = events["conversation_step"], events["overlap"].count
    greetings = events["greeting"].count
    found = {
        "matched": talk.value / there,
        "conversation": talk.count / there,
        "overlapping": overlap / max(talk.count, 1.0),
        "left_out": events["left_out_step"].count / there,
        "close": events["intrusion"].count / there,
        "turns_per_minute": 600.0 * events["turn"].count / there,
    }
    return found | ({"returned": events["greeting_returned"].count / greetings} if greetings else {})


RECIPE = Recipe(
    Hyperparameters(minutes=9.0, envs=64, epochs=2, minibatch=4096, lr=1e-3, entropy=0.005),
    gauges,
    shown=("matched", "overlapping", "close"),
)
