"""``avatarium pack``: a submission from a run, a checkpoint, a torch module or an ONNX file."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from avatarium.worlds.core.errors import need

if TYPE_CHECKING:
    from avatarium.training.packing.packed import Order

MODULES = ("torch", "onnx", "onnxscript", "onnxruntime")
"""What has to be installed to pack."""


class Pack:
    """Make a submission."""

    help = "make a policy.zip that can be submitted, from a run, a checkpoint of RLlib or Stable-Baselines3, a torch module or an ONNX file"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        add = parser.add_argument
        add("source", metavar="SOURCE", help="folder of a run or checkpoint, a zip of Stable-Baselines3, package.module:factory, FILE.onnx")
        add("--world", metavar="W", help="a world's name, or package.module:WORLD; our own runs know theirs")
        add("--role", metavar="R", help="whose policy it is, in a world of several roles")
        add("--set", action="append", default=[], metavar="SETTING=VALUE", help="a setting of the world that it was trained with")
        add("--module", metavar="ID", help="which module of an RLlib checkpoint of several")
        add("--weights", type=Path, metavar="FILE", help="weights of a torch module: a state dict by torch.save, or .safetensors")
        add(
            "--sampling",
            choices=("sample", "greedy"),
            help="draw from its distribution, or take the likeliest (default: as it was trained)",
        )
        add("--name", metavar="N", help="what it is called on the leaderboard (default: after the source)")
        add("--author", metavar="A", default="", help="who made it")
        add("--licence", metavar="L", default="", help="under which licence others may use it, such as Apache-2.0")
        add("--data", metavar="NOTE", help="what it has learnt from (default: what the source tells)")
        add("--parent", metavar="SHA", help="SHA-256, or the zip, of the submission that it was trained from")
        add("--out", type=Path, default=Path("policy.zip"), metavar="FILE", help="where to (default: %(default)s)")
        check = argparse.BooleanOptionalAction
        add("--check", action=check, default=True, help="let it pass the leaderboard's gates and probes in the sandbox first")

    def run(self, args: argparse.Namespace) -> int:
        """Pack, saying how near the graph is to its source and what the check says."""
        for module in MODULES:
            need(module, "train")
        from avatarium.training.packing import packed

        packed.pack(order_of(args), lambda what, finding: print(f"{what:<12}{finding}", flush=True))
        return 0


def order_of(args: argparse.Namespace) -> "Order":
    """What the command line asks for."""
    from avatarium.training.packing.packed import Order

    return Order(
        source=args.source,
        out=args.out,
        world=args.world,
        settings=tuple(args.set),
        role=args.role,
        weights=args.weights,
        module=args.module,
        sampling=args.sampling,
        name=args.name,
        author=args.author,
        licence=args.licence,
        data=args.data,
        parent=args.parent,
        check=args.check,
    )
