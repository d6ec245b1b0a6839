"""PettingZoo's own tests, on a world as its users get it."""

import contextlib
import importlib
import io
import re
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import LONG_STEPS, MANY, STEPS, Check, Trial, ending
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.parallel import World, as_aec

EXPECTED = re.compile(
    "Action space for each agent probably should be gymnasium.spaces.box"  # MultiDiscrete is meant
    "|Agents have different (observation|action) space sizes"  # roles may differ
    "|(class of observation spaces|class of action spaces) is different"
    "|Observations are different shapes"
    "|Observation numpy array is all zeros"  # as counters are when an episode begins: see no_observation_element_is_constant
    "|No agents present but not all possible_agents are terminated or truncated"  # some may never have come: see everybody_is_told_the_end
)


def parallel_environments_conform(trial: Trial) -> Iterator[str]:
    """parallel_api_test passes without a warning."""
    return complaints(lambda: tests().parallel_api_test(_world(trial), num_cycles=LONG_STEPS))


def everybody_is_told_the_end(trial: Trial) -> Iterator[str]:
    """Each agent that came is terminated or truncated, once, by the time when nobody is left."""
    world, rng = _world(trial, **ending(trial.spec)), np.random.default_rng(0)
    world.reset(seed=3)
    came, told = set(world.agents), Counter[str]()
    for _ in range(LONG_STEPS):
        rows, seats = random_actions(world.batch, rng), {agent: agent.rpartition("_") for agent in world.agents}
        _, _, terminations, truncations, _ = world.step({agent: rows[role][0, int(a)] for agent, (role, _, a) in seats.items()})
        told.update(name for name in terminations if terminations[name] or truncations[name])
        came |= set(world.agents)
        if not world.agents:
            break
    else:
        yield f"the episode goes on after {LONG_STEPS} steps"
    yield from (f"{agent} is told {told[agent]} times that its episode is over" for agent in came if told[agent] != 1)


def turn_based_environments_conform(trial: Trial) -> Iterator[str]:
    """api_test passes without a warning on the AEC view."""
    return complaints(lambda: tests().api_test(as_aec(_world(trial)), num_cycles=LONG_STEPS))


def environments_are_seeded(trial: Trial) -> Iterator[str]:
    """parallel_seed_test and seed_test pass."""
    yield from complaints(lambda: tests().parallel_seed_test(lambda: _world(trial), num_cycles=STEPS))
    yield from complaints(lambda: tests().seed_test(lambda: as_aec(_world(trial)), num_cycles=STEPS))


def states_conform(trial: Trial) -> Iterator[str]:
    """state_test passes: the global state lies in its space."""
    return complaints(lambda: tests().state_test(as_aec(_world(trial)), _world(trial), num_cycles=STEPS))


def episodes_can_be_cut_short(trial: Trial) -> Iterator[str]:
    """max_cycles_test passes."""
    module = types.SimpleNamespace(
        parallel_env=lambda max_cycles: _attended(_world(trial, max_cycles=max_cycles)),
        env=lambda max_cycles: as_aec(_attended(_world(trial, max_cycles=max_cycles))),
    )
    return complaints(lambda: tests().max_cycles_test(module))


def pictures_are_drawn(trial: Trial) -> Iterator[str]:
    """render_test passes for rgb_array, where the extra that draws is installed."""
    world = _world(trial, render_mode="rgb_array")
    world.reset(seed=0)
    try:
        world.render()
    except UserError:
        return
    yield from complaints(lambda: tests().render_test(lambda render_mode: as_aec(_windowless(_world(trial, render_mode=render_mode)))))


def tests() -> Any:
    """The module with PettingZoo's tests, which loads pygame where it is installed, and so is imported when it is used."""
    return importlib.import_module("pettingzoo.test")


def complaints(run: Callable[[], Any]) -> Iterator[str]:
    """What one of PettingZoo's tests says against an environment: its failed assertion, and its warnings but those to be expected."""
    with warnings.catch_warnings(record=True) as told, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            run()
        except AssertionError as broken:
            yield str(broken)
    yield from (str(w.message) for w in told if issubclass(w.category, UserWarning) and not EXPECTED.search(str(w.message)))


def _world(trial: Trial, **options: Any) -> World:
    return World(trial.spec, **{**trial.settings, **options})


def _attended(world: World) -> World:
    """The world, whose next episode begins with most of its agents there: max_cycles_test takes it for granted that they are."""
    for seed in range(MANY):
        world.reset(seed=seed)
        world.reset()
        if 4 * len(world.agents) >= 3 * len(world.possible_agents):
            world.reset(seed=seed)
            break
    return world


def _windowless(world: World) -> World:
    world.metadata["render_modes"] = ["rgb_array"]
    return world


CHECKS: tuple[Check, ...] = (
    parallel_environments_conform,
    everybody_is_told_the_end,
    turn_based_environments_conform,
    environments_are_seeded,
    states_conform,
    episodes_can_be_cut_short,
    pictures_are_drawn,
)
