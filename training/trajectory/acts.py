"""What the verbs of ``avatarium trajectory`` do."""

import argparse
import csv
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from avatarium.leaderboards import terminal
from avatarium.training.trajectory import download, files, picture, reading, scoring, showing
from avatarium.training.trajectory.baselines import BASELINES
from avatarium.training.trajectory.fitting import Plan, fit
from avatarium.training.trajectory.models import SHAPES, Model, Predictor
from avatarium.training.trajectory.recording import Recording
from avatarium.training.trajectory.texts import TRAINING_ONLY
from avatarium.training.trajectory.windows import PREDICTED, PROTOCOLS, Windows, windows
from avatarium.worlds.core.errors import UserError, nearest

INTERRUPTED = 130
FIGURES = 3
"""Digits after the point in files."""


def do_download(args: argparse.Namespace) -> int:
    """Fetch, or take, the public recordings."""
    into = args.out or download.folder()
    if args.source:
        found = download.take(args.source, into)
    else:
        with terminal.bar("fetching", len(download.SUMS), "files") as advance:
            found = download.fetch(into, progress=advance)
    terminal.say(f"{len(found)} files in {into}, each with the SHA-256 that it has to have")
    missing = [name for name in download.SUMS if not download.whole(into / name)]
    if missing:
        terminal.say(f"not there: {', '.join(missing)}")
    return 0


def do_fit(args: argparse.Namespace) -> int:
    """Fit one model and save it."""
    if args.model not in SHAPES:
        raise UserError(f"there is no model {args.model!r} that learns: {nearest(args.model, SHAPES)}")
    found = [recording for recording in _recordings(args) if recording.scene not in args.without]
    if not found:
        raise UserError("--without leaves nothing to learn from: give more recordings by --data")
    model, whole = _fitted(args.model, windows(found, args.stride), args)
    path = files.save(model, args.out or Path(f"{args.model}.npz"))
    terminal.say(f"{path}: {model.name}, {model.trained}")
    if not whole:
        terminal.say("stopped early: what was learnt so far is saved")
    return 0 if whole else INTERRUPTED


def do_score(args: argparse.Namespace) -> int:
    """Print the table of some models under one protocol."""
    if args.protocol not in PROTOCOLS:
        raise UserError(f"there is no protocol {args.protocol!r}: {nearest(args.protocol, PROTOCOLS)}")
    every = windows(_recordings(args))
    known = set(every.scenes.tolist())
    if unknown := [scene for scene in args.scenes if scene not in known]:
        raise UserError(f"there is no scene {unknown[0]!r} in these recordings: {nearest(unknown[0], known)}")
    tested = every.take(np.isin(every.scenes, args.scenes) if args.scenes else ~np.isin(every.scenes, TRAINING_ONLY))
    if not len(tested) or not tested.counting(args.protocol).any():
        raise UserError(f"no row counts under protocol {args.protocol}: {PROTOCOLS[args.protocol]}")
    step_s = every.recordings[0].step_s
    contenders = {_called(name): _contender(name, every, args) for name in args.models}
    with terminal.bar("scoring", len(contenders) * len(set(tested.scenes.tolist())), "scenes") as advance:
        scores = scoring.scores(contenders, tested, args.protocol, advance)
    collisions = scoring.truth(tested, args.protocol)
    terminal.say(showing.means(scores, args.protocol, step_s))
    if len(scores[0].scenes) > 1:
        terminal.say(showing.by_scene(scores, args.protocol))
    counts = ", ".join(f"{scene} {count}" for scene, count in scores[0].rows.items())
    terminal.say(f"rows: {counts}; of the true paths {collisions:.3f} collide")
    terminal.say("\n".join(f"{name:<11} {meaning}" for name, meaning in scoring.ERRORS.items()))
    if args.json:
        args.json.write_text(json.dumps(showing.as_json(scores, args.protocol, step_s, collisions), indent=1) + "\n")
    return 0


def do_predict(args: argparse.Namespace) -> int:
    """Predict from one moment of a recording, or several people of it."""
    if args.samples < 1:
        raise UserError(f"--samples {args.samples} has to be at least 1")
    predictor = _opened(args.model)
    recording = reading.read(args.file)
    step_s = predictor.step_s if isinstance(predictor, Model) else 0.4 if args.file.suffix == ".avt" else recording.step_s
    every = windows([recording.resampled(step_s)])
    some = every.take(every.step == _moment(every, args.at, step_s))
    expected = predictor.predict(some.past, 1)[0]
    drawn = predictor.predict(some.past, args.samples, args.seed)
    now = float(some.step[0]) * step_s
    for row, person in enumerate(some.person.tolist()):
        (x, y), (to_x, to_y) = some.past.observed[row, -1], expected[row, -1]
        terminal.say(f"{recording.people[person]:<12} at ({x:.1f}, {y:.1f}) m, in {PREDICTED * step_s:.1f} s at ({to_x:.1f}, {to_y:.1f})")
    if args.out:
        _write(args.out, some, drawn, now)
    if args.plot:
        title = f"{args.file.name} after {now:.1f} s, {PREDICTED * step_s:.1f} s ahead by {predictor.name}"
        picture.draw(some, expected, drawn if len(drawn) > 1 else drawn[:0], title, args.plot)
    for path in filter(None, (args.out, args.plot)):
        terminal.say(f"written: {path}")
    return 0


def _recordings(args: argparse.Namespace) -> list[Recording]:
    """What ``--data`` names, else what was downloaded."""
    paths: Sequence[Path] = args.data
    if not paths:
        paths = [download.folder() / name for name in download.SUMS if (download.folder() / name).is_file()]
        if not paths:
            raise UserError("give recordings by --data, or fetch public ones by avatarium trajectory download")
    with terminal.bar("reading", len(reading.files(paths)), "files") as advance:
        return reading.read_all(paths, args.step, advance)


def _fitted(name: str, some: Windows, args: argparse.Namespace) -> tuple[Model, bool]:
    """(a model, whether it learnt to the end)."""
    if min(args.epochs, args.batch) < 1 or not args.lr > 0:
        raise UserError("--epochs and --batch have to be at least 1, and --lr above 0")
    told: list[float] = []
    with terminal.bar(f"learning: {name}", args.epochs, "epochs") as advance:

        def progress(loss: float) -> None:
            told.append(loss)
            advance(1)

        model = fit(name, some, Plan(args.epochs, args.batch, args.lr, args.seed), progress)
    return model, len(told) == args.epochs


def _called(name: str) -> str:
    """What a table calls a contender."""
    return Path(name).stem if name.endswith(".npz") else name


def _opened(name: str) -> Predictor:
    """A baseline by its name, or a model from its file."""
    if name in BASELINES:
        return BASELINES[name]
    if name in SHAPES:
        raise UserError(f"{name} has to learn first: avatarium trajectory fit --model {name}, then give the file")
    if not name.endswith(".npz"):
        raise UserError(f"there is no model {name!r}: {nearest(name, [*BASELINES, *SHAPES])}")
    return files.load(Path(name))


def _contender(name: str, every: Windows, args: argparse.Namespace) -> Callable[[str], Predictor]:
    """From a scene to the predictor that is tested there."""
    if name in SHAPES and args.leave_one_out:
        return partial(_fold, name, every, args)
    predictor = _opened(name)
    step_s = every.recordings[0].step_s
    if isinstance(predictor, Model) and abs(predictor.step_s - step_s) > 1e-6:
        raise UserError(f"{name} learnt from steps of {predictor.step_s:g} s, these are of {step_s:g} s: give --step {predictor.step_s:g}")
    return lambda scene: predictor


def _fold(name: str, every: Windows, args: argparse.Namespace, scene: str) -> Predictor:
    """The model that learnt from all scenes but one; kept in ``--folds``."""
    path = args.folds / f"{name}-without-{scene}-{args.epochs}-{args.stride}-{args.seed}.npz"
    if path.exists():
        return files.load(path)
    others = [recording for recording in every.recordings if recording.scene != scene]
    if not others:
        raise UserError(f"--leave-one-out needs several scenes, and these recordings are all of {scene}")
    model, whole = _fitted(name, windows(others, args.stride), args)
    if not whole:
        raise KeyboardInterrupt
    files.save(model, path)
    return model


def _moment(every: Windows, at: float | None, step_s: float) -> int:
    """The step, the last one observed, that is predicted from."""
    steps = np.unique(every.step)
    if at is None:
        walked = np.linalg.norm(np.nan_to_num(every.future - every.past.observed[:, -1:]), axis=2).max(axis=1)
        return int(np.bincount(every.step, weights=np.minimum(walked, 5.0)).argmax())
    if not steps[0] * step_s - step_s <= at <= steps[-1] * step_s + step_s:
        raise UserError(f"--at {at:g} is outside of what can be predicted from: {steps[0] * step_s:.1f} to {steps[-1] * step_s:.1f} s")
    return int(steps[np.abs(steps * step_s - at).argmin()])


def _write(path: Path, some: Windows, drawn: np.ndarray, now: float) -> None:
    """The paths drawn [S, N, 12, 2] as CSV."""
    recording = some.recordings[int(some.recording[0])]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample", "user_id", "timestamp", "x", "y"])
        for (sample, row, t), x in np.ndenumerate(drawn[..., 0]):
            when = now + (t + 1) * recording.step_s
            who = recording.people[int(some.person[row])]
            writer.writerow([sample, who, round(when, FIGURES), round(float(x), FIGURES), round(float(drawn[sample, row, t, 1]), FIGURES)])


ACTS = {"download": do_download, "fit": do_fit, "score": do_score, "predict": do_predict}
