"""What happens when a GPU has not enough memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from avatarium.worlds.core.errors import UserError


@contextmanager
def enough_memory() -> Iterator[None]:
    """Within, torch's and numba's errors about memory that there is not become UserErrors that say what to do."""
    try:
        yield
    except Exception as fault:  # both have errors of their own, which share nothing but these words
        if "out of memory" not in str(fault).lower().replace("_", " "):
            raise
        raise UserError(
            "the GPU has not enough memory for so many environments: take fewer --envs, a shorter fragment or smaller minibatches"
        ) from fault
