"""What the crowd takes offence at: customs that nobody explains, and from whose breach people turn away."""

import numpy as np

from avatarium.worlds.core import greeting, utterance
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.formation import NONE
from avatarium.worlds.core.kernels import inlined, kernel
from avatarium.worlds.core.people import gap
from avatarium.worlds.gathering.minds import DISTANCE, GREET_FIRST, NO_CUSTOM, NO_INTERRUPTION

F = np.float32
SHUNNED_STEPS = 100
PATIENT_STEPS = 30
"""How long a conversation may go on before greetings have been exchanged, where that is the custom."""
TOO_NEAR_M = F(1.15)
"""Between centres, for people who keep their distance."""


@inlined
def judge(state, config, log, kind, i, clock):
    """Let each of the crowd shun, for a while, a guest that has just broken the custom in its presence; noted as event ``kind``."""
    if config.custom == NO_CUSTOM:
        return
    for a in range(config.guests, state.avatars.shape[1]):
        me = state.avatars[i, a]
        if clock >= me.shuns_until:
            for b in range(config.guests):
                if breaks(state, config.custom, i, a, b, clock):
                    me.shuns, me.shuns_until = b, clock + SHUNNED_STEPS
                    emit(log, i, kind, b, a, F(config.custom))
                    break


@kernel
def breaks(state, custom, i, a, b, clock):
    """Whether guest ``b`` breaks a custom towards ``a``."""
    me, other = state.avatars[i, a], state.avatars[i, b]
    together = me.formation != NONE and me.formation == other.formation
    if other.present == 0 or (custom != DISTANCE and not together):
        return False
    if custom == GREET_FIRST:
        late = state.formations[i, me.formation].age >= PATIENT_STEPS
        return late and not greeting.exchanged(state.greetings[i], a, b)
    if custom == NO_INTERRUPTION:
        had = state.floors[i, me.formation].speaker
        return utterance.begins(other) and had >= 0 and had != b and utterance.goes_on(state.avatars[i, had])
    return gap(me, other) < TOO_NEAR_M
