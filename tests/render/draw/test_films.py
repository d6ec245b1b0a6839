"""Films and pictures on disk."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.render.video import Film, save_picture
from avatarium.worlds import UserError
from avatarium.worlds.cli import main

av = pytest.importorskip("av", reason="PyAV is not installed")


def frames_of(path: Path) -> list[np.ndarray]:
    """All frames of a film."""
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_a_film_holds_the_frames_that_were_added(tmp_path: Path) -> None:
    with Film(tmp_path / "new" / "film.mp4", 64, 48, 10) as film:
        for k in range(12):
            film.add(np.full((48, 64, 3), 20 * k, np.uint8))
    shown = frames_of(tmp_path / "new" / "film.mp4")
    assert len(shown) == film.frames == 12
    assert shown[0].mean() < 10 and shown[11].mean() == pytest.approx(220, abs=6)


def test_an_interrupted_film_can_be_played(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Film(tmp_path / "cut.mp4", 64, 48, 10) as film:
        film.add(np.zeros((48, 64, 3), np.uint8))
        raise KeyboardInterrupt
    assert len(frames_of(tmp_path / "cut.mp4")) == 1


def test_record_writes_a_film_of_an_episode(episode: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "film.mp4"
    words = ["record", str(episode), "-o", str(out), "--size", "320x192", "--fps", "10", "--speed", "1", "--start", "40", "--steps", "12"]
    assert main([*words, "--camera", "top", "--plain", "--backend", "cpu"]) == 0
    shown = frames_of(out)
    assert len(shown) == 13
    assert shown[0].shape == (192, 320, 3)
    assert shown[0].std() > 20
    assert np.abs(shown[0].astype(int) - shown[-1]).max() > 60  # somebody has moved
    assert capsys.readouterr().out.strip() == str(out)


def test_record_goes_to_the_end_by_itself(episode: Path, tmp_path: Path) -> None:
    out = tmp_path / "film.mp4"
    assert main(["record", str(episode), "-o", str(out), "--size", "160x96", "--backend", "cpu", "--fps", "5", "--speed", "2"]) == 0
    assert len(frames_of(out)) == 70 * 5 // 20 + 1


def test_watch_saves_a_picture_without_a_window(episode: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    out = tmp_path / "shot.png"
    assert main(["watch", str(episode), "--screenshot", str(out), "--steps", "30", "--size", "640x360", "--backend", "cpu"]) == 0
    image = pytest.importorskip("PIL.Image").open(out)
    assert image.size == (640, 360)
    assert np.asarray(image).std() > 20


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["record", "EPISODE", "-o", "film.avi"], "has to end in .mp4"),
        (["record", "EPISODE", "--size", "321x193"], "have to be even"),
        (["record", "EPISODE", "--fps", "0"], "frames per second go from 1 to 120"),
        (["record", "EPISODE", "--size", "big"], "is not a size such as 1280x720"),
        (["watch", "EPISODE", "--camera", "orbti"], "did you mean 'orbit'"),
        (["watch", "EPISODE", "--follow", "walker_7"], "there is no 'walker_7' here"),
        (["watch", "EPISODE", "--start", "71"], "has the steps 0 to 70"),
        (["watch", "EPISODE", "--steps", "0"], "at least one step"),
        (["watch", "EPISODE", "--backend", "gpu"], "no drawing backend 'gpu'"),
        (["watch", "EPISODE", "--screenshot", "a.bmp", "--size", "64x64"], "has to end in .png or .jpg"),
        (["watch", "nowhere.avt"], "cannot read nowhere.avt"),
    ],
)
def test_mistakes_get_one_sentence(episode: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word.replace("EPISODE", str(episode)) for word in words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_cut_transcript_is_shown_up_to_the_cut(episode: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut = tmp_path / "cut.avt"
    cut.write_bytes(episode.read_bytes()[:-200])
    assert main(["watch", str(cut), "--screenshot", str(tmp_path / "a.png"), "--size", "160x96", "--backend", "cpu"]) == 0
    assert "was cut; it is shown up to step 64" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        save_picture(tmp_path / "file" / "a.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UserError, match="cannot write"):
        Film(tmp_path / "file" / "a.mp4", 64, 48, 10)
