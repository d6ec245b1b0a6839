"""Which protections this machine gives to the sandbox; ``avatarium doctor`` prints them."""

from avatarium.leaderboards.sandbox.lockdown import LAYERS


def layers() -> dict[str, bool]:
    """Start a locked process and let it say which protections hold. Raises InfrastructureError when it cannot be started."""
    from avatarium.leaderboards.sandbox.host import Worker

    with Worker() as worker:
        return worker.layers


def report() -> list[tuple[str, str]]:
    """What there is to tell about judging: each protection of the sandbox, and whether it holds here."""
    from avatarium.leaderboards.sandbox.host import InfrastructureError

    try:
        found = layers()
    except (InfrastructureError, ImportError, ValueError) as error:
        return [("sandbox", f"submissions cannot be judged here: {error}")]
    return [(f"sandbox: {name}", f"{'yes' if found.get(name) else 'MISSING'}, {meaning}") for name, meaning in LAYERS.items()]
