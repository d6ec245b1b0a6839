"""The loss of PPO and its gradient in one pass over a minibatch, for CPUs: with small networks, two dozen small operations cost as much."""

import numpy as np

from avatarium.worlds.core.kernels import kernel

F = np.float32


@kernel
def clipped_surrogate(logits, choices, allowed, actions, old, advantages, values, targets, present, factors, d_logits, d_values, sums):
    """The loss of ``losses.ppo`` for policies over discrete heads.

    ``logits`` float32 [B, C], ``choices`` int64 [heads], ``allowed`` bool [B, C] or [0, 0] where all are, ``actions`` int32 [B, heads];
    ``old`` (log-probabilities) and ``advantages`` float32 [B]; ``values`` and ``targets`` float32 [B, K]; ``present`` bool [B], or [0]
    where all are; ``factors`` float32 [3]: clip, weight of the values, weight of the entropy. Fills ``d_logits`` and ``d_values``, the
    gradient of the mean loss, and ``sums`` float64 [5], the statistics of ``losses.ppo``. ``d_logits`` is working memory meanwhile.
    """
    count = 0
    for row in range(len(old)):
        if len(present) == 0 or present[row]:
            count += 1
    share = F(1) / F(max(count, 1))
    clip, value_weight, entropy_weight = factors[0], factors[1], factors[2]
    sums[:] = 0.0
    for row in range(len(old)):
        d_row, d_value = d_logits[row], d_values[row]
        if len(present) > 0 and not present[row]:
            d_row[:] = F(0)
            d_value[:] = F(0)
            continue
        log_prob, entropy, first = F(0), F(0), 0
        for head in range(len(choices)):
            beyond = first + choices[head]
            top = F(-np.inf)
            for j in range(first, beyond):
                d_row[j] = logits[row, j] if len(allowed) == 0 or allowed[row, j] else F(-1e9)
                top = max(top, d_row[j])
            total = F(0)
            for j in range(first, beyond):
                total += np.exp(d_row[j] - top)
            shift, mean = top + np.log(total), F(0)
            for j in range(first, beyond):
                d_row[j] -= shift  # logarithms of probabilities
                mean += np.exp(d_row[j]) * d_row[j]
            log_prob += d_row[first + actions[row, head]]
            entropy -= mean
            first = beyond
        change = log_prob - old[row]
        ratio, gain = np.exp(change), advantages[row]
        bounded = min(max(ratio, F(1) - clip), F(1) + clip)
        pull = gain * ratio if gain * ratio <= gain * bounded else F(0)  # beyond the clip there is no gradient
        sums[0] -= min(gain * ratio, gain * bounded)
        sums[2] += entropy
        sums[3] += ratio - F(1) - change
        sums[4] += F(1) if ratio != bounded else F(0)
        first = 0
        for head in range(len(choices)):
            beyond = first + choices[head]
            mean = F(0)
            for j in range(first, beyond):
                mean += np.exp(d_row[j]) * d_row[j]
            for j in range(first, beyond):
                p = np.exp(d_row[j])
                d_row[j] = share * (pull * p + entropy_weight * p * (d_row[j] - mean))
            d_row[first + actions[row, head]] -= share * pull
            first = beyond
        for k in range(len(d_value)):
            miss = values[row, k] - targets[row, k]
            sums[1] += miss * miss
            d_value[k] = share * value_weight * F(2) * miss
    for k in range(5):
        sums[k] /= max(count, 1)
