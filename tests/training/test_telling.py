"""Telling: what choices of a head tell of a feature, and whether a gradient makes a code of it."""

import math
from collections.abc import Callable

import pytest
import torch

from avatarium import worlds
from avatarium.training.learn.telling import SPARE, Telling, by_role, told
from avatarium.worlds import UserError
from avatarium.worlds.core import settings

WORDS = 6
BIT = math.log(2)
TELLING = Telling(feature=slice(1, 5), head=slice(3, 3 + WORDS), weight=1.0)


def seen(wishes: torch.Tensor) -> torch.Tensor:
    """Observations [B, 6] of which four numbers say what is wished for."""
    found = torch.randn(len(wishes), 6, generator=torch.Generator().manual_seed(0))
    found[:, 1:5] = torch.nn.functional.one_hot(wishes, 4).float()
    return found


def logits(words: torch.Tensor) -> torch.Tensor:
    """Logits [B, 9] of somebody who says exactly these words."""
    found = torch.zeros(len(words), 3 + WORDS)
    found[:, 3:] = 50.0 * torch.nn.functional.one_hot(words, WORDS)
    return found


@pytest.mark.parametrize(
    ("code", "bits"),
    [
        (lambda wish: wish + 1, 2.0),
        (lambda wish: wish // 2, 1.0),
        (lambda wish: torch.zeros_like(wish), 0.0),
    ],
)
def test_what_is_told_is_information_less_what_may_be_left_to_chance(code: Callable[[torch.Tensor], torch.Tensor], bits: float) -> None:
    wishes = torch.arange(4).repeat(8)
    assert float(told(logits(code(wishes)), seen(wishes), None, TELLING)) == pytest.approx(bits * BIT - SPARE, abs=1e-4)


def test_absent_speakers_do_not_count() -> None:
    wishes = torch.arange(4).repeat(2)
    words = torch.cat([wishes[:4], torch.zeros(4, dtype=torch.int64)])
    here = torch.tensor([1.0] * 4 + [0.0] * 4)
    assert float(told(logits(words), seen(wishes), here, TELLING)) == pytest.approx(2.0 * BIT - SPARE, abs=1e-4)


def test_chance_is_charged_beyond_what_is_left_to_it() -> None:
    """Two words at random for every wish: a bit of chance costs nothing; four words: two bits cost what is over."""
    wishes = torch.arange(4).repeat(8)
    some = torch.zeros(len(wishes), 3 + WORDS)
    some[:, 3:5], some[:, 5:] = 50.0, 0.0
    assert float(told(some, seen(wishes), None, TELLING)) == pytest.approx(BIT - SPARE, abs=1e-3)
    some[:, 3:7] = 50.0
    assert float(told(some, seen(wishes), None, TELLING)) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_a_gradient_finds_a_code_in_which_no_two_wishes_share_a_word(seed: int) -> None:
    torch.manual_seed(seed)
    speaker = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.Tanh(), torch.nn.Linear(32, 3 + WORDS))
    adam = torch.optim.Adam(speaker.parameters(), lr=0.01)
    wishes = torch.arange(4).repeat(16)
    for _ in range(600):
        adam.zero_grad()
        (-told(speaker(seen(wishes)), seen(wishes), None, TELLING)).backward()
        adam.step()
    said = speaker(seen(wishes))[:, 3:].softmax(dim=1)
    likely = [int(said[wishes == wish].mean(dim=0).argmax()) for wish in range(4)]
    assert len(set(likely)) == 4


def test_only_those_who_can_are_made_to_tell() -> None:
    spec = worlds.spec("concierge")
    roles = {role.name: role for role in spec.roles(settings.build(spec.config, {}))}
    found = by_role("wish:say:0.5", roles)
    assert list(found) == ["visitor"]
    assert found["visitor"] == Telling(roles["visitor"].slices()["wish"], slice(12, 29), 0.5)
    assert by_role("", roles) == {}
    for words, complaint in (
        ("wish:say", "cannot be read: write FEATURE:HEAD:WEIGHT"),
        ("wish:say:much", "cannot be read"),
        ("wish:say:-1", "has to be a number above 0"),
        ("wish:say:nan", "has to be a number above 0"),
        ("hope:say:1", "no role senses 'hope' and has an action head 'say'"),
        ("wish:sing:1", "and has an action head 'sing'"),
    ):
        with pytest.raises(UserError, match=complaint):
            by_role(words, roles)
