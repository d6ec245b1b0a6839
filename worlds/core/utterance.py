"""Utterances that take time: whoever begins a word says it to its end and then draws breath, so that taking turns means something."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.speech import utter

F = np.float32
FIELDS = [("voice_left", "u1"), ("breath_left", "u1")]
"""Fields of an avatar beside those of its body: steps for which the word being said (``word``) goes on after this one, and steps of
silence after it before the next one may begin: a place where others can take over (Sacks, Schegloff and Jefferson 1974)."""
STEPS, BREATH_STEPS = 8, 6
"""Of 0.1 s that a word takes, and that drawing breath takes."""


@kernel
def speak(me, word):
    """Go on with the word being said, or with drawing breath; else begin ``word`` (1 to ``speech.WORDS``; anything else is silence)."""
    if me.voice_left > 0:
        me.voice_left -= 1
    elif me.breath_left > 0:
        me.word = 0
        me.breath_left -= 1
    else:
        utter(me, word)
        if me.word != 0:
            me.voice_left, me.breath_left = STEPS - 1, BREATH_STEPS


@kernel
def ready(me):
    """Whether a word could be begun in the next step."""
    return me.voice_left == 0 and me.breath_left == 0


@kernel
def begins(me):
    """Whether the word being said has begun in this step."""
    return me.word != 0 and me.voice_left == STEPS - 1


@kernel
def goes_on(me):
    """Whether a word is being said that began before this step."""
    return me.word != 0 and me.voice_left < STEPS - 1


@kernel
def hush(me):
    """Break off whatever is being said."""
    me.word, me.voice_left, me.breath_left = 0, 0, 0
