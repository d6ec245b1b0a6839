"""A network looks at the picture that ends an observation."""

import pytest
import torch

from avatarium.agents.networks.actor_critic import CORES, ActorCritic, Architecture, Inputs, Interface
from avatarium.agents.networks.eye import UNITS, Eye

SHAPE = (4, 17, 26)
SIZE = 4 * 17 * 26
PLAIN = 5


def network_for(core: str) -> ActorCritic:
    torch.manual_seed(0)
    return ActorCritic(Interface(PLAIN + SIZE, (3, 2)), Architecture(core, (8, 8), 6, SHAPE)).eval()


def test_numbers_before_the_picture_pass_as_they_are() -> None:
    seen = torch.randn(3, 2, PLAIN + SIZE)
    out = Eye(SHAPE)(seen)
    assert out.shape == (3, 2, PLAIN + UNITS)
    assert torch.equal(out[..., :PLAIN], seen[..., :PLAIN])


def test_rows_do_not_look_at_one_another() -> None:
    eye, seen = Eye(SHAPE), torch.randn(4, PLAIN + SIZE)
    assert torch.allclose(eye(seen)[2:3], eye(seen[2:3]), atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 8, 8), (5, 84, 84), (3, 24, 40)])
def test_every_size_of_picture_can_be_looked_at(shape: tuple[int, int, int]) -> None:
    eye = Eye(shape)
    assert eye(torch.zeros(2, eye.size)).shape == (2, UNITS)


@pytest.mark.parametrize("core", CORES)
def test_acting_is_what_is_learnt_from(core: str) -> None:
    network = network_for(core)
    seen, starts = torch.randn(6, 5, PLAIN + SIZE), torch.zeros(6, 5, dtype=torch.bool)
    state = network.initial(5)
    whole, _ = network.both(Inputs(seen, None, starts, state))
    for t in range(6):
        onto = network.act_on(network.normalise(seen[t]), starts[t], state)[0]
        decided, state = network.act(seen[t], state)
        assert torch.allclose(decided, whole[t], atol=1e-5)
        assert torch.allclose(onto, whole[t], atol=1e-5)


@pytest.mark.parametrize("core", CORES)
def test_decisions_and_judgements_depend_on_every_part_of_the_picture(core: str) -> None:
    network = network_for(core)
    seen = torch.randn(1, 1, PLAIN + SIZE, requires_grad=True)
    for k in (0, 1):
        found = network.both(Inputs(seen, None, torch.zeros(1, 1, dtype=torch.bool), network.initial(1)))
        (slope,) = torch.autograd.grad(found[k].square().sum(), seen)
        picture = slope[0, 0, PLAIN:].reshape(SHAPE).abs()
        for part in (picture[:, :6, :8], picture[:, :6, -8:], picture[:, -6:, :8], picture[:, -6:, -8:]):
            assert part.max() > 0
