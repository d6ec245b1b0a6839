"""How much a device can send: the path loss of Hata 1980 and the capacity of Shannon 1948.

The formula ``as_published`` is that of the simulator of Ohri et al. 2025 (arXiv 2510.25705), which extends mobile-env: loss in dB for a
distance in km; the power that arrives in mW is divided by noise in W, 1e-9; places are cut to whole metres. It is kept, so that scores can
be compared. ``thermal`` puts power and noise into one unit: thermal noise over the whole band, and a receiver that adds 5 dB. Both use
Hata's formula far outside the 150 to 1500 MHz and 1 to 20 km that it was made for.
"""

import math

import numpy as np

from avatarium.worlds.core.kernels import inlined

F = np.float32
AS_PUBLISHED, THERMAL = "as_published", "thermal"
NOISE_MW_OVER_W_DB = 90.0
"""What dividing mW by 1e-9 W comes to."""
NOISE_DBM_PER_MHZ = -174.0 + 60.0 + 5.0
"""-174 dBm in every Hz, 5 dB of the receiver's own."""
OCTAVES, PARTS = 24, 32
"""Of squared distances from 1 m2, and points of a curve in each: between them it is off by 4e-4 bit/s/Hz at most."""
LOWEST, SHIFT = 127 << 5, np.int32(18)
"""Of a float32, the exponent and the first five bits of the mantissa number the points; the other bits tell the way to the next."""
REST, STEP = np.int32((1 << 18) - 1), F(1 / (1 << 18))


def curve(frequency_mhz: float, power_dbm: float, mast_m: float, device_m: float, noise_dbm: float) -> np.ndarray:
    """float32 [OCTAVES * PARTS + 1]: bit/s that fit into a Hz, log2(1 + SNR), by squared distance."""
    f, h = math.log10(frequency_mhz), math.log10(mast_m)
    device = 0.8 + (1.1 * f - 0.7) * device_m - 1.56 * f
    loss_1_km, per_decade = 69.55 - device + 26.16 * f - 13.82 * h, 44.9 - 6.55 * h
    squares = ((1 + k % PARTS / PARTS) * 2.0 ** (k // PARTS) for k in range(OCTAVES * PARTS + 1))
    losses = (loss_1_km + per_decade * math.log10(math.sqrt(m2) / 1000) for m2 in squares)
    return np.array([math.log2(1 + 10 ** ((power_dbm - loss - noise_dbm) / 10)) for loss in losses], F)


def noise_dbm(kind: str, bandwidth_mhz: float) -> float:
    """The noise that a channel of that ``kind`` counts with."""
    return -NOISE_MW_OVER_W_DB if kind == AS_PUBLISHED else NOISE_DBM_PER_MHZ + 10 * math.log10(bandwidth_mhz)


@inlined
def efficiency(curves, i, distance_m2):
    """Bit/s that fit into a Hz at a squared distance, by ``curves`` [N, points]; nearer than 1 m is as 1 m, beyond 4 km as 4 km."""
    bits = np.float32(distance_m2 if distance_m2 > F(1) else F(1)).view(np.int32)
    here = (bits >> SHIFT) - LOWEST
    k = here if here < OCTAVES * PARTS else OCTAVES * PARTS - 1
    return curves[i, k] + (curves[i, k + 1] - curves[i, k]) * (F(bits & REST) * STEP)
