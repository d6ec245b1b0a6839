"""The script of the page is built from ``src/``: whether it is up to date, and ``make web``, which builds it anew with npm."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from avatarium.render.web import shared
from avatarium.render.web.page import BUNDLE, HERE
from avatarium.worlds.core.errors import UserError

SHADERS = HERE.parent / "draw" / "shaders"
MADE = ("bundle.js", "three-LICENSE.txt")
_BANNER = re.compile(r"/\* sources ([0-9a-f]+) ")


def sources() -> Iterator[Path]:
    """The files that the bundle is made from."""
    yield from (HERE / name for name in ("build.js", "package.json", "package-lock.json"))
    yield from sorted((HERE / "src").iterdir())
    used = set(re.findall(r"shaders/([\w.]+\.glsl)", (HERE / "src" / "stage.js").read_text(encoding="utf-8")))
    yield from (SHADERS / name for name in sorted(used))


def digest() -> str:
    """SHA-256 (hex) over the names and contents of the sources, whatever ends their lines."""
    found = hashlib.sha256()
    for path in sources():
        found.update(f"{path.name}\n{path.read_text(encoding='utf-8')}\n".encode())
    return found.hexdigest()


def built_from() -> str:
    """The digest of the sources that the bundle at hand was built from; empty when it does not say."""
    told = _BANNER.match(BUNDLE.read_text(encoding="utf-8"))
    return told[1] if told else ""


def build(folder: Path) -> None:
    """Build the bundle in ``folder``, which keeps what npm installs, and put it in its place. Raises UserError when that fails."""
    shared.FILE.write_text(shared.text(), encoding="utf-8")
    web, shaders = folder / "web", folder / "draw" / "shaders"
    for folder_of_ours, copy in ((HERE / "src", web / "src"), (SHADERS, shaders)):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder_of_ours, copy)
    for name in ("build.js", "package.json", "package-lock.json"):
        shutil.copy(HERE / name, web)
    for command in (["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["node", "build.js", digest()]):
        try:
            subprocess.run(command, cwd=web, check=True)
        except (OSError, subprocess.CalledProcessError) as failure:
            raise UserError(f"the bundle was not built: {failure}; it needs node (version 20 or newer) and npm") from failure
    for name in MADE:
        shutil.copy(web / name, HERE)


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve())
