"""Which protections this machine gives to the sandbox; ``avatarium doctor`` prints them."""

from avatarium.leaderboards.sandbox.lockdown import LAYERS


def layers() -> dict[str, bool]:
    """Start a locked process and let it say which protections hold. Raises InfrastructureError when it cannot be started."""
    from avatarium.leaderboards.sandbox.host import Worker

    with Worker() as worker:
        return worker.layers


def report() -> list[tuple[str, bool, str]]:
    """What there is to tell about judging: (name, whether all is well, a sentence), one line per protection."""
    try:
        found = layers()
    except Exception as error:  # whatever keeps it from starting is the finding
        return [("sandbox", False, f"submissions cannot be judged here: {error}")]
    return [(f"sandbox {name}", found.get(name, False), meaning) for name, meaning in LAYERS.items()]
