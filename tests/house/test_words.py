"""The repository speaks of the project alone: no machine's paths, no hosts of package registries, no leftovers."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

# Spelled in pieces, so that this file does not contain what it looks for.
SLIP = re.compile(
    "|".join(
        [
            r"(?<![\w./~-])/(?:work|root|home)" + r"/[\w.]",
            r"(?:test\.)?py" + r"pi\.org|files\.python" + r"hosted|/opt/" + r"(?:py" + r"pi|wheels)",
            r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
            r"\braise Not" + r"ImplementedError\b",
            r"\bproto" + r"types?\b",
        ]
    )
)


def faults(root: Path) -> list[str]:
    """Lines of text files under ``root`` that speak of a machine, a registry or unfinished work."""
    found = []
    for path in texts(root):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if slip := SLIP.search(line):
                found.append(f"{path.relative_to(root)}:{number} says {slip.group()!r}")
    return found


def texts(root: Path) -> Iterator[Path]:
    """The text files that belong to the repository at ``root``, or all of them where it is no repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    tracked = listed.returncode == 0 and (root / ".git").exists()
    paths = [root / name for name in listed.stdout.splitlines()] if tracked else sorted(root.rglob("*"))
    others = ("render/web/bundle.js", "leaderboards/service/static/htmx.min.js")  # libraries of others, who choose their own words
    return (p for p in paths if p.is_file() and p not in {root / name for name in others} and b"\0" not in p.read_bytes())


def test_the_repository_speaks_of_the_project_alone(repository: Path) -> None:
    assert not (found := faults(repository)), "\n".join(found)


def test_slips_are_found(plant: Callable[[dict[str, str]], Path]) -> None:
    slips = [
        "see /ro" + "ot/notes",
        "from https://py" + "pi.org",
        "TO" + "DO later",
        "raise Not" + "ImplementedError",
        "as in the proto" + "type",
    ]
    found = faults(plant({"worlds/slips.md": "\n".join(slips)}))
    assert [f.split(" ")[0] for f in found] == [f"worlds/slips.md:{n}" for n in range(1, len(slips) + 1)]


def test_ordinary_words_pass(plant: Callable[[dict[str, str]], Path]) -> None:
    assert faults(plant({"worlds/fine.md": "a network and its root; framework/parts; https://example.org/home/page\n"})) == []
