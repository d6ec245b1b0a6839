"""The inner loops of sampling: actions drawn from a policy's outputs, with their log-probabilities."""

import math

import numpy as np

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.rng import mix

F = np.float32
UNIT = np.float32(1.0 / (1 << 24))
TWO_PI = np.float32(2 * np.pi)
HALF_LOG_TWO_PI = np.float32(0.5 * np.log(2 * np.pi))


@kernel
def normalise(observations, mean, scale, limit, out):
    """Fill ``out`` with ``(observations - mean) * scale`` within ``limit``; float32 [S, D], ``mean`` and ``scale`` [D].

    What ``RunningNormalisation`` does; its handful of torch operations take several times as long for few rows.
    """
    for s in range(observations.shape[0]):
        for d in range(observations.shape[1]):
            out[s, d] = min(max((observations[s, d] - mean[d]) * scale[d], -limit), limit)


@kernel
def sample_discrete(logits, choices, key, greedy, actions, log_probs, start, stop):
    """Draw one action per head in rows ``start`` to ``stop``, or take the likeliest when ``greedy``.

    ``logits`` float32 [B, sum(choices)] is used up: it serves as working memory. ``choices`` int64 [heads]; the same ``key`` uint64 [1]
    draws the same actions. Fills ``actions`` int32 [B, heads] and ``log_probs`` float32 [B], the logarithm of each row's probability.
    """
    for row in range(start, stop):
        start = 0
        log_prob = F(0)
        for head in range(choices.shape[0]):
            weights = logits[row, start : start + choices[head]]
            top = 0
            for j in range(1, len(weights)):
                if weights[j] > weights[top]:
                    top = j
            most = weights[top]
            total = F(0)
            for j in range(len(weights)):
                weights[j] = math.exp(weights[j] - most)
                total += weights[j]
            chosen = top
            if not greedy:
                left = total * UNIT * F(mix(key[0], np.uint64(row * choices.shape[0] + head)) >> np.uint64(40))
                for j in range(len(weights)):
                    if weights[j] > F(0):  # rounding may leave a little in the end, which must not lead to what is forbidden
                        chosen = j
                        if left < weights[j]:
                            break
                        left -= weights[j]
            actions[row, head] = chosen
            log_prob += math.log(weights[chosen] / total)
            start += choices[head]
        log_probs[row] = log_prob


@kernel
def sample_gaussian(parameters, key, greedy, actions, log_probs, start, stop):
    """Draw actions of rows ``start`` to ``stop`` from normal distributions (Box and Muller 1958), or take their means when ``greedy``.

    ``parameters`` float32 [B, 2K]: K means, then K log-deviations; ``key`` uint64 [1]. Fills ``actions`` float32 [B, K] and ``log_probs``
    float32 [B].
    """
    controls = actions.shape[1]
    for row in range(start, stop):
        log_prob = F(0)
        for k in range(controls):
            drawn = F(0)
            if not greedy:
                bits = mix(key[0], np.uint64(row * controls + k))
                radius = math.sqrt(F(-2) * math.log(UNIT * F((bits >> np.uint64(40)) + np.uint64(1))))
                drawn = F(radius * math.cos(TWO_PI * UNIT * F(bits & np.uint64(0xFFFFFF))))
            log_std = parameters[row, controls + k]
            actions[row, k] = parameters[row, k] + math.exp(log_std) * drawn
            log_prob -= F(0.5) * drawn * drawn + log_std + HALF_LOG_TWO_PI
        log_probs[row] = log_prob
