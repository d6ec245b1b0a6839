"""The inner loops of learning: advantages, and the loss of PPO with its gradient in one pass over a minibatch.

With small networks, the dozens of small operations that torch needs for the loss cost more than the networks themselves.
"""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined, kernel

F = np.float32


@kernel
def estimate_advantages(rewards, values, terminations, truncations, final_values, present, gamma, lam, advantages, start, stop):
    """Fill ``advantages`` float32 [T, S] by generalised advantage estimation (Schulman et al. 2016, https://arxiv.org/abs/1506.02438).

    ``rewards`` float32, ``terminations``, ``truncations`` and ``present`` bool, all [T, S]; ``values`` float32 [T + 1, S];
    ``final_values`` float32 [T, S]: value of the last observation of an episode, read where it was truncated and not terminated;
    ``gamma`` and ``lam`` float32. Slots ``start`` to ``stop`` are seen to. Where nobody was ``present`` the advantage is 0; who leaves
    terminates or truncates in the step before.
    """
    last = rewards.shape[0] - 1
    for t in range(last, -1, -1):
        for s in range(start, stop):
            ahead = F(0)
            if present[t, s]:
                ahead = rewards[t, s] - values[t, s]
                if truncations[t, s] and not terminations[t, s]:
                    ahead += gamma * final_values[t, s]
                elif not terminations[t, s]:
                    ahead += gamma * values[t + 1, s]
                    if t < last:
                        ahead += gamma * lam * advantages[t + 1, s]
            advantages[t, s] = ahead


@kernel
def clipped_surrogate(
    logits,
    choices,
    allowed,
    actions,
    old,
    advantages,
    values,
    targets,
    present,
    share,
    weights,
    notes,
    d_logits,
    d_values,
    told,
    start,
    stop,
):
    """The loss of ``losses.ppo`` for policies over discrete heads, in rows ``start`` to ``stop``.

    ``logits`` float32 [B, C], ``choices`` int64 [heads], ``allowed`` bool [B, C] or one of another length where all are, ``actions`` int32
    [B, heads]; ``old`` (log-probabilities) and ``advantages`` float32 [B]; ``values`` and ``targets`` float32 [B, K]; ``present`` bool [B];
    ``share`` float32 [1]: one over how many of these are set; ``weights``: clip, and the weights of values and of entropy. Fills
    ``d_logits`` and ``d_values``, the gradient of the mean loss, and ``told`` float32 [B, 5], what each row adds to the statistics of
    ``losses.ppo`` before the division. ``notes`` float32 [R, heads, 2] is working memory; rows handled at the same time need one each.
    """
    clip, value_weight, entropy_weight = weights
    for row in range(start, stop):
        d_row, d_value, note = d_logits[row], d_values[row], notes[row % len(notes)]
        d_row[:] = F(0)  # first probabilities, then the gradient
        d_value[:] = F(0)
        told[row, :] = F(0)
        if not present[row]:
            continue
        log_prob, entropy = consider(logits, choices, allowed, actions, d_row, note, row)
        change = log_prob - old[row]
        ratio, gain, first = math.exp(change), advantages[row], 0
        bounded = min(max(ratio, F(1) - clip), F(1) + clip)
        pull = gain * ratio if gain * ratio <= gain * bounded else F(0)  # beyond the clip there is no gradient
        for head in range(len(choices)):
            beyond = first + choices[head]
            for j in range(first, beyond):
                d_row[j] *= share[0] * (pull + entropy_weight * (logits[row, j] - note[head, 0] - note[head, 1]))
            d_row[first + actions[row, head]] -= share[0] * pull
            first = beyond
        told[row, 0] = -min(gain * ratio, gain * bounded)
        told[row, 2], told[row, 3], told[row, 4] = entropy, ratio - F(1) - change, F(1) if ratio != bounded else F(0)
        for k in range(len(d_value)):
            miss = values[row, k] - targets[row, k]
            told[row, 1] += miss * miss
            d_value[k] = share[0] * value_weight * F(2) * miss


@inlined
def consider(logits, choices, allowed, actions, probabilities, note, row):
    """Fill ``probabilities`` [C] of the choices of a row, and ``note`` [heads, 2] with the logarithm of each head's sum of weights and with
    minus its entropy; returns the log-probability of the row's actions and the entropy, over all heads.
    """
    open_to_all, log_prob, entropy, first = len(allowed) != len(logits), F(0), F(0), 0
    for head in range(len(choices)):
        beyond, top, total, mean = first + choices[head], F(-1e9), F(0), F(0)
        for j in range(first, beyond):
            if open_to_all or allowed[row, j]:
                top = max(top, logits[row, j])
        for j in range(first, beyond):
            if open_to_all or allowed[row, j]:
                probabilities[j] = math.exp(logits[row, j] - top)
                total += probabilities[j]
        shift = top + math.log(total)
        for j in range(first, beyond):
            probabilities[j] /= total
            mean += probabilities[j] * (logits[row, j] - shift)
        log_prob += logits[row, first + actions[row, head]] - shift
        entropy -= mean
        note[head, 0], note[head, 1] = shift, mean
        first = beyond
    return log_prob, entropy
