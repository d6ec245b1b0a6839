"""The examples of the README run as they stand there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
from gymnasium.spaces import Discrete
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from avatarium import worlds
from avatarium.agents.exported import read
from avatarium.training.run import checkpoint
from avatarium.training.run.checkpoint import Progress
from avatarium.training.run.direction import Direction
from avatarium.training.run.plan import Plan

README = Path(__file__).resolve().parents[3] / "training" / "packing" / "README.md"
BLOCKS = re.findall(r"^(?:#### `(.+)`\n\n)?```(python|sh)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("#")[0] for _, kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]


def lay_out(plan: Plan, playing: Any) -> None:
    """What the examples find: a run, a checkpoint of RLlib and an ONNX file, all of them for coordination."""
    settled = playing("coordination")
    weights = {f"network.{name}": part.numpy() for name, part in settled.network.state_dict().items()}
    here = Plan("coordination", {}, plan.hyperparameters)
    run = Path("runs/coordination-1/checkpoints")
    checkpoint.save(run, here, Progress(), {"rl_module": {"mover": weights}, "optimizer": {}}, Direction(here))
    role = next(iter(worlds.make_batch("coordination", 1).roles.values()))
    config = DefaultModelConfig(fcnet_hiddens=[8])
    spaces = {"observation_space": role.observation_space, "action_space": Discrete(5)}
    RLModuleSpec(DefaultPPOTorchRLModule, model_config=config, **spaces).build().save_to_path(Path("my_ppo").resolve())
    text = '<ir_version: 8, opset_import: ["" : 17]> net (float[n, 12] x) => (float[n, 5] y) <float[12, 5] w = {%s}> { y = MatMul (x, w) }'
    onnx.save(onnx.parser.parse_model(text % ",".join(["0.1"] * 60)), "net.onnx")
    for name, kind, block in BLOCKS:
        if name:
            Path(name).write_text(block)
        elif kind == "python":
            exec(compile(block, README.name, "exec"), {"__name__": "example"})


def test_every_command_does_what_it_says(pack: Any, plan: Plan, playing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(plan, playing)
    monkeypatch.syspath_prepend(str(tmp_path))
    packed = []
    for line in COMMANDS:
        words = [word for word in shlex.split(line) if word != "PYTHONPATH=."]
        if words[0] == "python":
            subprocess.run([sys.executable, *words[1:]], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        else:
            assert words[:2] == ["avatarium", "pack"]
            assert "accepted" in pack(*words[2:])
            file = words[words.index("--out") + 1] if "--out" in words else "policy.zip"
            packed.append(read(Path(file))[0])
    assert [manifest.name for manifest in packed] == ["coordination-1", "Walker", "my_ppo", "sb3", "net"]
    assert {manifest.world for manifest in packed} == {"coordination"}
    assert (packed[0].author, packed[0].licence, packed[-1].sampling) == ("Ada", "Apache-2.0", "greedy")
