"""A machine without OpenGL, window system and browser: everything but these works there, and what cannot says why."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HIDE = r"""
set -e
for place in "$LIBRARIES" /usr/bin; do
    aside="$ASIDE/$(basename "$place")"
    mkdir -p "$aside/upper" "$aside/work"
    mount -t overlay overlay -o "lowerdir=$place,upperdir=$aside/upper,workdir=$aside/work" "$place"
done
rm -f "$LIBRARIES"/lib{GL,EGL,OpenGL,OSMesa}* /usr/bin/{Xvfb,xdotool,chromium,chromium-browser,google-chrome}
exec "$@"
"""
"""Takes libraries and programs away in a mount namespace of its own: the machine keeps them."""

REPOSITORY = Path(__file__).parents[2]
WITHOUT = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "AVATARIUM_RENDER")}


def libraries() -> Path | None:
    """The folder in which the system keeps OpenGL."""
    found = sorted(Path("/usr/lib").glob("*-linux-gnu*"))
    return found[0] if found else None


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The beginning of a command line that runs on a bare machine."""
    place = libraries()
    if place is None or not shutil.which("unshare"):
        pytest.skip("without unshare and a Debian-like /usr/lib no bare machine can be made")
    environment = ["env", f"ASIDE={tmp_path_factory.mktemp('aside')}", f"LIBRARIES={place}"]
    command = ["unshare", "--mount", *environment, "bash", "-c", HIDE, "bare"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no bare machine can be made here: {tried.stderr.strip().splitlines()[-1]}")
    return command


def test_doctor_tells_what_is_missing(bare: list[str]) -> None:
    program = "import sys; from avatarium.worlds.cli import main; sys.exit(main(['doctor']))"
    done = subprocess.run([*bare, sys.executable, "-c", program], env=WITHOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"backend +CPU \(.*libGL\.so\.1 not loaded", done.stdout)
    assert "apt-get install --no-install-recommends libegl1 libgl1" in done.stdout


def test_pictures_films_and_frames_pass_their_tests(bare: list[str]) -> None:
    files = ["tests/render/draw", "tests/render/viewer/test_window.py"]
    command = [*bare, sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *files, "tests/worlds/test_eyes.py"]
    done = subprocess.run(command, cwd=REPOSITORY, env=WITHOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    passed, skipped = (int(found[1]) if (found := re.search(rf"(\d+) {word}", done.stdout)) else 0 for word in ("passed", "skipped"))
    assert passed > 40
    assert skipped > 3
    reasons = re.findall(r"^SKIPPED \[\d+\] \S+ (.*)$", done.stdout, re.MULTILINE)
    assert all(re.search(r"OpenGL|Xvfb|xdotool|display", reason) for reason in reasons), reasons
