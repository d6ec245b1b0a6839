"""The teacher: which lessons open, and what does not count as a score."""

from typing import Any

from ray.rllib.utils.metrics import EPISODE_RETURN_MEAN

from avatarium.training.names import COUNT, EVENTS, VALUE
from avatarium.training.run.curriculum import HOLD, Curriculum, Teacher
from avatarium.training.run.recipe import Recipe

LESSONS = Curriculum({"rooms": ({"rooms": 2}, {"rooms": 4})}, stages=1)


def gauges(events: Any, decisions: float) -> dict[str, float]:
    """Success, where something ended."""
    ended = events["arrival"].count + events["failure"].count
    return {"success": events["arrival"].count / ended} if ended else {}


def played(arrived: int, failed: int) -> dict[str, Any]:
    """What a stage reports."""
    events = {name: {COUNT: count, VALUE: 0.0} for name, count in (("arrival", arrived), ("failure", failed))}
    return {"0": {EVENTS: events, EPISODE_RETURN_MEAN: float("nan")}}


def test_a_lesson_opens_when_the_one_below_is_learnt() -> None:
    teacher = Teacher(Recipe(gauges=gauges, shown=("success",), curriculum=LESSONS), "stairs", 0)
    for _ in range(HOLD):
        teacher.after(played(5, 5))
    assert teacher.open == [(0,)]
    for _ in range(2 * HOLD):
        teacher.after(played(10, 0))
    assert teacher.open == [(0,), (1,)]


def test_an_iteration_in_which_nothing_ended_does_not_count() -> None:
    """RLlib's mean return is no number then; a record that took it in would be none ever after."""
    teacher = Teacher(Recipe(gauges=gauges, shown=("success",), curriculum=LESSONS), "stairs", 0)
    for k in range(3 * HOLD):
        told = teacher.after(played(10, 0) if k % 2 else played(0, 0))
    assert told["lesson/0"] == 1.0
    assert teacher.open == [(0,), (1,)]


def test_without_gauges_returns_count_where_there_are_any() -> None:
    teacher = Teacher(Recipe(curriculum=LESSONS), "stairs", 0)
    for k in range(3 * HOLD):
        teacher.after({"0": {EVENTS: {}, EPISODE_RETURN_MEAN: 0.9 if k % 2 else float("nan")}})
    assert teacher.open == [(0,), (1,)]
