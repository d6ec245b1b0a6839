"""How to train visitors of the museum, which pays nothing by default: by curiosity alone."""

from collections.abc import Mapping

from avatarium.training.run.recipe import Happened, Hyperparameters, Recipe

EPISODE_STEPS = 2000


def gauges(events: Mapping[str, Happened], decisions: float) -> dict[str, float]:
    """Shares of the exhibits seen, of the rooms entered and of the machines' faces found in 2000 steps, which is an episode by default;
    times the wing and the vault opened per hundred visits; shares of the time before screens of noise, before loops and before glass.
    """
    visits, taken = max(decisions, 1.0) / EPISODE_STEPS, max(decisions, 1.0)
    found = {name: events[kind].value / visits for name, kind in (("exhibits", "seen"), ("rooms", "entered"), ("faces", "discovered"))}
    found |= {name: 100.0 * events[kind].count / visits for name, kind in (("wing", "wing_opened"), ("vault", "vault_opened"))}
    found |= {name: events[kind].count / taken for name, kind in (("screen", "watched"), ("loop", "looped"), ("glass", "at_glass"))}
    return found


RECIPE = Recipe(
    Hyperparameters(minutes=9.0, envs=64, epochs=2, minibatch=4096, lr=1e-3, entropy=0.005, curiosity="counts"),
    gauges,
    shown=("exhibits", "rooms"),
)
