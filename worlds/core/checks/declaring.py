"""What a world declares and shows: names, settings, scripted policies, scenes, transcripts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from avatarium.worlds.core.batch import Batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.checks.trial import STEPS, Check, Trial, actions_for, extremes, outside, played
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript, verify


def declarations_are_sound(trial: Trial) -> Iterator[str]:
    """Names are words that PettingZoo takes, and unique; ranges and spans are not empty; every setting has a default in its range."""
    roles = trial.spec.roles(trial.batch(1).config)
    groups = {"roles": [r.name for r in roles], "events": [e.name for e in trial.spec.events]}
    for role in roles:
        groups |= {f"features of {role.name}": [f.name for f in role.features], f"heads of {role.name}": [h.name for h in role.heads]}
        groups |= {f"terms of {role.name}": list(role.terms)}
        if not role.terms or not role.features or not role.action_size:
            yield f"role {role.name!r} lacks features, heads or reward terms"
        if not -np.inf < role.span[0] < role.span[1] < np.inf:
            yield f"the controls of role {role.name!r} have the span {role.span}"
        for feature in role.features:
            if feature.size < 1 or not feature.low < feature.high:
                yield f"feature {feature.name!r} has size {feature.size} and range [{feature.low}, {feature.high}]"
    for group, names in groups.items():
        if len(set(names)) < len(names) or not all(name.replace("_", "a").isidentifier() for name in names):
            yield f"the {group} have to have distinct names of letters, digits and underscores, but they are {names}"


def every_setting_works_at_its_ends(trial: Trial) -> Iterator[str]:
    """The world runs with each setting at its lowest and highest value, and with each of its options."""
    for path, value in extremes(trial.batch(1).config):
        try:
            batch = trial.batch(2, **{path: value})
            for step in played(batch, 3):
                for role, observed in step.observation.items():
                    yield from outside(observed, batch.observation_spaces[role], f"with {path}={value}, observations of {role}")
        except Exception as broken:  # the sentence has to say which setting it was
            yield f"with {path}={value}: {type(broken).__name__}: {broken}"


def scripted_policies_act(trial: Trial) -> Iterator[str]:
    """The heuristic and the oracle, where there are any, give actions of the right shape and type, inside their space."""
    batch, rng = trial.batch(4), np.random.default_rng(0)
    observed = batch.reset(1)
    for _ in range(20):
        chosen = random_actions(batch, rng)
        for name, role in batch.roles.items():
            space = batch.action_spaces[name]
            for kind, given in scripted(batch, name, observed[name]):
                if given.shape != (4 * role.count, role.action_size) or not all(space.contains(row.astype(space.dtype)) for row in given):
                    yield f"the {kind} of {name} gave {given.dtype} {given.shape}, not {4 * role.count} actions of {space}"
                    return
                chosen[name] = given.reshape(4, role.count, -1).astype(role.action_dtype)
        batch.step(chosen)


def scripted(batch: Batch, role: str, observed: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What the heuristic and the oracle of a world would do now: (which, actions [N * A, heads])."""
    if batch.spec.heuristic is not None:
        yield "heuristic", batch.spec.heuristic(role, observed.reshape(-1, observed.shape[-1]), batch.config)
    if batch.spec.oracle is not None:
        envs, avatars = np.divmod(np.arange(batch.num_envs * batch.num_agents[role]), batch.num_agents[role])
        yield "oracle", batch.spec.oracle(batch, role, envs, avatars)


def scenes_are_data(trial: Trial) -> Iterator[str]:
    """A scene holds finite numbers, one name per figure, and copies: it stays as it was when the world goes on."""
    batch = trial.batch(2)
    batch.reset(4)
    scene = trial.spec.scene(batch.state, batch.config, 1)
    if not isinstance(scene, Scene):
        yield f"scene gave a {type(scene).__name__}"
        return
    figures = [scene.figures[name] for name in scene.figures.dtype.names or ()]
    arrays = [scene.boxes, scene.floors, scene.goals, scene.spots, scene.beams, *figures]
    if not all(np.isfinite(array).all() for array in arrays):
        yield "a scene has numbers that are not finite"
    if len(scene.names) != len(scene.figures) or len(scene.box_kinds) != len(scene.boxes) or len(scene.floor_tints) != len(scene.floors):
        yield "names, box_kinds and floor_tints of a scene have to be as many as figures, boxes and floors"
    kept = [array.copy() for array in arrays]
    for actions in actions_for(batch, 10):
        batch.step(actions)
    if not all(np.array_equal(now, then) for now, then in zip(arrays, kept, strict=True)):
        yield "a scene changes when the world goes on: it has to hold copies"


def transcripts_replay(trial: Trial) -> Iterator[str]:
    """An episode that was recorded can be read, and re-simulates to the same hash."""
    batch = trial.batch(2, autoreset=False)
    batch.reset([7, 8])
    table = actions_for(batch, STEPS)
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), batch, seeds=[7, 8])
        for actions in table:
            batch.step(actions)
            recorder.step()
        recorder.close()
        for i, path in enumerate(recorder.paths):
            verdict, told = verify(path), Transcript.open(path)
            if not verdict.ok:
                yield f"a transcript does not replay: {verdict.message}"
            if any(not np.array_equal(told.actions(t)[role], table[t][role][i]) for t in range(told.steps) for role in batch.roles):
                yield "a transcript holds other actions than were played"
            if not isinstance(told.scene(told.steps), Scene):
                yield "a transcript has no scene of its last step"


CHECKS: tuple[Check, ...] = (
    declarations_are_sound,
    every_setting_works_at_its_ends,
    scripted_policies_act,
    scenes_are_data,
    transcripts_replay,
)
