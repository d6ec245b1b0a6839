"""Schelling diagrams: what one choice between two ways to behave pays, by how many of the others behave either way (Schelling 1973).

``python -m avatarium.leaderboards.schelling commons commons/greedy commons/steward`` prints one as Markdown. Hughes et al. (2018,
arXiv:1803.08884) draw them of policies: where the first line lies above the second, nobody has a reason to behave the second way.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from avatarium import agents
from avatarium.agents.play import Seat
from avatarium.worlds import make_batch
from avatarium.worlds.core.settings import parse_overrides


def returns(world: str, policies: Sequence[str], seeds: Sequence[int], **config: Any) -> np.ndarray:
    """Rewards summed over an episode, float64 [N, A], where avatar a of the first role is moved by the a-th of ``policies``, in turn."""
    batch = make_batch(world, num_envs=len(seeds), autoreset=False, **config)
    batch.reset(list(seeds))
    role, count = next(iter(batch.num_agents.items()))
    names = [policies[a % len(policies)] for a in range(count)]
    seats = {name: Seat(batch, role, agents.load(name, world, role, **config), seeds) for name in set(names)}
    total = np.zeros((len(seeds), count))
    while not batch.episodes.over.all():
        acts = {name: seat.act() for name, seat in seats.items()}
        total += batch.step({role: np.stack([acts[name][:, a] for a, name in enumerate(names)], axis=1)}).reward[role]
    batch.close()
    return total


def diagram(world: str, one: str, other: str, seeds: Sequence[int], **config: Any) -> list[tuple[float, float, float]]:
    """For k = 0, 1, ... others that behave like ``other`` (the rest like ``one``): what a focal ``one`` gets, what a focal ``other`` gets,
    and the sum over all where the focal avatar behaves like ``other``."""
    count = next(iter(make_batch(world, **config).num_agents.values()))
    rows = []
    for k in range(count):
        company = [*[other] * k, *[one] * (count - 1 - k)]
        first, second = (returns(world, [focal, *company], seeds, **config) for focal in (one, other))
        rows.append((float(first[:, 0].mean()), float(second[:, 0].mean()), float(second.sum(axis=1).mean())))
    return rows


def main() -> None:
    """Print a diagram."""
    parser = argparse.ArgumentParser(description="what one choice between two ways to behave pays, by how many others behave either way")
    parser.add_argument("world")
    parser.add_argument("one", help="a policy")
    parser.add_argument("other", help="another policy")
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="a setting of the world")
    args = parser.parse_args()
    config = parse_overrides(args.set, type(make_batch(args.world).config))
    print(f"| others that are {args.other} | a focal {args.one} gets | a focal {args.other} gets | all together, with the latter |")
    print("|---|---|---|---|")
    for k, (first, second, total) in enumerate(diagram(args.world, args.one, args.other, range(args.episodes), **config)):
        print(f"| {k} | {first:.1f} | {second:.1f} | {total:.0f} |", flush=True)


if __name__ == "__main__":
    main()
