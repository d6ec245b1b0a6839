"""Signals: whom a wave, a word or a pointing hand is meant for, what answers it, and what becomes of it."""

import numpy as np

from avatarium.leaderboards.conduct.talk import TALK_M, heard, speaking
from avatarium.leaderboards.conduct.tracks import STEP, Tracks, begins, lately
from avatarium.worlds.core.speech import POINT, RANGE_M, WAVE, WORDS

ANEW_S = 30.0
"""After so long without a sign between two, the next one is a greeting; a word not heard for so long is new again."""
ANSWER_S = 3.0
PROMISE_S = 10.0
WAY_M = 2.0
"""Whoever has walked so far in a direction has gone there."""
SPREAD = float(np.sqrt(0.75))
"""Least cosine to the direction that was shown, within 30 degrees, so that one may walk around somebody."""


def addressed(found: Tracks) -> np.ndarray:
    """bool [T, A, A]: whom a sign of a's would be meant for: b is the nearest of those whom it faces within earshot."""
    away = np.where(found.faces & (found.distance < float(RANGE_M)), found.distance, np.inf)
    return np.asarray(np.isfinite(away) & (away == away.min(axis=2, keepdims=True)))


def signs(found: Tracks) -> np.ndarray:
    """bool [T, A]: a begins to wave, or a turn at speech."""
    return np.asarray(begins(found.gesture == WAVE) | begins(speaking(found)))


def greetings(found: Tracks, focal: np.ndarray) -> tuple[float, float]:
    """(how many were answered, how many there were) of the greetings meant for avatars of ``focal`` [K].

    A greeting is a sign from somebody with whom one has exchanged none for ``ANEW_S``: the first wave, or the first word (Schegloff 1968).
    Any sign back, face to the one who greets, within ``ANSWER_S`` is an answer. What the end of the episode, or of one's presence, cuts
    short does not count.
    """
    given, window = signs(found), round(ANSWER_S / STEP)
    meant = given[:, :, None] & addressed(found)
    between = lately(meant | meant.swapaxes(1, 2), ANEW_S)
    back = given[:, :, None] & found.faces & (found.distance < float(RANGE_M))
    answered = total = 0
    for t, a, b in np.argwhere(meant & ~between):
        if b in focal:
            done = bool(back[t : t + window + 1, b, a].any())
            stayed = t + window < len(given) and bool(found.present[t : t + window + 1, [a, b]].all())
            answered, total = answered + done, total + (done or stayed)
    return float(answered), float(total)


def promises(found: Tracks, focal: np.ndarray) -> tuple[float, float]:
    """(how many were kept, how many were given) of what avatars of ``focal`` [K] announced by pointing.

    To begin to point, in somebody's sight and where the way is open, announces that one will go there. It is kept by walking ``WAY_M``
    in that direction, or up to the person pointed at, within ``PROMISE_S``. To point again that way meanwhile is the same promise.
    """
    kept = given = 0
    for a in focal.tolist():
        last, shown = -(10**9), np.zeros(2)
        for t in np.flatnonzero(begins(found.gesture[:, a] == POINT) & found.open[:, a] & found.visible[:, a].any(axis=1)).tolist():
            there = found.facing[t, a]
            if (t - last) * STEP <= PROMISE_S and float(there @ shown) >= SPREAD:
                continue
            last, shown = t, there
            window = slice(t + 1, t + 1 + round(PROMISE_S / STEP))
            done = _went(found, a, t, window)
            stayed = window.stop <= len(found.present) and bool(found.present[window, a].all())
            kept, given = kept + done, given + (done or stayed)
    return float(kept), float(given)


def _went(found: Tracks, a: int, t: int, window: slice) -> bool:
    """Whether a goes, in the steps of ``window``, where it points at step t: that way, or up to whoever is nearest in that direction."""
    walked = found.place[window, a] - found.place[t, a]
    along = walked @ found.facing[t, a]
    if bool(((along >= WAY_M) & (along >= SPREAD * np.sqrt((walked**2).sum(axis=1)))).any()):
        return True
    ahead = found.offset[t, a] @ found.facing[t, a]
    meant = np.flatnonzero(found.visible[t, a] & (ahead >= SPREAD * found.distance[t, a]) & (found.gap[t, a] > TALK_M))
    if not len(meant):
        return False
    whom = meant[np.argmin(found.distance[t, a, meant])]
    return bool((found.visible[window, a, whom] & (found.gap[window, a, whom] <= TALK_M) & (along > 0)).any())


def news(found: Tracks) -> np.ndarray:
    """float64 [T, A]: how many heard a word from a that they had neither heard nor said for ``ANEW_S``; shared by who say it at once."""
    step, listener, speaker = np.nonzero(heard(found))
    own_step, own = np.nonzero(found.word)
    steps, listeners = np.concatenate([step, own_step]), np.concatenate([listener, own])
    words = found.word[steps, np.concatenate([speaker, own])]
    topics, of = np.unique(listeners * (WORDS + 1) + words, return_inverse=True)
    known = np.zeros((len(found.word), len(topics)), np.int32)
    np.add.at(known, (steps, of), 1)
    said = np.zeros_like(known, np.bool_)
    said[own_step, of[len(step) :]] = True
    fresh = (known > 0) & ~lately(known > 0, ANEW_S) & ~said
    credit = np.zeros(found.word.shape)
    of = of[: len(step)]
    np.add.at(credit, (step, speaker), fresh[step, of] / np.maximum(known[step, of], 1))
    return credit
