"""What is laid over the picture: visits, ways, contacts, bubbles; by key and by click."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.render.draw import frames, overlays
from avatarium.render.draw.figures import POINTS, USES, WAVES, avatar_instances, avatar_mesh, place
from avatarium.render.draw.theme import LIGHT
from avatarium.render.viewer import contacts
from avatarium.render.viewer.heat import CELL_M, Visits, veil
from avatarium.render.viewer.pane import Pane
from avatarium.render.viewer.source import Replay
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript

SIZE = (960, 540)


def test_visits_count_where_everybody_was(stills: Any) -> None:
    visits = Visits(stills.scene)
    assert visits.counts(10).sum() == 22  # two avatars, frames 0 to 10
    own = visits.counts(40, "walker_0")
    assert own.sum() == 41
    rows, columns = np.nonzero(own)
    assert set(rows) == {int(2.5 / CELL_M)}  # it walks along a line
    assert columns.min() == int(3.0 / CELL_M) and columns.max() == int(5.0 / CELL_M)
    assert visits.counts(10).sum() == 22  # going back in time takes visits away again
    assert visits.counts(5, "nobody").sum() == 0


def test_the_veil_lies_where_visits_are_and_is_empty_without(scene: Scene) -> None:
    counts = np.zeros((32, 48), int)
    assert len(veil(counts, scene.bounds, LIGHT)) == 0
    counts[10, 20] = 5
    drawn = veil(counts, scene.bounds, LIGHT)
    middle = drawn["position"][:, :2].mean(axis=0)
    assert middle == pytest.approx([(20 + 0.5) * CELL_M, (10 + 0.5) * CELL_M], abs=CELL_M)
    assert 0 < drawn["colour"][:, 3].max() < 0.8


def test_the_key_goes_from_own_visits_to_those_of_all_to_none(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills, "top")
    viewer.seek(40)
    pictures, said = [viewer.frame(studio, *SIZE)], []
    for _ in range(3):
        viewer.do("visits")
        pictures.append(viewer.frame(studio, *SIZE))
        said.append(viewer.overlays()["visits"])
    assert said == ["+visits", "+visits of all", "visits"]
    assert (pictures[1] != pictures[0]).any() and (pictures[2] != pictures[1]).any()
    assert np.array_equal(pictures[3], pictures[0])


def test_the_way_to_the_goal_goes_round_walls_and_is_as_long_as_the_world_says(episode: Path) -> None:
    replay = Replay(Transcript.open(episode))
    pane, checked = Pane(replay), 0
    for i, name in enumerate(replay.agents):
        scene = pane.scene(0)
        points = pane.route(0, scene, i)
        goal = scene.goals[scene.goals[:, 2] == scene.figures["colour"][i]][0, :2]
        assert np.hypot(*(points[-1] - goal)) < 1.5
        assert points[0] == pytest.approx([scene.figures["x"][i], scene.figures["y"][i]])
        length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
        left = float(scene.notes[name].split(",")[1].split(" m")[0])  # "to studio 1, 12.3 m left, ..."
        assert length == pytest.approx(left, abs=2.5)
        checked += 1
    assert checked == 3


def test_there_is_no_way_without_a_plan_or_where_goals_mean_something_else(stills: Any, scene: Scene) -> None:
    pane = Pane(stills)
    assert len(pane.route(0, pane.scene(0), 0)) == 0
    stills.tags = ("curiosity",)
    assert not Pane(stills).has_goals


def test_dashes_lie_along_the_way() -> None:
    drawn = overlays.dashes(np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)]), 1, 0.7)
    x, y = drawn["position"][:, 0], drawn["position"][:, 1]
    assert ((np.abs(y) < 0.06) | (np.abs(x - 4) < 0.06)).all()
    assert x.max() < 4.1 and y.max() <= 3.0
    assert len(overlays.dashes(np.array([(1.0, 1.0)]), 0, 0.0)) == 0


def test_contacts_are_the_newest_of_each_pair_and_fade(stills: Any) -> None:
    name = dict(enumerate(stills.agents))
    found = contacts.recent(stills.events(), 13, name)
    assert {(c.who, c.whom, c.kind) for c in found} == {("walker_0", "walker_1", 0), ("walker_1", "walker_0", 0)}
    (early, late) = sorted(c.fresh for c in found)
    assert 0 < early < late == 1
    assert contacts.recent(stills.events(), 29, name) == []


def test_contacts_are_drawn_from_head_to_head(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills)
    viewer.shown["panels"] = False
    viewer.seek(13)
    plain = viewer.frame(studio, *SIZE)
    viewer.do("contacts")
    assert (np.abs(plain.astype(int) - viewer.frame(studio, *SIZE)).max(axis=2) > 20).sum() > 100
    viewer.seek(29)
    late = viewer.frame(studio, *SIZE)
    viewer.do("contacts")
    assert np.array_equal(late, viewer.frame(studio, *SIZE))


def test_every_overlay_is_switched_by_a_click_on_its_name(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills)
    viewer.frame(studio, *SIZE)
    for name in ("rays", "trails", "names", "bubbles", "visits", "path", "contacts"):
        before = viewer.shown[name]
        button = next(b for b in viewer.buttons if b.action == name)
        assert viewer.press(button.x + button.width / 2, button.y + button.height / 2, *SIZE) == name
        assert viewer.shown[name] is not before


def test_bubbles_tell_what_happened_and_for_how_long(stills: Any) -> None:
    pane = Pane(stills)
    assert pane.words(11, pane.scene(11)) == {0: "greeting"}
    assert pane.words(29, pane.scene(29)) == {}


@pytest.mark.parametrize("gesture", [USES, WAVES, POINTS])
def test_gestures_can_be_seen_on_figures(scene: Scene, gesture: int) -> None:
    figures = scene.figures[:1].copy()
    figures["x"] = figures["y"] = figures["heading"] = 0
    still = place(avatar_mesh(), avatar_instances(figures, 0.2))["position"]
    figures["gesture"] = gesture
    moved = place(avatar_mesh(), avatar_instances(figures, 0.2))["position"]
    changed = np.abs(moved - still).max(axis=1) > 0.02
    assert 0.02 < changed.mean() < 0.3  # an arm and a hand
    assert (still[changed][:, 1] < 0).all()  # on the right
    hand = moved[changed][np.abs(moved - still).max(axis=1)[changed].argmax()]
    assert hand[2] > 1.0 if gesture == WAVES else hand[0] > 0.25


def test_a_thumbnail_shows_what_the_avatar_sees_and_is_not_drawn_every_time(stills: Any, studio: frames.Studio) -> None:
    viewer = Viewer(stills)
    scene = stills.scene(0)
    first = viewer.thumbnail.picture(studio, scene, 0, 0.0, LIGHT, 64)
    assert first.shape == (64, 64, 3) and first.std() > 5
    assert viewer.thumbnail.picture(studio, stills.scene(1), 0, 1.0, LIGHT, 64) is first
    assert viewer.thumbnail.picture(studio, scene, 1, 1.0, LIGHT, 64) is not first
    turned = replace(scene, figures=scene.figures.copy())
    turned.figures["heading"][1] += 2.0
    for _ in range(5):
        later = viewer.thumbnail.picture(studio, turned, 1, 9.0, LIGHT, 64)
    assert (later != first).any()
