"""Models learn what there is to learn, use the cues that they are for, and come back from disk as they were."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from avatarium.training.trajectory import files, metrics, mixtures, walls
from avatarium.training.trajectory.baselines import constant_velocity
from avatarium.training.trajectory.fitting import Plan, fit
from avatarium.training.trajectory.models import SHAPES, Model, chunks
from avatarium.training.trajectory.networks import People
from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.windows import Windows, windows
from avatarium.worlds.core.errors import UserError

Curved = Callable[[int], Windows]
Recorded = Callable[..., Recording]
QUICK = Plan(epochs=4, batch=64, lr=5e-3)


def error(model: Model, some: Windows) -> float:
    whole = some.lasting == 12
    return float(metrics.ade(model.predict(some.past, 1)[:, whole], some.future[whole]).mean())


def simple_error(some: Windows) -> float:
    whole = some.lasting == 12
    return float(metrics.ade(constant_velocity(some.past.observed)[None, whole], some.future[whole]).mean())


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"literal"}))
def test_before_they_learn_models_go_on_as_in_the_last_step(name: str, curved: Curved) -> None:
    some = curved(0)
    simple = constant_velocity(some.past.observed)
    assert np.allclose(Model.new(name, 0.4, 0).predict(some.past, 1)[0], simple, atol=1e-4 if not SHAPES[name].mixtures else 3.0)


@pytest.mark.parametrize("name", ["displacement", "mdn", "social", "goal"])
def test_people_who_turn_left_are_learnt_in_every_direction(name: str, curved: Curved) -> None:
    model, unseen = fit(name, curved(0), QUICK), curved(1)
    assert error(model, unseen) < 0.5 * simple_error(unseen)


def test_the_literal_model_learns_places_and_fails_elsewhere(curved: Curved) -> None:
    model, some = fit("literal", curved(0), Plan(epochs=12, batch=64, lr=5e-3)), curved(0)
    near = error(model, some)
    some.past.observed[:] += 50
    some.future[:] += 50
    assert error(model, some) > 5 * near


def test_a_turned_scene_is_predicted_turned(curved: Curved) -> None:
    some, model = curved(1), fit("goal", curved(0), Plan(epochs=1, batch=64))
    with torch.no_grad():
        straight = model.paths(People(some.past, np.zeros(len(some), np.float32)), None)
        people = People(some.past, np.full(len(some), np.pi / 2, np.float32))
        turned = people.back(model.paths(people, None))
    assert people.observed[0, 0].tolist() == pytest.approx([-some.past.observed[0, 0, 1], some.past.observed[0, 0, 0]], abs=1e-4)
    assert (turned - straight).abs().max() < 2.0  # one network, two views: near, not equal


def forked(recorded: Recorded, seed: int) -> Windows:
    """All walk east; then each turns to the left or to the right, to where its goal is."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(30):
        side = rng.choice([-1.0, 1.0], 4)
        along = np.concatenate([np.arange(8) * 0.5, np.full(12, 3.5)])
        aside = np.concatenate([np.zeros(8), np.arange(1, 13) * 0.5])
        places = np.stack([np.repeat(along[:, None], 4, 1), aside[:, None] * side], axis=2) + rng.uniform(-20, 20, (4, 2))
        goals = np.broadcast_to(places[-1], places.shape)
        found.append(recorded(places, goals=goals))
    return windows(found, 20)


def test_a_goal_tells_which_way_somebody_turns(recorded: Recorded) -> None:
    seen, unseen = forked(recorded, 0), forked(recorded, 1)
    plan = Plan(epochs=14, batch=32, lr=8e-3)
    assert error(fit("goal", seen, plan), unseen) < 0.5 * error(fit("displacement", seen, plan), unseen)


def test_draws_from_a_density_find_both_ways(recorded: Recorded) -> None:
    seen, unseen = forked(recorded, 0), forked(recorded, 1)
    model = fit("mdn", seen, Plan(epochs=20, batch=32, lr=8e-3))
    drawn = model.predict(unseen.past, 20, seed=3)
    assert metrics.ade(drawn, unseen.future).mean() < 0.75 * error(model, unseen)
    assert np.array_equal(drawn, model.predict(unseen.past, 20, seed=3))
    assert not np.array_equal(drawn, model.predict(unseen.past, 20, seed=4))


def test_a_density_is_that_of_a_mixture_of_gaussians() -> None:
    torch.manual_seed(0)
    outputs, velocity, moved = torch.randn(6, 30), torch.randn(6, 2), torch.randn(6, 2)
    weights, means, deviations = mixtures.parts(outputs, velocity)
    parts = torch.distributions.Independent(torch.distributions.Normal(means, deviations), 1)
    known = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=weights), parts)
    assert torch.allclose(mixtures.log_density(outputs, velocity, moved), known.log_prob(moved), rtol=1e-4)
    assert torch.allclose(mixtures.mean(outputs, velocity), known.mean, atol=1e-5)
    many = [mixtures.draw(outputs, velocity, torch.Generator().manual_seed(k)) for k in range(2000)]
    assert torch.allclose(torch.stack(many).mean(dim=0), known.mean, atol=0.15)


def test_the_likelihood_of_a_path_is_the_mean_of_its_steps(recorded: Recorded) -> None:
    some, model = forked(recorded, 0), Model.new("mdn", 0.4, 0)
    whole = model.likelihood(some.past, some.future)
    cut = some.future.copy()
    cut[:, 3:] = np.nan
    short = model.likelihood(some.past, cut)
    assert whole is not None
    assert short is not None
    assert np.isfinite(short).all()
    with torch.no_grad():
        each, _ = model.log_densities(People(some.past, np.zeros(len(some), np.float32)), torch.from_numpy(some.future))
    assert np.allclose(whole, each.mean(dim=1).numpy(), atol=1e-4)
    assert np.allclose(short, each[:, :3].mean(dim=1).numpy(), atol=1e-4)
    assert Model.new("displacement", 0.4, 0).likelihood(some.past, some.future) is None


@pytest.mark.parametrize(("apart", "felt"), [(1.0, True), (3.0, False)])
def test_company_is_felt_when_near_and_only_in_the_same_moment(recorded: Recorded, apart: float, felt: bool) -> None:
    places = np.zeros((20, 2, 2))
    places[:, 0, 0] = np.arange(20) * 0.5
    places[:, 1] = places[:, 0] + (0, apart)
    torch.manual_seed(0)
    model = Model.new("social", 0.4, 0)
    torch.nn.init.normal_(model.network.head.weight, std=0.1)
    together = model.predict(windows([recorded(places)], 20).past, 1)[0, 0]
    alone = model.predict(windows([recorded(places[:, :1])], 20).past, 1)[0, 0]
    assert (np.abs(together - alone).max() > 1e-4) == felt


def test_rays_tell_how_near_walls_are() -> None:
    boxes, counts = walls.padded([np.array([[2, -1, 3, 1], [-9, -9, -8, 9]], np.float32), np.zeros((0, 4), np.float32)])
    out = np.zeros((3, walls.RAYS), np.float32)
    places, east, north = np.array([[0.0, 0], [0, 0], [0, 0]], np.float32), [1.0, 0.0], [0.0, 1.0]
    walls.cast(places, np.array([east, north, east], np.float32), np.array([0, 0, 1]), boxes, counts, out)
    assert out[0, 0] == pytest.approx(1 - 2 / 6, abs=1e-4)
    assert out[0, walls.RAYS // 2] == 0  # 8 m away
    assert out[1, 3 * walls.RAYS // 4] == pytest.approx(1 - 2 / 6, abs=1e-4)  # the ray to the east of who faces north
    assert (out[2] == 0).all()


def test_learning_repeats_itself_and_the_seed_matters(curved: Curved) -> None:
    some, plan = curved(0), Plan(epochs=1, batch=64)
    first, again = (fit("social", some, plan).predict(some.past, 1) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, fit("social", some, Plan(epochs=1, batch=64, seed=1)).predict(some.past, 1))


def test_interrupted_learning_keeps_what_was_learnt(curved: Curved) -> None:
    told: list[float] = []

    def progress(loss: float) -> None:
        told.append(loss)
        if len(told) == 3:
            raise KeyboardInterrupt

    some = curved(0)
    model = fit("displacement", some, QUICK, progress)
    assert "3 epochs" in model.trained
    assert error(model, curved(1)) < simple_error(curved(1))


def test_places_that_are_no_metres_end_learning_with_a_sentence(curved: Curved) -> None:
    some = curved(0)
    some.past.observed[:] *= 1e30
    with pytest.raises(UserError, match="are the places in metres"):
        fit("displacement", some, QUICK)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_models_come_back_from_disk_as_they_were(name: str, curved: Curved, tmp_path: Path) -> None:
    some = curved(0)
    model = fit(name, some, Plan(epochs=1, batch=128))
    again = files.load(files.save(model, tmp_path / "kept"))
    assert (again.name, again.step_s, again.trained) == (model.name, model.step_s, model.trained)
    assert np.array_equal(again.predict(some.past, 2, seed=1), model.predict(some.past, 2, seed=1))
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]


def test_damaged_models_are_refused(curved: Curved, tmp_path: Path) -> None:
    path = files.save(Model.new("displacement", 0.4, 0), tmp_path / "model.npz")
    with pytest.raises(UserError, match="there is no model"):
        files.load(tmp_path / "absent.npz")
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError, match="is no model, or damaged"):
            files.load(path)
    np.savez(path, about=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UserError, match="is no model, or damaged"):
        files.load(path)


def test_chunks_keep_moments_together() -> None:
    moment = np.repeat(np.arange(100), 50)
    found = list(chunks(moment))
    assert [part.start for part in found] == [0, *(part.stop for part in found[:-1])]
    assert found[-1].stop == len(moment)
    assert len(found) > 1
    assert all(part.start % 50 == 0 and part.stop > part.start for part in found)
