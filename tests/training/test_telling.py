"""Telling: information between a feature and the choices of a head, and whether a gradient makes a code of it."""

from collections.abc import Callable

import pytest
import torch

from avatarium import worlds
from avatarium.training.learn.telling import Telling, by_role, information
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
    ("code", "bits"),
    [
        (lambda wish: wish + 1, 2.0),
        (lambda wish: wish // 2, 1.0),
        (lambda wish: torch.zeros_like(wish), 0.0),
    ],
)
def test_information_is_what_a_code_tells(code: Callable[[torch.Tensor], torch.Tensor], bits: float) -> None:
    wishes = torch.arange(4).repeat(8)
    assert float(information(logits(code(wishes)), seen(wishes), None, TELLING)) == pytest.approx(bits * 0.693147, abs=1e-4)


def test_absent_speakers_do_not_count() -> None:
    wishes = torch.arange(4).repeat(2)
    words = torch.cat([wishes[:4], torch.zeros(4, dtype=torch.int64)])
    here = torch.tensor([1.0] * 4 + [0.0] * 4)
    assert float(information(logits(words), seen(wishes), here, TELLING)) == pytest.approx(2.0 * 0.693147, abs=1e-4)


def test_a_gradient_finds_a_code() -> None:
    torch.manual_seed(0)
    speaker = torch.nn.Linear(6, 3 + WORDS)
    adam = torch.optim.Adam(speaker.parameters(), lr=0.03)
    wishes = torch.arange(4).repeat(16)
    for _ in range(200):
        adam.zero_grad()
        (-information(speaker(seen(wishes)), seen(wishes), None, TELLING)).backward()
        adam.step()
    assert float(information(speaker(seen(wishes)), seen(wishes), None, TELLING).detach()) > 0.9 * 2.0 * 0.693147


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
