"""Recurrent cells: the fast path computes what plain torch does, gradients included, and both what torch's own cells do."""

import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from avatarium.agents.networks import recurrent_kernels as kernels  # noqa: E402
from avatarium.agents.networks.recurrent import Gru, Lstm  # noqa: E402

CELLS = (Lstm, Gru)
STEPS, ROWS, INPUTS, UNITS = 9, 13, 7, 20

# How torch orders the gates, as blocks of ours: it puts the LSTM's candidate third, the GRU's last.
ORDER = {Lstm: [0, 1, 3, 2], Gru: [1, 2, 0]}
OFFICIAL = {Lstm: torch.nn.LSTM, Gru: torch.nn.GRU}


@pytest.fixture(params=CELLS, ids=lambda cell: cell.__name__)
def cell(request):
    torch.manual_seed(1)
    made = request.param(INPUTS, UNITS)
    with torch.no_grad():
        made.bias.normal_(0, 0.5)
    return made


def sequence(cell, steps=STEPS, rows=ROWS, dtype=torch.float32, share=0.2):
    """Inputs, starts and a state that is not zero."""
    x = torch.randn(steps, rows, cell.inputs, dtype=dtype, requires_grad=True)
    state = tuple(torch.randn(rows, cell.units, dtype=dtype, requires_grad=True) for _ in cell.states_named)
    return x, torch.rand(steps, rows) < share, state


def gradients(cell, after, x, state):
    """Of a loss in which every step of every part of the state counts, with a weight of its own."""
    loss = sum((part * torch.linspace(-1, 1, part.numel()).view_as(part)).sum() for part in after)
    return torch.autograd.grad(loss, (x, *state, *cell.parameters()))


def assert_close(found, expected, tolerance=2e-6):
    for one, other in zip(found, expected, strict=True):
        scale = max(1.0, float(other.detach().abs().max()))
        torch.testing.assert_close(one, other, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("steps", [1, STEPS])
def test_the_fast_path_is_the_plain_one(cell, steps, share):
    x, starts, state = sequence(cell, steps, share=share)
    fast, plain = cell._unroll_fast(x, starts, state), cell._unroll_plain(x, starts, state)
    assert_close(fast, plain)
    assert_close(gradients(cell, fast, x, state), gradients(cell, plain, x, state), 5e-6)


def test_without_gradients_nothing_changes(cell):
    x, starts, state = sequence(cell)
    with_gradient, after = cell.unroll(x, starts, state)
    with torch.no_grad():
        without, after_too = cell.unroll(x, starts, state)
    assert with_gradient.requires_grad
    assert not without.requires_grad
    assert torch.equal(with_gradient, without)
    assert all(torch.equal(one, other) for one, other in zip(after, after_too, strict=True))


def test_the_gradient_can_be_taken_only_once(cell):
    x, starts, state = sequence(cell)
    loss = cell.unroll(x, starts, state)[0].sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_views_and_inputs_without_gradient_are_welcome(cell):
    x, starts, state = sequence(cell)
    x = x.detach().transpose(0, 1).contiguous().transpose(0, 1)
    starts = starts.T.contiguous().T
    state = tuple(part[:1].detach().expand(ROWS, UNITS) for part in state)
    fast, plain = cell._unroll_fast(x, starts, state), cell._unroll_plain(x, starts, state)
    assert_close(fast, plain)
    found, expected = (torch.autograd.grad(after[0].square().sum(), cell.parameters()) for after in (fast, plain))
    assert_close(found, expected)


def test_the_plain_path_has_the_right_gradient(cell):
    cell = cell.double()
    x, starts, state = sequence(cell, 4, 3, torch.float64)
    parameters = dict(cell.named_parameters())

    def run(x, *rest):
        state, values = rest[: len(cell.states_named)], rest[len(cell.states_named) :]
        with torch.nn.utils.stateless._reparametrize_module(cell, dict(zip(parameters, values, strict=True))):
            return cell.unroll(x, starts, state)[1]

    assert torch.autograd.gradcheck(run, (x, *state, *parameters.values()), fast_mode=True)


@pytest.mark.parametrize("plain", [False, True])
def test_torch_computes_the_same(cell, plain):
    x, _, state = sequence(cell)
    official, blocks = OFFICIAL[type(cell)](INPUTS, UNITS), ORDER[type(cell)]
    with torch.no_grad():
        for ours, theirs in ((cell.input_weight, official.weight_ih_l0), (cell.state_weight, official.weight_hh_l0)):
            order = blocks if ours is cell.input_weight or isinstance(cell, Lstm) else [0, 1, 2]
            theirs.copy_(torch.cat([ours.split(UNITS)[block] for block in order]))
        bias = cell.bias.split(UNITS)
        official.bias_ih_l0.copy_(torch.cat([bias[block] for block in blocks]))
        official.bias_hh_l0.zero_()
        if isinstance(cell, Gru):
            official.bias_hh_l0[2 * UNITS :] = bias[3]
    begin = tuple(part[None] for part in state)
    theirs, _ = official(x, begin if isinstance(cell, Lstm) else begin[0])
    ours = (cell._unroll_plain if plain else cell._unroll_fast)(x, torch.zeros(STEPS, ROWS, dtype=torch.bool), state)[0]
    assert_close([ours], [theirs])
    found, expected = (torch.autograd.grad(out.square().sum(), (x, *state)) for out in (ours, theirs))
    assert_close(found, expected, 5e-6)


def test_a_start_forgets_the_past(cell):
    x, starts, state = sequence(cell, share=0)
    starts[4, 3] = True
    with torch.no_grad():
        whole, _ = cell.unroll(x, starts, state)
        fresh, _ = cell.unroll(x[4:, 3:4], starts[4:, 3:4], cell.initial(1))
    torch.testing.assert_close(whole[4:, 3:4], fresh)


def test_one_step_at_a_time_is_the_same(cell):
    x, starts, state = sequence(cell, share=0)
    with torch.no_grad():
        outputs, after = cell.unroll(x, starts, state)
        for t in range(STEPS):
            output, state = cell.step(x[t], state)
            assert_close([output, *state], [outputs[t], *(part[t] for part in after)])


def test_threads_do_not_disturb_one_another(cell):
    x, starts, state = sequence(cell, rows=64)

    def learn(rows):
        part = x[:, rows].detach().requires_grad_()
        begin = tuple(s[rows].detach().requires_grad_() for s in state)
        return gradients(cell, cell.unroll(part, starts[:, rows], begin)[1], part, begin)

    shares = [slice(k, k + 16) for k in range(0, 64, 16)]
    alone = [learn(rows) for rows in shares]
    together = [[] for _ in shares]

    def work(k):
        for _ in range(20):
            together[k].append(learn(shares[k]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(shares))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for expected, results in zip(alone, together, strict=True):
        assert len(results) == 20
        for found in results:
            assert_close(found, expected, 1e-6)


def test_divergence_shows(cell):
    x, starts, state = sequence(cell)
    x.data[2, 5] = float("nan")
    outputs, _ = cell.unroll(x, starts, state)
    assert outputs[2, 5].isnan().all()
    assert not outputs[:, 4].isnan().any()


def test_the_kernels_tanh_is_tanh():
    values = np.concatenate([np.linspace(-10, 10, 5001), np.geomspace(1e-6, 1e30, 100)]).astype(np.float32)
    units = len(values)
    gates, hidden = np.zeros((1, 4, units), np.float32), np.zeros((1, units), np.float32)
    gates[0, 0] = values
    kernels.gru_forward(gates, np.zeros((4, units), np.float32), np.ones(1, np.bool_), hidden, hidden)
    candidate = gates[0, 0]
    assert np.abs(candidate - np.tanh(values.astype(np.float64))).max() < 5e-7
    assert np.abs(candidate).max() <= 1


def test_a_new_cell_remembers(cell):
    fresh = type(cell)(INPUTS, UNITS)
    for gate in fresh.state_weight.split(UNITS):
        torch.testing.assert_close(gate @ gate.T, torch.eye(UNITS), rtol=0, atol=1e-5)
    if isinstance(fresh, Lstm):
        assert fresh.bias.split(UNITS)[1].eq(1).all()
    assert fresh.bias.count_nonzero() == (UNITS if isinstance(fresh, Lstm) else 0)
    assert [part.shape for part in fresh.initial(3)] == [(3, UNITS)] * len(fresh.states_named)


@pytest.mark.filterwarnings("ignore")
def test_onnxruntime_steps_like_torch(cell):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")

    class Step(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell

        def forward(self, x, *state):
            output, state = self.cell.step(x, state)
            return output, *state

    x, _, state = sequence(cell, steps=1, rows=5)
    example = (x[0].detach(), *(part.detach() for part in state))
    names = [f"in_{k}" for k in range(len(example))]
    rows = torch.export.Dim("rows")
    shapes = {"x": {0: rows}, "state": tuple({0: rows} for _ in state)}
    program = torch.onnx.export(Step().eval(), example, input_names=names, dynamic_shapes=shapes, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"])
    for count in (1, 5):
        found = session.run(None, {name: value[:count].numpy() for name, value in zip(names, example, strict=True)})
        with torch.no_grad():
            _, after = cell.unroll(x[:, :count], torch.zeros(1, count, dtype=torch.bool), tuple(part[:count] for part in state))
        for got, want in zip(found, (after[0][0], *(part[0] for part in after)), strict=True):
            np.testing.assert_allclose(got, want.numpy(), atol=1e-5, rtol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_computes_the_same(cell):
    x, starts, state = sequence(cell)
    here = cell.unroll(x, starts, state)[1]
    there = cell.cuda().unroll(x.cuda(), starts.cuda(), tuple(part.cuda() for part in state))[1]
    assert_close([part.cpu() for part in there], here, 1e-5)
