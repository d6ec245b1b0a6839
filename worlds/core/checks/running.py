"""How a world runs: in its space, by its seed alone, environment by environment, and to a proper end."""

from collections.abc import Iterator

import numpy as np

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import (
    LONG_STEPS,
    MANY,
    STEPS,
    Check,
    Trial,
    actions_for,
    digest_of,
    ending,
    extremes,
    outside,
    played,
    trace,
)
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.spec import box
from avatarium.worlds.core.synclag import SyncLag


def observations_stay_in_their_space(trial: Trial) -> Iterator[str]:
    """In a long random run, resets included, every observation, reward and global state is finite, and inside its space."""
    batch = trial.batch(MANY)
    space = box(trial.spec.state_features(batch.config))
    for step in played(batch, LONG_STEPS):
        for role, observed in step.observation.items():
            yield from outside(observed, batch.observation_spaces[role], f"observations of {role}")
            yield from [] if np.isfinite(step.reward[role]).all() else [f"a reward of {role} is not finite"]
        yield from outside(batch.global_state(), space, "the global state")


def no_observation_element_is_constant(trial: Trial) -> Iterator[str]:
    """Every element of an observation takes more than one value in a long run, at least with some setting at one of its ends."""
    batch = trial.batch(MANY)
    moved = _moved(batch, LONG_STEPS)
    for path, value in extremes(batch.config):
        if all(elements.all() for elements in moved.values()):
            return
        if isinstance(getattr(batch.config, path.split(".")[0]), Sensor | SyncLag):
            continue  # noise moves everything, and what is late is no world's own
        other = trial.batch(MANY, **{path: value})
        if {r: role.features for r, role in other.roles.items()} == {r: role.features for r, role in batch.roles.items()}:
            for name, elements in _moved(other, STEPS).items():
                moved[name] |= elements
    for name, role in batch.roles.items():
        for feature, where in role.slices().items():
            if still := np.flatnonzero(~moved[name][where]).tolist():
                yield f"elements {still} of feature {feature!r} of {name} never change"


def _moved(batch: Batch, steps: int) -> dict[str, np.ndarray]:
    """Which elements of each role's observations [D] change in a run, half of it under the heuristic."""
    first = {role: observed[0, 0].copy() for role, observed in batch.reset(0).items()}
    moved = {role: np.zeros(len(row), np.bool_) for role, row in first.items()}
    for step in played(batch, steps, heuristic_rows=MANY // 2):
        for role, observed in step.observation.items():
            moved[role] |= (observed != first[role]).any(axis=(0, 1))
    return moved


def seeds_decide(trial: Trial) -> Iterator[str]:
    """The same seed gives the same run, another seed another one."""
    table = actions_for(trial.batch(4), STEPS)
    runs = [trace(trial.batch(4), seed, table) for seed in (5, 5, 6)]
    if runs[0] != runs[1]:
        yield "two runs with one seed and the same actions differ"
    if runs[0] == runs[2]:
        yield "runs with different seeds do not differ"


def environments_are_independent(trial: Trial) -> Iterator[str]:
    """An environment brings the same bytes alone as in a batch of many, and whatever the number of threads."""
    table = actions_for(trial.batch(MANY), STEPS)
    seeds = list(range(100, 100 + MANY))
    for k in (0, MANY // 2, MANY - 1):
        alone = [{role: chosen[k : k + 1] for role, chosen in actions.items()} for actions in table]
        if trace(trial.batch(1), [seeds[k]], alone) != trace(trial.batch(MANY), seeds, table, slice(k, k + 1)):
            yield f"environment {k} of {MANY} differs from the same environment alone"
    if trace(trial.batch(MANY, threads=2), 5, table) != trace(trial.batch(MANY), 5, table):
        yield "two threads give another run than one"


def snapshots_restore(trial: Trial) -> Iterator[str]:
    """From a snapshot the batch goes on bit for bit."""
    batch, table = trial.batch(4), actions_for(trial.batch(4), STEPS)
    batch.reset(3)
    for actions in table[: STEPS // 2]:
        batch.step(actions)
    kept = batch.snapshot()
    first = digest_of(batch, table[STEPS // 2 :])
    batch.restore(kept)
    if digest_of(batch, table[STEPS // 2 :]) != first:
        yield "the run after restore(snapshot) differs from the run after the snapshot"


def endings_are_kept(trial: Trial) -> Iterator[str]:
    """With autoreset the last observation is kept and the next episode begun; without, the environment stands still."""
    short = ending(trial.spec)
    going, standing = trial.batch(2, **short), trial.batch(2, autoreset=False, **short)
    opening = {role: observed.copy() for role, observed in going.reset(8).items()}
    opening["the global state"] = going.global_state()  # nobody need see anything yet by which episodes differ
    standing.reset(8)
    second, done = {what: told.copy() for what, told in opening.items()}, np.zeros(2, np.bool_)
    for actions in actions_for(going, LONG_STEPS):
        new, old = going.step(actions), standing.step(actions)
        first = standing.ended & ~done  # the first episode of the one batch is that of the other
        for role, observed in old.observation.items():
            if not np.array_equal(new.final_observation[role][first], observed[first]):
                yield f"final_observation of {role} is not what the episode ended with"
            second[role][first] = new.observation[role][first]
        second["the global state"][first] = going.global_state()[first]
        done |= standing.ended
        if done.all():
            break
    else:
        yield f"no episode ended within {LONG_STEPS} steps"
        return
    if all(np.array_equal(second[what], opening[what]) for what in opening):
        yield "the second episode begins for everybody as the first one did"
    kept = {role: observed.copy() for role, observed in old.observation.items()}
    after = standing.step(actions)
    if any(after.reward[role].any() or not np.array_equal(after.observation[role], kept[role]) for role in kept):
        yield "an environment that ended goes on without autoreset"


def rewards_are_sums_of_terms(trial: Trial) -> Iterator[str]:
    """Each reward is the sum of its named terms, and those who are not there earn nothing."""
    batch = trial.batch(MANY)
    for _, step in zip(range(STEPS), played(batch, LONG_STEPS, heuristic_rows=MANY // 2), strict=False):
        for role, reward in step.reward.items():
            if not np.allclose(batch.reward_terms[role].sum(axis=-1), reward, atol=1e-4):
                yield f"a reward of {role} is not the sum of its terms {', '.join(batch.roles[role].terms)}"


def events_are_in_order(trial: Trial) -> Iterator[str]:
    """Events have a declared kind, fit the log, name avatars that exist, and add up to the tally."""
    batch = trial.batch(MANY)
    counts = np.zeros((MANY, len(trial.spec.events)), np.int64)
    for _ in played(batch, LONG_STEPS, heuristic_rows=MANY // 2):
        log = batch.events
        if log.count.max(initial=0) > log.records.shape[1]:
            yield f"{log.count.max()} events in one step are more than the log holds ({log.records.shape[1]})"
            return
        rows, columns = np.nonzero(np.arange(log.records.shape[1]) < log.count[:, None])
        events = log.records[rows, columns]
        if (events["kind"] >= len(trial.spec.events)).any() or not np.isfinite(events["value"]).all() or (events["who"] < -1).any():
            yield "an event has an unknown kind, a value that is not finite or an impossible avatar"
            return
        np.add.at(counts, (rows, events["kind"]), 1)
    if trial.spec.events and not np.array_equal(counts, batch.events.tally["count"]):
        yield "the tally of events is not the number of events"


def avatars_leave_for_good(trial: Trial) -> Iterator[str]:
    """Whoever leaves is told that the episode is over for him, and does not come back in that episode."""
    batch = trial.batch(MANY, autoreset=False)
    batch.reset(2)
    gone = {role: np.zeros_like(here) for role, here in batch.present.items()}
    for actions in actions_for(batch, LONG_STEPS):
        before = {role: here.copy() for role, here in batch.present.items()}
        step = batch.step(actions)
        for role, here in batch.present.items():
            over = step.termination[role] | step.truncation[role]
            if (before[role] & ~here & ~over & ~gone[role]).any():
                yield f"a {role} left without termination or truncation"
            if (here & ~before[role] & gone[role]).any():
                yield f"a {role} came back in an episode that was over for it"
            gone[role] |= over


def strange_actions_do_no_harm(trial: Trial) -> Iterator[str]:
    """A wrong shape is refused with a UserError; numbers out of range leave the observations in their space."""
    batch, rng = trial.batch(4), np.random.default_rng(0)
    batch.reset(0)
    fair = random_actions(batch, rng)
    try:
        batch.step({role: chosen[:, :, :-1] for role, chosen in fair.items()})
        yield "actions of a wrong shape are taken"
    except UserError:
        pass
    for _ in range(STEPS):
        wild = {role: (rng.integers(-(2**31), 2**31, chosen.shape)).astype(chosen.dtype) for role, chosen in fair.items()}
        for role, observed in batch.step(wild).observation.items():
            yield from outside(observed, batch.observation_spaces[role], f"observations of {role} after actions out of range")


def controls_end_at_their_span(trial: Trial) -> Iterator[str]:
    """Controls beyond their span bring what those at its nearer end bring."""
    batch = trial.batch(4)
    if not any(role.continuous for role in batch.roles.values()):
        return
    wide, near = actions_for(batch, STEPS), actions_for(batch, STEPS)
    for name, role in batch.roles.items():
        if role.continuous:
            for wild, tame in zip(wide, near, strict=True):
                wild[name][:] = role.stretched(3 * role.narrowed(wild[name]))
                tame[name][:] = wild[name].clip(*role.span)
    if trace(trial.batch(4), 9, wide) != trace(trial.batch(4), 9, near):
        yield "controls beyond their span do something else than those at its ends"


def masks_leave_a_choice(trial: Trial) -> Iterator[str]:
    """Whoever is there always has a choice in each head of a masked role, but not always all of them; random play keeps to the mask."""
    batch, rng = trial.batch(MANY), np.random.default_rng(0)
    masked = {name: role for name, role in batch.roles.items() if role.masked}
    narrow = dict.fromkeys(masked, False)
    batch.reset(0)
    for _ in range(STEPS if masked else 0):
        actions = random_actions(batch, rng)
        for name, role in masked.items():
            mine, here = batch.allowed[name], batch.present[name]
            narrow[name] |= not mine[here].all()
            for k, (head, where) in enumerate(zip(role.heads, role.mask_slices(), strict=True)):
                if not mine[here][:, where].any(axis=-1).all():
                    yield f"a {name} has no choice in its head {head.name!r}"
                elif not np.take_along_axis(mine[..., where], actions[name][..., k, None], axis=-1)[here].all():
                    yield f"random play chooses in head {head.name!r} of {name} what is not allowed"
        batch.step(actions)
    yield from (f"the masks of {name} never forbid anything: declare its role without masked" for name, some in narrow.items() if not some)


def central_states_are_kept(trial: Trial) -> Iterator[str]:
    """A batch with ``central`` tells the state of every moment, and of the last one before an episode's end, with any number of threads."""
    short = ending(trial.spec)
    plain, several = trial.batch(2, autoreset=False, **short), trial.batch(2, threads=2, central=True, **short)
    plain.reset(8)
    several.reset(8)
    if plain.central.shape[1] or not np.array_equal(several.central, several.global_state()):
        yield "central is not the global state after a reset"
    done = np.zeros(2, np.bool_)
    for actions in actions_for(plain, LONG_STEPS):
        plain.step(actions)
        several.step(actions)
        first = plain.ended & ~done
        if not np.array_equal(several.central, several.global_state()):
            yield "central is not the global state after a step"
        if not np.array_equal(several.final_central[first], plain.global_state()[first]):
            yield "final_central is not the state in which the episode ended"
        done |= plain.ended
        if done.all():
            return


def places_are_numbered(trial: Trial) -> Iterator[str]:
    """Where a world tells places, they are whole numbers from 0, one per avatar, and not the same one for everybody all the time."""
    batch, seen = trial.batch(MANY), dict[str, set[int]]()
    for _, _ in zip(range(STEPS if trial.spec.places else 0), played(batch, STEPS), strict=False):
        for name, role in batch.roles.items():
            places = trial.spec.places(batch.state, batch.config, name)  # type: ignore[misc]  # there is one, or no step is played
            if places.shape != (MANY, role.count) or places.dtype != np.int64 or places.min() < 0:
                yield f"places of {name} are {places.dtype} {places.shape} from {places.min()}, not int64 {(MANY, role.count)} from 0"
            seen.setdefault(name, set()).update(places.ravel().tolist())
    yield from (f"a {name} is always in the same place" for name, some in seen.items() if len(some) == 1)


CHECKS: tuple[Check, ...] = (
    observations_stay_in_their_space,
    no_observation_element_is_constant,
    seeds_decide,
    environments_are_independent,
    snapshots_restore,
    endings_are_kept,
    rewards_are_sums_of_terms,
    events_are_in_order,
    avatars_leave_for_good,
    strange_actions_do_no_harm,
    controls_end_at_their_span,
    masks_leave_a_choice,
    central_states_are_kept,
    places_are_numbered,
)
