"""How far ahead a discount looks: H = T / (1 - gamma) for steps of T seconds (Berner et al. 2019, https://arxiv.org/abs/1912.06680)."""

from avatarium.worlds.core.errors import UserError


def discount(horizon_s: float, step_s: float) -> float:
    """The gamma per step of ``step_s`` seconds at which a reward ``horizon_s`` seconds ahead weighs about 1/e.

    Raises UserError unless 0 < step <= horizon.

    >>> round(discount(360, 2 / 15), 5)
    0.99963
    """
    if not 0 < step_s <= horizon_s:
        raise UserError(f"a horizon of {horizon_s:g} s is shorter than one step ({step_s:g} s): choose a longer one")
    return 1.0 - step_s / horizon_s


def horizon(gamma: float, step_s: float) -> float:
    """The horizon in seconds of a discount ``gamma`` below 1 per step of ``step_s`` seconds."""
    return step_s / (1.0 - gamma)
