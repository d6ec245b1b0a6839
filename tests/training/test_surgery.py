"""After surgery a network acts as before, learns with what is new, and its optimiser remembers what it knew."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Inputs
from avatarium.training.league.fit import Fit
from avatarium.training.league.surgery import REMEMBERED, operate
from avatarium.worlds.core.errors import UserError
from avatarium.worlds.core.spec import Feature, Head, Role

WALK, SPEAK = ("walk", ("stay", "go")), ("speak", ("nothing", "yes", "no"))
SMALL = Fit((("rays", 4), ("goal", 2)), (WALK, SPEAK), (), Architecture("mlp", (8, 6), 5))
ROWS, STEPS = 16, 7


@st.composite
def pairs(draw: st.DrawFn, central: st.SearchStrategy[bool]) -> tuple[Fit, Fit]:
    """A network, and a larger one of the same kind whose features, heads, choices or controls come in another order."""
    few = st.integers(1, 4)
    core = draw(st.sampled_from(("mlp", "lstm", "gru")))
    hidden = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    before = Fit(
        features=tuple((f"f{i}", draw(few)) for i in range(draw(few))),
        heads=tuple((f"h{i}", tuple(f"c{j}" for j in range(draw(few)))) for i in range(draw(few))),
        controls=(),
        architecture=Architecture(core, hidden, draw(st.integers(1, 9))),
        central=tuple((f"f{i}", draw(few)) for i in range(draw(few))) if draw(central) else (),
        values=draw(st.integers(1, 2)),
    )
    if draw(st.booleans()):
        before = replace(before, heads=(), controls=tuple(f"k{i}" for i in range(draw(few))))
    extra = st.integers(0, 3)
    heads = [(name, tuple(draw(st.permutations([*names, *(f"n{j}" for j in range(draw(extra)))])))) for name, names in before.heads]
    new_heads = [(f"new{i}", ("a", "b")) for i in range(draw(extra))] if heads else []
    controls = [*before.controls, *(f"new{i}" for i in range(draw(extra)))] if before.controls else []
    central_after = [*before.central, *((f"new{i}", draw(few)) for i in range(draw(extra)))]
    after = Fit(
        features=tuple(draw(st.permutations([*before.features, *((f"new{i}", draw(few)) for i in range(draw(extra)))]))),
        heads=tuple(draw(st.permutations([*heads, *new_heads]))),
        controls=tuple(draw(st.permutations(controls))),
        architecture=replace(
            before.architecture,
            hidden=tuple(width + draw(extra) for width in hidden),
            units=before.architecture.units + draw(extra),
        ),
        central=tuple(draw(st.permutations(central_after))) if before.central or core == "mlp" else (),
        values=before.values + draw(st.integers(0, 1)),
    )
    return before, after


def trained(fit: Fit, seed: int = 0) -> ActorCritic:
    """A network whose weights and statistics are those of nobody in particular."""
    torch.manual_seed(seed)
    network = ActorCritic(fit.interface, fit.architecture)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("count"):
                tensor.fill_(1e7)
            elif name.endswith("variance"):
                tensor.uniform_(0.2, 3.0)
            else:
                tensor.normal_(0.0, 0.7)
    return network


def arrays(network: ActorCritic) -> dict[str, np.ndarray]:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


def loaded(fit: Fit, state: dict[str, np.ndarray], strict: bool = True) -> ActorCritic:
    network = ActorCritic(fit.interface, fit.architecture)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()}, strict=strict)
    return network


def spread(features: tuple[tuple[str, int], ...], seed: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Observations [STEPS, ROWS, D], and the same by feature; a feature has the same values wherever it lies."""
    found = {}
    for name, size in features:
        generator = torch.Generator().manual_seed(seed + sum(map(ord, name)))
        found[name] = 2.0 * torch.randn(STEPS, ROWS, size, generator=generator)
    return torch.cat([found[name] for name, _ in features] or [torch.zeros(STEPS, ROWS, 0)], dim=-1), found


@torch.no_grad()
def outputs(network: ActorCritic, fit: Fit, central: bool = True) -> tuple[dict[tuple[str, ...], np.ndarray], np.ndarray]:
    """What the network gives for those observations: by choice or control, and the values [STEPS, ROWS, K]."""
    observation, overview = spread(fit.features, 1)[0], spread(fit.central, 2)[0]
    starts = torch.zeros(STEPS, ROWS, dtype=torch.bool)
    starts[3, ::2] = True
    inputs = Inputs(observation, overview if fit.central else None, starts, network.initial(ROWS))
    decisions = network.both(inputs)[0].numpy()
    values = network.evaluate(inputs)[0].numpy()
    named = [(head, choice) for head, names in fit.heads for choice in names]
    named = named or [(name, kind) for kind in ("mean", "log_std") for name in fit.controls]
    return {name: decisions[..., k] for k, name in enumerate(named)}, values


@settings(max_examples=60, deadline=None)
@given(pairs(st.booleans()), st.integers(0, 5))
def test_outputs_stay_as_they_were(pair: tuple[Fit, Fit], seed: int) -> None:
    before, after = pair
    network = trained(before, seed)
    decided, valued = outputs(network, before)
    now_decided, now_valued = outputs(loaded(after, operate(arrays(network), before, after, seed=seed)), after)
    for name, column in decided.items():
        np.testing.assert_allclose(now_decided[name], column, atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(now_valued[..., : before.values], valued, atol=1e-4, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(pairs(st.just(False)))
def test_new_choices_are_rare_and_old_ones_keep_their_ratios(pair: tuple[Fit, Fit]) -> None:
    before, after = pair
    network = trained(before)
    found, _ = outputs(loaded(after, operate(arrays(network), before, after, rare=0.01)), after)
    for head, names in before.heads:
        old = np.stack([np.exp(found[head, name].astype(np.float64)) for name in names]).sum(axis=0)
        for name in dict(after.heads)[head]:
            if name not in names:
                assert (np.exp(found[head, name].astype(np.float64)) <= 0.01 / len(names) * old * (1 + 1e-4)).all()


def test_new_weights_can_be_learnt() -> None:
    after = replace(
        SMALL,
        features=(("rays", 4), ("smell", 3), ("goal", 2)),
        architecture=replace(SMALL.architecture, core="lstm", hidden=(9, 7), units=8),
    )
    before = replace(SMALL, architecture=replace(SMALL.architecture, core="lstm"))
    network = loaded(after, operate(arrays(trained(before)), before, after))
    observation = spread(after.features, 3)[0]
    decisions, values = network.both(Inputs(observation, None, torch.zeros(STEPS, ROWS, dtype=torch.bool), network.initial(ROWS)))
    (decisions.square().mean() + values.square().mean()).backward()
    seen = network.embed[0][0].weight.grad
    assert seen is not None and (seen[:8, 4:7].abs() > 0).all(), "old units can learn to see the new feature"
    leaving = network.actor[0].weight.grad
    assert leaving is not None and (leaving[:, 5:].abs() > 0).all(), "outputs can learn to hear the new units"
    assert (network.core.state_weight[:5, :5].detach().numpy() == arrays(trained(before))["core.state_weight"][:5]).all()


def test_new_features_begin_with_fresh_statistics_that_move_soon() -> None:
    after = replace(SMALL, features=(("goal", 2), ("smell", 3), ("rays", 4)))
    state = arrays(trained(SMALL))
    grown = operate(state, SMALL, after)
    np.testing.assert_array_equal(grown["normalise.mean"], [*state["normalise.mean"][4:], 0, 0, 0, *state["normalise.mean"][:4]])
    np.testing.assert_array_equal(grown["normalise.variance"][2:5], 1)
    assert grown["normalise.count"] == REMEMBERED
    assert grown["returns.count"] == state["returns.count"]
    assert operate(state, SMALL, replace(SMALL, architecture=replace(SMALL.architecture, hidden=(20, 20))))["normalise.count"] == 1e7


def test_policies_without_a_critic_are_grown_too() -> None:
    after = replace(SMALL, features=(*SMALL.features, ("smell", 3)), central=(("map", 4),))
    network = trained(SMALL)
    state = {name: a for name, a in arrays(network).items() if not name.startswith(("critic.", "returns."))}
    grown = operate(state, SMALL, after)
    assert not [name for name in grown if name.startswith(("critic.", "returns.", "normalise_central."))]
    expected, _ = outputs(network, SMALL)
    acting = loaded(after, grown, strict=False)
    now, _ = outputs(acting, after)
    np.testing.assert_allclose(now["walk", "go"], expected["walk", "go"], atol=1e-5)


def test_the_same_operation_twice_gives_the_same_and_disturbs_no_random_numbers() -> None:
    after = replace(SMALL, architecture=replace(SMALL.architecture, hidden=(12, 6)))
    state = arrays(trained(SMALL))
    torch.manual_seed(3)
    first = operate(state, SMALL, after)
    drawn = torch.rand(())
    torch.manual_seed(3)
    assert drawn == torch.rand(())
    for name, array in operate(state, SMALL, after).items():
        np.testing.assert_array_equal(array, first[name])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"features": (("rays", 4),)}, "'goal'"),
        ({"features": (("rays", 5), ("goal", 2))}, "'rays' of size 4"),
        ({"heads": (WALK,)}, "speak = no"),
        ({"heads": (WALK, ("speak", ("nothing", "yes")))}, "speak = no"),
        ({"heads": (), "controls": ("turn",)}, "walk = go"),
        ({"architecture": Architecture("gru", (8, 6), 5)}, "kind of network"),
        ({"architecture": Architecture("mlp", (8, 6, 6), 5)}, "number of layers"),
        ({"architecture": Architecture("mlp", (8, 5), 5)}, "shrinks"),
    ],
)
def test_what_cannot_be_done_is_said(change: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        operate(arrays(trained(SMALL)), SMALL, replace(SMALL, **change))  # type: ignore[arg-type]


def test_a_state_of_another_network_is_refused() -> None:
    state = arrays(trained(SMALL))
    with pytest.raises(UserError, match=r"actor\.0\.weight"):
        operate(state | {"actor.0.weight": np.zeros((8, 7), np.float32)}, SMALL, SMALL)
    with pytest.raises(UserError, match=r"actor\.2\.bias"):
        operate({name: a for name, a in state.items() if name != "actor.2.bias"}, SMALL, SMALL)


def test_a_fit_comes_from_a_role() -> None:
    features = tuple(Feature(name, size, -1, 1, "", "") for name, size in SMALL.features)
    role = Role("picker", 3, features, tuple(Head(*head) for head in SMALL.heads), ())
    assert Fit.of(role, SMALL.architecture) == SMALL
    driven = replace(role, continuous=("turn", "push"))
    assert (Fit.of(driven, SMALL.architecture).heads, Fit.of(driven, SMALL.architecture).controls) == ((), ("turn", "push"))
    assert Fit.of(role, SMALL.architecture, features[:1], values=2).interface.central == 4


@settings(max_examples=30, deadline=None)
@given(pairs(st.booleans()))
def test_the_layout_names_every_parameter(pair: tuple[Fit, Fit]) -> None:
    for fit in pair:
        shapes = {name: tuple(t.shape) for name, t in ActorCritic(fit.interface, fit.architecture).state_dict().items()}
        assert {name: tuple(len(labels) for labels in axes) for name, axes in fit.layout().items()} == shapes
