"""Every world there is passes every check, and every check can fail."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from avatarium import worlds
from avatarium.worlds.core import checks
from avatarium.worlds.core.checks.trial import Trial
from avatarium.worlds.core.events import emit
from avatarium.worlds.core.spec import EventKind, Feature


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", worlds.names())
def test_a_world_passes(name: str, check: checks.Check) -> None:
    finding = checks.examine(check, Trial(worlds.spec(name), {}))
    assert not finding.faults, "\n".join(finding.faults)


def beyond(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """An observation outside its space."""
    out[0].observation[:, 0, 3] = 7


def frozen(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """An element that never changes."""
    out[0].observation[:, :, 5] = 0.5


def moody(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """A reward drawn from a generator that no seed rules."""
    out[0].terms[:, :, 0] += np.random.random(out[0].reward.shape)


def crowded(state: Any, episodes: Any, config: Any, actions: Any, out: Any, log: Any, start: int, stop: int) -> None:
    """A reward that depends on how many other environments there are."""
    out[0].terms[:, :, 0] += out[0].reward.shape[0]


def forgetful(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any, calls: list[int] = [0]) -> None:  # noqa: B006
    """A reward that depends on something outside the state."""
    calls[0] += 1
    out[0].terms[:, :, 0] += calls[0]


def restless(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """A view that flickers, even after the end."""
    out[0].observation[:, :, 0] = 0.5 + 0.5 * np.float32(np.random.random())


def unnamed(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """A reward of no term."""
    out[0].reward[:] += 1


def nameless(state: Any, episodes: Any, config: Any, actions: Any, out: Any, log: Any, *rest: Any) -> None:
    """An event beyond those declared."""
    log.count[:] = 1
    log.records["kind"][:, 0] = 99


def chatty(state: Any, episodes: Any, config: Any, actions: Any, out: Any, log: Any, *rest: Any) -> None:
    """More events than the log holds."""
    for _ in range(log.records.shape[1] + 1):
        emit(log, 0, 0, 0, -1, np.float32(1))


def absent(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """An avatar that goes without a word."""
    out[0].present[:, 0] = episodes.clock < 5


def revenant(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """An avatar that comes back after its end."""
    out[0].present[:, 0] = (episodes.clock < 5) | (episodes.clock > 9)
    out[0].termination[:, 0] = episodes.clock == 5


def endless(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """An episode that never ends."""
    episodes.over[:] = False
    episodes.clock[:] = 7
    out[0].truncation[:] = False


@pytest.mark.parametrize(
    ("check", "fault", "sentence"),
    [
        ("observations_stay_in_their_space", beyond, "element 3 is 7, outside"),
        ("seeds_decide", moody, "one seed"),
        ("environments_are_independent", crowded, "differs from the same environment alone"),
        ("snapshots_restore", forgetful, "differs from the run after the snapshot"),
        ("endings_are_kept", restless, "goes on without autoreset"),
        ("rewards_are_sums_of_terms", unnamed, "is not the sum of its terms"),
        ("events_are_in_order", nameless, "unknown kind"),
        ("events_are_in_order", chatty, "more than the log holds"),
        ("avatars_leave_for_good", absent, "left without termination"),
        ("avatars_leave_for_good", revenant, "came back"),
        ("strange_actions_do_no_harm", beyond, "after actions out of range"),
        ("transcripts_replay", unnamed, "cannot be found again"),
        ("everybody_is_told_the_end", endless, "the episode goes on"),
        ("turn_based_environments_conform", beyond, "Out of bounds observation"),
        ("environments_are_seeded", restless, "observation"),
    ],
)
def test_a_fault_in_running_is_found(
    check: str, fault: Callable[..., None], sentence: str, tampered: Callable[..., worlds.WorldSpec]
) -> None:
    spec = tampered(worlds.spec("wayfinding"), step=fault)
    assert_found(check, spec, sentence)


def test_a_constant_element_is_found(tampered: Callable[..., worlds.WorldSpec]) -> None:
    def begin(state: Any, episodes: Any, config: Any, out: Any, *rest: Any) -> None:
        frozen(state, episodes, config, None, out)

    spec = tampered(worlds.spec("wayfinding"), step=frozen, reset=begin)
    assert_found("no_observation_element_is_constant", spec, "elements [5] of feature 'nearness'")


def hasty(config: Any) -> Any:
    """Roles of a world that breaks under much patience."""
    if config.patience > 50:
        raise ValueError("too patient")
    return worlds.spec("wayfinding").roles(config)


@pytest.mark.parametrize(
    ("check", "change", "sentence"),
    [
        ("declarations_are_sound", {"events": (EventKind("a", ""), EventKind("a", ""))}, "distinct names"),
        ("scripted_policies_act", {"heuristic": lambda role, observation, config: np.full((len(observation), 2), 9)}, "not 32 actions"),
        ("scenes_are_data", {"scene": lambda state, config, i: state.avatars[i]}, "scene gave a ndarray"),
        ("states_conform", {"state_features": lambda config: (Feature("state", 81, 0, 1, "", "state"),)}, "outside of it's state space"),
        ("every_setting_works_at_its_ends", {"roles": hasty}, "with patience=100.0: ValueError: too patient"),
    ],
)
def test_a_fault_in_declaring_is_found(check: str, change: dict[str, Any], sentence: str) -> None:
    assert_found(check, dataclasses.replace(worlds.spec("wayfinding"), **change), sentence)


def strict(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """A head of which nothing is open."""
    out[0].allowed[:, 0, :8] = episodes.clock[:, None] != 3


def lax(state: Any, episodes: Any, config: Any, actions: Any, out: Any, *rest: Any) -> None:
    """A mask that forbids nothing."""
    out[0].allowed[:] = True


@pytest.mark.parametrize(("fault", "sentence"), [(strict, "has no choice in its head 'press'"), (lax, "never forbid anything")])
def test_a_fault_in_masking_is_found(fault: Callable[..., None], sentence: str, tampered: Callable[..., worlds.WorldSpec]) -> None:
    def begin(state: Any, episodes: Any, config: Any, out: Any, *rest: Any) -> None:
        fault(state, episodes, config, None, out)

    assert_found("masks_leave_a_choice", tampered(worlds.spec("masks"), step=fault, reset=begin), sentence)


def test_a_state_that_flickers_is_found(tampered: Callable[..., worlds.WorldSpec]) -> None:
    def flicker(state: Any, episodes: Any, config: Any, out: Any, *rest: Any) -> None:
        out[:] += np.random.random()

    assert_found("central_states_are_kept", tampered(worlds.spec("memory"), overview=flicker), "central is not the global state")


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        (lambda state, config, role: np.zeros((64, 1), np.int64), "always in the same place"),
        (lambda state, config, role: np.zeros(64, np.int32), "not int64 (64, 1) from 0"),
    ],
)
def test_a_fault_in_places_is_found(places: Callable[..., np.ndarray], sentence: str) -> None:
    assert_found("places_are_numbered", dataclasses.replace(worlds.spec("keydoor"), places=places), sentence)


def assert_found(check: str, spec: worlds.WorldSpec, sentence: str) -> None:
    """The check finds a fault that says so."""
    finding = checks.examine(next(c for c in checks.CHECKS if c.__name__ == check), Trial(spec, {}))
    assert any(sentence in fault for fault in finding.faults), finding.faults


def test_check_world_raises_one_error_that_names_all_faults(tampered: Callable[..., worlds.WorldSpec]) -> None:
    spec = tampered(worlds.spec("wayfinding"), step=unnamed)
    with pytest.raises(checks.ConformanceError, match=r"(?s)'wayfinding' does not conform.*rewards_are_sums_of_terms: a reward of walker"):
        checks.check_world(spec, walkers=2)


def flickering(state: Any, config: Any, floor: np.ndarray, marks: Any, counts: np.ndarray, start: int, stop: int) -> None:
    """A floor whose tints nothing rules."""
    floor[start:stop], counts[start:stop] = np.random.randint(0, 9, floor[start:stop].shape), 0


def dark(state: Any, config: Any, floor: np.ndarray, marks: Any, counts: np.ndarray, start: int, stop: int) -> None:
    """Nobody is there to see anything."""
    floor[start:stop], counts[start:stop] = 0, 0
    state.avatars["present"][start:stop] = 0


@pytest.mark.parametrize(("paint", "sentence"), [(flickering, "depends on other environments"), (dark, "sees next to nothing")])
def test_sights_that_are_unsound_are_found(paint: Callable[..., None], sentence: str) -> None:
    spec = worlds.spec("wayfinding")
    assert_found("pictures_are_sound", dataclasses.replace(spec, sights=dataclasses.replace(spec.sights, paint=paint)), sentence)
