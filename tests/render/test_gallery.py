"""The gallery: pictures and a clip of a world, at a moment in which something happens."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avatarium.render import gallery
from avatarium.worlds.cli import main
from avatarium.worlds.core.recorder import EVENT
from avatarium.worlds.core.transcript import Transcript


def test_a_world_is_drawn_from_every_camera_and_in_a_clip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "keydoor", "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    stills = [f"keydoor-{camera}.webp" for camera in ("orbit", "follow", "top", "first")]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*stills, "keydoor.webp"])
    for name in (*stills, "keydoor.webp"):
        assert name in told
        with Image.open(tmp_path / name) as picture:
            assert (tmp_path / name).stat().st_size < 200_000
            assert picture.size == (gallery.CLIP if name == "keydoor.webp" else gallery.STILL)
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 500
            frames = getattr(picture, "n_frames", 1)  # frames that are alike are put together
            assert gallery.FRAMES // 2 < frames <= gallery.FRAMES if name == "keydoor.webp" else frames == 1


class Told:
    """What of a transcript decides on the moment: 200 steps of two guests."""

    steps = 200
    header = {"roles": {"guest": 2}}  # noqa: RUF012

    def __init__(self, *events: tuple[int, int, int]) -> None:
        self.events = np.array([(step, kind, who, -1, 1.0) for step, kind, who in events], EVENT)


def moment(*events: tuple[int, int, int]) -> tuple[int, list[str]]:
    told: Transcript = Told(*events)  # type: ignore[assignment]
    return gallery.best_moment(told)


def test_a_moment_is_chosen_in_which_rare_things_happen() -> None:
    always = [(step, 0, 0) for step in range(200)]
    found, ranked = moment(*sorted([*always, (90, 1, 1), (92, 1, 1), (93, 2, 0), (150, 1, 0)]))
    assert 93 <= found <= 90 + gallery.AROUND
    assert ranked == ["guest_1", "guest_0"]


def test_beginnings_and_ends_are_left_out() -> None:
    found, _ = moment((2, 1, 0), (3, 1, 0), (100, 1, 0), (198, 1, 0), (199, 1, 0))
    assert 40 <= found < 160


def test_nothing_need_happen() -> None:
    assert moment()[1] == ["guest_0", "guest_1"]


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "musuem", "--out", str(tmp_path)]) == 2
    assert "there is no world 'musuem': did you mean 'museum'?" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["gallery", "keydoor", "--out", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err
