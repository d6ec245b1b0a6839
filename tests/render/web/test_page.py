"""Replay pages as files: nothing of a transcript becomes markup, nothing is fetched, the bundle is the one of these sources."""

import base64
import gzip
import hashlib
import html.parser
import re
from pathlib import Path

import numpy as np
import pytest

from avatarium.render.exporting import export_html
from avatarium.render.web import bundle, packing, shared
from avatarium.render.web.page import BUNDLE, HERE, page
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError

LARGEST_KB = 150
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' &{{data}}"


class Tags(html.parser.HTMLParser):
    """Which tags a page has, their attributes, and what stands in its inline scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in self.inside:
            self.inside[self._open][-1] += data


@pytest.fixture
def evil() -> str:
    """A page of a replay whose every text tries to break out."""
    parcel = packing.pack({"title": EVIL, "names": [EVIL]}, {"here": np.zeros((1, 1), np.uint8)})
    return page(parcel, EVIL, 3, EVIL, "top")


def test_no_text_of_a_transcript_becomes_markup(evil: str) -> None:
    found = Tags(evil)
    names = [tag for tag, _ in found.tags]
    assert names == ["html", "head", *["meta"] * 5, "title", "link", "style", "body", "noscript", "main", *["script"] * 3]
    assert found.inside["title"] == [EVIL]
    assert dict(found.tags)["main"] == {"id": "replay", "data-start": "3", "data-follow": EVIL, "data-camera": "top"}
    data, *_ = found.inside["script"]
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", data)
    assert packing.unpack(base64.b64decode(data))[0]["title"] == EVIL


def test_only_the_inlined_scripts_may_run_and_nothing_may_be_fetched(evil: str) -> None:
    found = Tags(evil)
    policy = next(str(a["content"]) for tag, a in found.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    rules = {name: rest for name, _, rest in (rule.strip().partition(" ") for rule in policy.split(";"))}
    hashes = {kind: [_hash(text) for text in found.inside[kind]] for kind in ("script", "style")}
    assert rules["default-src"] == "'none'"
    assert rules["script-src"].split() == hashes["script"][1:]
    assert rules["style-src"].split() == hashes["style"]
    assert "unsafe" not in policy
    assert not [a for _, a in found.tags if a.get("src") or a.get("href", "data:,") != "data:,"]


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_bundle_cannot_end_its_script_element() -> None:
    assert not re.search(r"</script|<!--", BUNDLE.read_text(encoding="utf-8"), re.IGNORECASE)


def test_bundle_and_page_stay_small() -> None:
    size = len(gzip.compress(page(b"", "").encode(), 9))
    assert size < LARGEST_KB * 1000, f"bundle and page take {size / 1000:.0f} kB"


def test_the_bundle_is_built_from_these_sources() -> None:
    assert bundle.built_from() == bundle.digest(), "render/web/bundle.js is stale: run make web"


def test_other_sources_have_another_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copies = []
    for path in bundle.sources():
        copies.append(tmp_path / path.name)
        copies[-1].write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(bundle, "sources", lambda: iter(copies))
    assert bundle.digest() == bundle.built_from()
    copies[-1].write_text(copies[-1].read_text() + "// changed\n")
    assert bundle.digest() != bundle.built_from()


def test_page_and_viewer_share_their_colours() -> None:
    written = shared.FILE.read_text(encoding="utf-8")
    assert written == shared.text(), "render/web/src/shared.json is stale: run make web"


def test_the_licence_of_what_the_bundle_contains_is_there() -> None:
    assert "Permission is hereby granted" in (HERE / "three-LICENSE.txt").read_text(encoding="utf-8")
    assert "three-LICENSE.txt" in BUNDLE.read_text(encoding="utf-8")[:300]


def test_export_writes_a_page_beside_the_transcript(episode: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "walk.avt"
    copy.write_bytes(episode.read_bytes())
    assert main(["export", str(copy), "--html", "--follow", "walker_2", "--start", "12", "--camera", "top"]) == 0
    made = tmp_path / "walk.html"
    assert capsys.readouterr().out.strip() == str(made)
    found = Tags(made.read_text(encoding="utf-8"))
    assert dict(found.tags)["main"] == {"id": "replay", "data-start": "12", "data-follow": "walker_2", "data-camera": "top"}
    assert found.inside["title"] == ["Wayfinding · seed 3 – avatarium"]
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("walk.avt", "walk.html")] == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"camera": "orbits"}, "did you mean 'orbit'"),
        ({"follow": "walker_9"}, "did you mean 'walker_"),
        ({"start": 71}, "the steps 0 to 70"),
    ],
)
def test_what_there_is_not_cannot_be_shown(episode: Path, tmp_path: Path, wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        export_html(episode, tmp_path / "out.html", **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_name_that_says_no_format_is_refused(episode: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(episode), "-o", str(tmp_path / "walk.pdf")]) == 2
    assert ".html" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(episode: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        export_html(episode, tmp_path / "file" / "walk.html")
