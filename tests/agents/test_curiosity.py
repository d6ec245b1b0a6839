"""Curiosity: bonuses fall where things repeat and stay where they are new; which are drawn to noise, and which are not."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from importlib import metadata
from types import ModuleType

import pytest
import torch
from torch import Tensor

from avatarium.agents import curiosity
from avatarium.agents.curiosity import Bonus, Transitions
from avatarium.worlds import UserError
from avatarium.worlds.core import settings

PLACES, CODE, SCREEN = 20, 10, 20
LEFT, RIGHT, REMOTE = 0, 1, 2
FAMILIAR, STRANGE = (0, 10), (10, 20)
LEARNERS = ("disagreement", "error", "icm", "progress", "ride", "rnd")
COMPANY = ("independent", "minimum", "covering", "burrowing", "leader_follower")
UPDATES = 40


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def walk(rows: int, stretch: tuple[int, int], draw: torch.Generator) -> Transitions:
    """Steps to the left or right along a stretch of a corridor, each place of which looks its own way; the screen is dark."""
    low, high = stretch
    place, action = torch.randint(low, high, (rows,), generator=draw), torch.randint(LEFT, RIGHT + 1, (rows,), generator=draw)
    dark = torch.zeros(rows, SCREEN)
    return step(place, dark, action, (place + 2 * action - 1).clamp(low, high - 1), dark)


def watch(rows: int, draw: torch.Generator) -> Transitions:
    """Before a screen of noise in place 0: the remote control, one action of three, brings a new picture."""
    place, action = torch.zeros(rows, dtype=torch.int64), torch.randint(LEFT, REMOTE + 1, (rows,), generator=draw)
    now, then = torch.randn(rows, SCREEN, generator=draw), torch.randn(rows, SCREEN, generator=draw)
    return step(place, now, action, place, torch.where((action == REMOTE)[:, None], then, now))


def step(place: Tensor, screen: Tensor, action: Tensor, place_after: Tensor, screen_after: Tensor) -> Transitions:
    looks = torch.randn(PLACES, CODE, generator=torch.Generator().manual_seed(1))
    before, after = torch.cat([looks[place], screen], 1), torch.cat([looks[place_after], screen_after], 1)
    return Transitions(before, action[:, None], after, torch.ones(len(place), 1), torch.zeros(len(place), dtype=torch.int64))


def both(first: Transitions, second: Transitions) -> Transitions:
    return Transitions(*(torch.cat([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Transitions)))


def learn(bonus: Bonus, update: Sequence[Transitions]) -> None:
    """One update: a step of Adam on every minibatch."""
    adam = torch.optim.Adam(bonus.parameters(), lr=2e-3)
    for minibatch in update:
        loss = bonus.loss(minibatch)
        assert loss is not None
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    bonus.after_update()


@dataclass
class Experience:
    """A bonus that learnt from walking a familiar stretch and from watching the screen; its mean for each before and after."""

    bonus: Bonus
    draw: torch.Generator
    at_first: tuple[float, float, float]
    in_the_end: tuple[float, float, float]

    def update(self, stretch: tuple[int, int] = FAMILIAR) -> None:
        learn(self.bonus, [both(walk(64, stretch, self.draw), watch(64, self.draw)) for _ in range(8)])


def means(bonus: Bonus) -> tuple[float, float, float]:
    """Mean bonus of familiar steps, of steps before the screen and of steps where nobody has been."""
    draw = torch.Generator().manual_seed(2)
    steps = (walk(512, FAMILIAR, draw), watch(512, draw), walk(512, STRANGE, draw))
    familiar, noise, strange = (float(bonus.bonus(t).mean()) for t in steps)
    return familiar, noise, strange


@pytest.fixture(scope="module")
def experienced() -> dict[str, Experience]:
    found: dict[str, Experience] = {}
    for name in LEARNERS:
        torch.manual_seed(0)
        bonus = curiosity.build(name, {}, CODE + SCREEN, (3,), 0)
        found[name] = Experience(bonus, torch.Generator().manual_seed(3), means(bonus), (0.0, 0.0, 0.0))
        for _ in range(UPDATES):
            found[name].update()
        found[name].in_the_end = means(bonus)
    return found


def some(rows: int = 64, choices: tuple[int, ...] = (3,), controls: int = 0, size: int = 30, avatars: int = 3) -> Transitions:
    """Transitions without rhyme or reason."""
    draw = torch.Generator().manual_seed(5)
    heads = [torch.randint(0, n, (rows, 1), generator=draw) for n in choices]
    actions = torch.rand(rows, controls, generator=draw) * 2 - 1 if controls else torch.cat(heads, 1)
    before, after = torch.randn(rows, size, generator=draw), torch.randn(rows, size, generator=draw)
    visits, who = torch.randint(1, 9, (rows, avatars), generator=draw), torch.randint(0, avatars, (rows,), generator=draw)
    return Transitions(before, actions, after, visits.float(), who)


def company(visits: list[list[float]], who: list[int]) -> Transitions:
    nothing = torch.zeros(len(who), 1)
    return Transitions(nothing, torch.zeros(len(who), 1, dtype=torch.int64), nothing, torch.tensor(visits), torch.tensor(who))


@pytest.mark.parametrize("name", ["disagreement", "error", "icm", "rnd"])
def test_bonus_falls_where_steps_repeat_and_stays_where_they_are_new(experienced: dict[str, Experience], name: str) -> None:
    (before, _, _), (familiar, _, strange) = experienced[name].at_first, experienced[name].in_the_end
    assert familiar < 0.15 * before
    assert strange > 5 * familiar


@pytest.mark.parametrize("name", ["error", "icm", "rnd"])
def test_noise_goes_on_drawing_those_that_are_curious_about_errors(experienced: dict[str, Experience], name: str) -> None:
    familiar, noise, _ = experienced[name].in_the_end
    assert noise > 8 * familiar


def test_ride_is_not_drawn_to_noise(experienced: dict[str, Experience]) -> None:
    familiar, noise, strange = experienced["ride"].in_the_end
    assert noise < 2 * familiar and noise < 0.3 * strange


def test_ride_pays_less_for_every_return_within_the_episode(experienced: dict[str, Experience]) -> None:
    bonus, first = experienced["ride"].bonus, walk(64, STRANGE, torch.Generator().manual_seed(0))
    later = replace(first, visits=torch.full_like(first.visits, 16.0))
    torch.testing.assert_close(bonus.bonus(later), bonus.bonus(first) / 4)


def test_progress_pays_for_what_can_be_learnt_now_and_not_for_noise(experienced: dict[str, Experience]) -> None:
    old, again = experienced["progress"], curiosity.build("progress", {}, CODE + SCREEN, (3,), 0)
    fresh = Experience(again, torch.Generator().manual_seed(4), old.at_first, old.in_the_end)
    fresh.bonus.load_state_dict(old.bonus.state_dict())
    for _ in range(5):
        fresh.update(STRANGE)
    _, noise, strange = means(fresh.bonus)
    assert old.at_first == (0.0, 0.0, 0.0)
    assert strange > 5 * noise
    assert max(old.in_the_end) < 0.2 * strange


def test_progress_half_life_is_the_half_life_of_the_gap() -> None:
    bonus = curiosity.build("progress", {"half_life": 3.0}, 30, (3,), 0)
    weights, slow = next(bonus.model.parameters()), next(bonus.slow.buffers())
    with torch.no_grad():
        weights += 1.0
    for _ in range(3):
        bonus.after_update()
    torch.testing.assert_close(weights - slow, torch.full_like(slow, 0.5))


def test_disagreement_is_none_between_members_that_are_alike() -> None:
    bonus = curiosity.build("disagreement", {}, 30, (3,), 0)
    assert (bonus.bonus(some()) > 0).all()
    for member in bonus.members:
        member.load_state_dict(bonus.members[0].state_dict())
    assert bonus.bonus(some()).abs().max() < 1e-12


def test_rnd_learns_from_its_share_of_the_rows_alone() -> None:
    bonus, steps = curiosity.build("rnd", {"share": 0.25}, 30, (3,), 0), some(64)
    other = replace(steps, after=torch.cat([steps.after[:16], torch.zeros(48, 30)]))
    assert torch.equal(bonus.loss(steps), bonus.loss(other))
    assert not torch.equal(bonus.bonus(steps), bonus.bonus(other))


def test_counts_pay_one_over_the_root_of_own_visits() -> None:
    bonus = curiosity.build("counts", {}, 1, (2,), 0)
    paid = bonus.bonus(company([[1, 9], [9, 100], [4, 16], [0, 7]], [0, 0, 1, 0]))
    assert paid.tolist() == pytest.approx([1.0, 1 / 3, 1 / 4, 1.0])
    assert bonus.loss(company([[1.0]], [0])) is None and not list(bonus.parameters())


def test_bonuses_in_company_by_hand() -> None:
    # Novelties with decay 1: (1, 1/2, 1/4), mean 7/12, for avatars 0, 1, 2 in turn; then (1/8, 1, 1/2), mean 13/24, likewise.
    steps = company([[1, 2, 4]] * 3 + [[8, 1, 2]] * 3, [0, 1, 2] * 2)
    expected = {
        "independent": [1, 1 / 2, 1 / 4, 1 / 8, 1, 1 / 2],
        "minimum": [1 / 4] * 3 + [1 / 8] * 3,
        "covering": [1, 0, 0, 0, 1, 0],
        "burrowing": [0, 1 / 2, 1 / 4, 1 / 8, 0, 1 / 2],
        "leader_follower": [0, 0, 0, 1 / 8, 1, 0],
    }
    for name, values in expected.items():
        assert curiosity.build(name, {"decay": 1.0}, 1, (2,), 0).bonus(steps).tolist() == pytest.approx(values), name


def test_novelty_decays_as_in_the_paper() -> None:
    paid = curiosity.build("independent", {}, 1, (2,), 0).bonus(company([[10, 3], [0, 3]], [0, 0]))
    assert paid.tolist() == pytest.approx([10**-0.7, 1.0])


@pytest.mark.parametrize("avatars", [1, 3, 5, 7, 8])
def test_equals_neither_cover_nor_burrow(avatars: int) -> None:
    steps = company([[float(n)] * avatars for n in range(1, 200)], [n % avatars for n in range(1, 200)])
    for name in ("covering", "burrowing", "leader_follower"):
        assert not curiosity.build(name, {}, 1, (2,), 0).bonus(steps).any()


@pytest.mark.parametrize("name", curiosity.names())
@pytest.mark.parametrize(("choices", "controls"), [((5, 3), 0), ((), 2)])
def test_contract(name: str, choices: tuple[int, ...], controls: int) -> None:
    """Bonuses are finite, not negative and without gradient; losses reach every parameter; neither writes anything."""
    bonus, steps = curiosity.build(name, {}, 30, choices, controls), some(64, choices, controls)
    if not bonus.counts:
        steps = replace(steps, visits=torch.zeros(64, 0))
    state = {key: value.clone() for key, value in bonus.state_dict().items()}
    paid, loss = bonus.bonus(steps), bonus.loss(steps)
    assert paid.shape == (64,) and paid.dtype == torch.float32 and not paid.requires_grad
    assert torch.isfinite(paid).all() and (paid >= 0).all()
    assert all(torch.equal(value, state[key]) for key, value in bonus.state_dict().items())
    assert (loss is not None) == hasattr(bonus.settings, "lr") == any(True for _ in bonus.parameters())
    if loss is not None:
        assert all(gradient.any() for gradient in torch.autograd.grad(loss, list(bonus.parameters())))


@pytest.mark.parametrize("name", curiosity.names())
def test_rows_may_be_shared_out_over_threads(name: str) -> None:
    bonus, steps = curiosity.build(name, {}, 30, (3,), 0), some(96)
    parts = [Transitions(*(getattr(steps, f.name)[k : k + 24] for f in fields(Transitions))) for k in range(0, 96, 24)]
    with ThreadPoolExecutor(4) as pool:
        paid, losses = torch.cat(list(pool.map(bonus.bonus, parts))), list(pool.map(bonus.loss, parts))
    torch.testing.assert_close(paid, bonus.bonus(steps))
    if (loss := bonus.loss(steps)) is not None:
        torch.testing.assert_close(torch.stack([part for part in losses if part is not None]).mean(), loss)


@pytest.mark.parametrize("name", LEARNERS)
def test_saved_bonuses_pay_the_same(experienced: dict[str, Experience], name: str) -> None:
    bonus, again = experienced[name].bonus, curiosity.build(name, {}, CODE + SCREEN, (3,), 0)
    steps = walk(64, STRANGE, torch.Generator().manual_seed(0))
    assert not torch.equal(again.bonus(steps), bonus.bonus(steps))
    again.load_state_dict(bonus.state_dict())
    assert torch.equal(again.bonus(steps), bonus.bonus(steps))


@pytest.mark.parametrize("name", curiosity.names())
def test_bonuses_run_on_the_device_they_are_moved_to(name: str) -> None:
    steps = some()
    away = Transitions(*(getattr(steps, f.name).to("meta") for f in fields(Transitions)))
    bonus = curiosity.build(name, {}, 30, (3,), 0).to("meta")
    assert bonus.bonus(away).device.type == "meta"
    assert (loss := bonus.loss(away)) is None or loss.device.type == "meta"


def test_actions_are_encoded_head_by_head() -> None:
    bonus = curiosity.build("error", {}, 4, (3, 2), 0)
    assert bonus.encode(torch.tensor([[2, 0], [0, 1]])).tolist() == [[0, 0, 1, 1, 0], [1, 0, 0, 0, 1]]


def test_bonuses_are_found_by_name() -> None:
    assert set(LEARNERS) | set(COMPANY) | {"counts"} <= set(curiosity.names())
    assert all(curiosity.bonus_class(name).name == name for name in curiosity.names())
    with pytest.raises(UserError, match="no curiosity 'rmd': did you mean 'rnd'"):
        curiosity.bonus_class("rmd")


@pytest.mark.parametrize("name", LEARNERS)
def test_settings_are_checked_and_explained(name: str) -> None:
    assert "learning rate" in settings.table(curiosity.bonus_class(name).Settings)
    with pytest.raises(UserError, match="'lr' is -1"):
        curiosity.build(name, {"lr": -1.0}, 30, (3,), 0)
    with pytest.raises(UserError, match="no setting 'weight'"):
        curiosity.build(name, {"weight": 1.0}, 30, (3,), 0)


class Whim(Bonus):
    """Pays one for everything."""

    name = "whim"

    @dataclass(frozen=True)
    class Settings:
        pass

    def bonus(self, t: Transitions) -> Tensor:
        return torch.ones(len(t.before))


def test_others_may_add_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("whims")
    module.Whim, module.number = Whim, 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "whims", module)
    assert curiosity.build("whims:Whim", {}, 30, (3,), 0).bonus(some()).sum() == 64
    for address, complaint in (("whims:Wham", "has no 'Wham'"), ("whims:number", "is no curiosity"), ("wham:Whim", "no module 'wham'")):
        with pytest.raises(UserError, match=complaint):
            curiosity.bonus_class(address)
    entry = metadata.EntryPoint("whim", "whims:Whim", curiosity.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [entry] if group == curiosity.GROUP else [])
    assert "whim" in curiosity.names() and curiosity.bonus_class("whim") is Whim
