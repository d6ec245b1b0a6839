"""Telling: what choices of a head tell of a feature, and whether a gradient makes a code of it."""

import math
from collections.abc import Callable

import pytest
import torch

from avatarium import worlds
from avatarium.training.learn.telling import Telling, by_role, told
from avatarium.worlds import UserError
from avatarium.worlds.core import settings

WORDS = 6
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
    ("code", "worth"),
    [
        (lambda wish: wish + 1, 0.0),
        (lambda wish: 3 - wish, 0.0),
        (lambda wish: wish // 2, -25.0),
        (lambda wish: torch.zeros_like(wish), -37.5),
    ],
)
def test_everything_told_has_a_word_of_its_own(code: Callable[[torch.Tensor], torch.Tensor], worth: float) -> None:
    wishes = torch.arange(4).repeat(8)
    assert float(told(logits(code(wishes)), seen(wishes), None, TELLING)) == pytest.approx(worth, abs=1e-3)


def test_absent_speakers_do_not_count() -> None:
    wishes = torch.arange(4).repeat(2)
    words = torch.cat([wishes[:4], torch.zeros(4, dtype=torch.int64)])
    here = torch.tensor([1.0] * 4 + [0.0] * 4)
    assert float(told(logits(words), seen(wishes), here, TELLING)) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_gradient_finds_a_code_in_which_no_two_wishes_share_a_word(seed: int) -> None:
    torch.manual_seed(seed)
    speaker = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.Tanh(), torch.nn.Linear(32, 3 + WORDS))
    adam = torch.optim.Adam(speaker.parameters(), lr=0.01)
    wishes = torch.arange(4).repeat(16)
    for _ in range(200):
        adam.zero_grad()
        (-told(speaker(seen(wishes)), seen(wishes), None, TELLING)).backward()
        adam.step()
    likely = speaker(seen(wishes))[:, 3:].argmax(dim=1)
    assert len(set(zip(wishes.tolist(), likely.tolist(), strict=True))) == len(set(likely.tolist())) == 4


def test_a_code_in_which_wishes_share_a_word_comes_apart() -> None:
    speaker = torch.nn.Parameter(torch.zeros(4, WORDS))
    speaker.data[:, 2] = 20.0
    adam, wishes = torch.optim.Adam([speaker], lr=0.1), torch.arange(4).repeat(8)
    for _ in range(400):
        adam.zero_grad()
        (-told(torch.cat([torch.zeros(32, 3), speaker[wishes]], dim=1), seen(wishes), None, TELLING)).backward()
        adam.step()
    assert len(set(speaker.argmax(dim=1).tolist())) == 4


def test_where_there_are_more_things_than_words_some_are_not_told() -> None:
    wishes = torch.arange(4).repeat(8)
    few = Telling(feature=slice(1, 5), head=slice(3, 5), weight=1.0)
    assert float(told(torch.zeros(32, 9), seen(wishes), None, few)) == pytest.approx(0.5 * math.log(0.5), abs=1e-3)


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
