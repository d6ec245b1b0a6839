"""``avatarium pack`` with words, small modules, and the folder ``honest``, which can be imported."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avatarium.agents.exported import Manifest, OnnxPolicy, read
from avatarium.training.packing.command import Pack
from avatarium.worlds.cli import Parser

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

NETS = '''
"""Torch modules for lanes, whose walkers see 3 numbers and choose one of 3 and one of 2."""

import torch
from torch import nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 5))

    def forward(self, observation):
        return self.net(observation)


class Remembering(nn.Module):
    state_shapes = {"hidden": (2, 8)}

    def __init__(self):
        super().__init__()
        self.gru, self.logits, self.value = nn.GRU(3, 8, num_layers=2), nn.Linear(8, 5), nn.Linear(8, 1)

    def forward(self, observation, hidden):
        found, after = self.gru(observation[None], hidden.transpose(0, 1).contiguous())
        return self.logits(found[0]), self.value(found[0]), after.transpose(0, 1)


class Smooth(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.log_std = nn.Linear(3, 2), nn.Parameter(torch.full((2,), -1.0))

    def forward(self, observation):
        mean = self.mean(observation)
        return mean, self.log_std.expand_as(mean)


class Restless(Small):
    calls = 0

    def forward(self, observation):
        self.calls += 1
        return self.net(observation) * self.calls


class Endless(Small):
    def forward(self, observation):
        return self.net(observation).log()


class Wide(Small):
    def forward(self, observation):
        return self.net(observation)[:, :4]


def double():
    return Small().double().to(torch.float64)


torch.manual_seed(0)
fixed = Small()
number = 3
'''


@pytest.fixture(scope="session")
def nets(outside: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The module ``mynets``."""
    folder = tmp_path_factory.mktemp("nets")
    (folder / "mynets.py").write_text(NETS)
    sys.path.insert(0, str(folder))
    yield __import__("mynets")
    sys.path.remove(str(folder))


@pytest.fixture
def pack(outside: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs ``avatarium pack`` with words from a folder of its own; returns what it prints. Raises UserError."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        parser, command = Parser(prog="avatarium pack"), Pack()
        command.add_arguments(parser)
        assert command.run(parser.parse_args(words)) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def opened() -> Callable[[Path], tuple[Manifest, OnnxPolicy]]:
    """Opens what was packed."""

    def open_it(path: Path) -> tuple[Manifest, OnnxPolicy]:
        manifest, onnx_bytes = read(path)
        return manifest, OnnxPolicy(manifest, onnx_bytes)

    return open_it
