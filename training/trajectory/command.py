"""``avatarium trajectory``: predict where people walk, and measure how well that goes."""

import argparse
from pathlib import Path

from avatarium.worlds.core.errors import need

HELP = {
    "download": "fetch the public recordings of ETH and UCY into your cache folder, and check them",
    "fit": "let a model learn from recordings",
    "score": "compare models on recordings",
    "predict": "tell, and draw, where people will be",
}
DATA = "recordings, or folders of them: .avt, .csv (user_id,timestamp,x,y), .txt (frame person x y); default: what download has fetched"


class Trajectory:
    """Predict where people walk."""

    help = f"predict where people walk: {', '.join(HELP)}"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments on ``parser``."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        download, fit, score, predict = (acts.add_parser(name, help=what) for name, what in HELP.items())
        download.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="take the files from a folder instead")
        download.add_argument("--out", type=Path, metavar="DIR", help="where to (default: your cache folder)")
        for act in (fit, score):
            act.add_argument("--data", type=Path, nargs="+", default=[], metavar="FILE|FOLDER", help=DATA)
            act.add_argument("--step", type=float, metavar="S", help="seconds of a step (default: the files' own; transcripts: 0.4)")
            _learning(act)
        fit.add_argument("--model", required=True, help="literal, displacement, mdn, social or goal")
        fit.add_argument("--without", nargs="+", default=[], metavar="SCENE", help="scenes that are left out, to be tested on")
        fit.add_argument("--out", type=Path, metavar="FILE", help="where to (default: MODEL.npz)")
        _scoring(score)
        predict.add_argument("model", help="still, constant-velocity, line, or a file that fit made")
        predict.add_argument("file", type=Path, metavar="FILE", help="a recording")
        predict.add_argument("--at", type=float, metavar="S", help="seconds after its beginning (default: where most is going on)")
        predict.add_argument("--samples", type=int, default=20, metavar="N", help="paths that are drawn (default: %(default)s)")
        predict.add_argument("--seed", type=int, default=0, metavar="S", help="of the draws (default: %(default)s)")
        predict.add_argument("--plot", type=Path, metavar="FILE", help="a picture, such as out.png")
        predict.add_argument("--out", type=Path, metavar="FILE", help="the paths as CSV: sample,user_id,timestamp,x,y")

    def run(self, args: argparse.Namespace) -> int:
        """Do it and say what came of it; returns 130 when interrupted."""
        for module in ("torch", "rich", "matplotlib"):
            need(module, "train")
        from avatarium.training.trajectory.acts import ACTS

        return ACTS[args.act](args)


def _learning(act: argparse.ArgumentParser) -> None:
    act.add_argument("--epochs", type=int, default=20, metavar="N", help="times that every window is learnt from (default: %(default)s)")
    act.add_argument("--stride", type=int, default=1, metavar="N", help="steps between windows that are learnt from (default: %(default)s)")
    act.add_argument("--batch", type=int, default=512, metavar="N", help="windows that are learnt from at once (default: %(default)s)")
    act.add_argument("--lr", type=float, default=1e-3, metavar="X", help="learning rate (default: %(default)s)")
    act.add_argument("--seed", type=int, default=0, metavar="S", help="of everything random (default: %(default)s)")


def _scoring(score: argparse.ArgumentParser) -> None:
    names = "still, constant-velocity, line, files that fit made; with --leave-one-out also literal, displacement, mdn, social, goal"
    score.add_argument("--models", nargs="+", required=True, metavar="MODEL", help=names)
    score.add_argument("--protocol", default="full", help="which rows count: full or any-length (default: %(default)s)")
    score.add_argument("--scenes", nargs="+", default=[], metavar="SCENE", help="score these only (default: all but ZARA3, UNI-EXAMPLES)")
    score.add_argument("--leave-one-out", action="store_true", help="fit models anew for each scene, from all others")
    where = "folder of the models that --leave-one-out fits; those that lie there are not fitted again (default: %(default)s)"
    score.add_argument("--folds", type=Path, default=Path("runs/trajectory"), metavar="DIR", help=where)
    score.add_argument("--json", type=Path, metavar="FILE", help="write the scores for programs")
