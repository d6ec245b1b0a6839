"""Utterances that take time: whoever begins a word says it to its end, so that taking turns means something."""

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.speech import utter

F = np.float32
FIELDS = [("voice_left", "u1")]
"""Fields of an avatar beside those of its body: steps for which the word being said (``word``) goes on after this one."""
STEPS = 8
"""Of 0.1 s that a word takes."""


@kernel
def speak(me, word):
    """Go on with the word being said; when there is none, begin ``word`` (1 to ``speech.WORDS``; anything else is silence)."""
    if me.voice_left > 0:
        me.voice_left -= 1
    else:
        utter(me, word)
        me.voice_left = STEPS - 1 if me.word != 0 else 0


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
    me.word, me.voice_left = 0, 0
