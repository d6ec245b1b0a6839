"""Pages without a browser: every link leads somewhere, nothing of strangers becomes markup, headers keep browsers safe."""

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import demo
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import models
from avatarium.leaderboards.service.pages import drawings, static
from avatarium.leaderboards.standings import policy
from avatarium.render.draw.theme import DARK, LIGHT, contrast

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


class Elements(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module", autouse=True)
def views() -> Any:
    """Views of policies in a season that nobody played."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "generalisation", lambda *_: demo.generalisation(["success", "spl"]))
        patch.setattr(policy, "curves", lambda *_: demo.curves("success"))
        yield


def addresses(shown: Any) -> list[str]:
    """One page of each kind."""
    key = shown.rows[0].key
    listed = ["/", "/?columns=all&find=lynx", "/matches", "/seasons/spring-2026/table?world=museum&track=public", "/submissions", "/submit"]
    return [
        *listed,
        f"/submissions/{key}",
        "/episodes/1",
        "/episodes/41",
        "/seasons",
        "/seasons/spring-2026",
        "/verify",
        "/api",
        "/nothing",
    ]


def test_every_link_leads_somewhere(shown: Any) -> None:
    waiting, seen = ["/"], set()
    while waiting:
        address = waiting.pop()
        answer = shown.get(address)
        assert answer.status_code in (200, 403, 409), address
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = Elements(answer.text)
        links = [a["href"] for a in page.all("a")] + [e.get("src") or e.get("href", "") for e in page.all("script") + page.all("link")]
        links += [e["src"] for e in page.all("img")] + [e["data-parcel"] for e in page.all("div") if "data-parcel" in e]
        for link in links:
            target = urlsplit(urljoin(address, link))
            assert not target.netloc, link
            kind = re.sub(r"[0-9a-f]{64}|\d+", "N", f"{target.path}?{re.sub('=[^&]*', '', target.query)}")
            if target.scheme != "data" and kind not in seen:
                seen.add(kind)
                waiting.append(f"{target.path}?{target.query}")
    assert len(seen) > 60


def test_pages_are_safe_for_browsers(shown: Any) -> None:
    for address in addresses(shown):
        answer = shown.get(address)
        headers = answer.headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in headers
        page = Elements(answer.text)
        assert all(e.get("src", "").startswith("/static/") for e in page.all("script")), "a script stands in the page"
        assert not page.all("style")
        assert not [(tag, e) for tag, e in page.found if "style" in e or any(name.startswith(("on", "hx-on")) for name in e)]


def test_names_and_sentences_of_strangers_are_inert(small: Any) -> None:
    rows = demo.fill(small.database, small.artefacts, 12)
    with small.database.session() as session:
        one = session.get_one(models.Submission, rows[0].key)
        one.name, one.author, one.sentence = HOSTILE, HOSTILE, HOSTILE
        one.manifest = {**one.manifest, "name": HOSTILE, "licence": HOSTILE, "settings": {HOSTILE: HOSTILE}, HOSTILE: HOSTILE}
        one.facts = {"parameters": 1, HOSTILE: HOSTILE}
        one.layers = {HOSTILE: True}
        session.execute(sql.update(models.Episode).where(models.Episode.fault.is_not(None)).values(fault=HOSTILE))
        session.execute(sql.update(models.Season).values(title=HOSTILE))
        table = demo.table([session.get_one(models.Submission, row.key) for row in rows], "", 0)
        table["rows"][0]["clones"] = [{"key": "0" * 64, "name": HOSTILE}]
        table["unranked"][0]["sentence"] = HOSTILE
        about = {"season": demo.SEASON, "track": "ranked", "world": "", "role": "", "inputs": "", "created": 0.0}
        session.add(models.RatingSnapshot(**about, table=table))
    client = small.client()
    paths = ["/", "/matches", "/submissions", f"/submissions/{rows[0].key}", "/episodes/4", "/seasons", "/seasons/spring-2026", "/submit"]
    for path in [*paths, f"/?find={HOSTILE}", f"/{HOSTILE}", f"/submissions?find={HOSTILE}", f"/seasons/{HOSTILE}", f"/?theme={HOSTILE}"]:
        text = client.get(path).text
        page = Elements(text)
        assert "alert(1)</script>" not in text, path
        assert not [e for e in page.all("img") if "onerror" in e], path
        assert "49" not in re.findall(r"\{\{.*?\}\}|'49", text), path
    assert HOSTILE.split("{{")[0] not in client.get("/").text
    assert "&lt;script&gt;" in client.get("/").text


def test_a_table_is_sorted_by_its_address(shown: Any) -> None:
    def names(query: str) -> list[str]:
        return re.findall(r'hx-boost="false">([\w-]+)</a>(?! <code)', shown.get(f"/?{query}&size=1000").text)

    usual = names("")
    assert names("sort=name&order=up") == sorted(usual)
    assert names("sort=name&order=down") == sorted(usual, reverse=True)
    assert names("sort=nonsense&order=nonsense&first=nonsense") == usual
    assert set(names("baselines=no")).isdisjoint({"random", "heuristic", "oracle"})
    assert names("find=HERON") == [name for name in usual if "heron" in name]
    assert names("find=nobody+is+called+that") == []
    page = Elements(shown.get("/?sort=headline&order=down").text)
    assert [e["aria-sort"] for e in page.all("th") if "aria-sort" in e] == ["descending"]


def test_a_long_table_has_pages(small: Any) -> None:
    demo.fill(small.database, small.artefacts, 240)
    client = small.client()
    first, second, last = (client.get(f"/?first={first}").text for first in (0, 100, 900))
    assert "1–100 of 231" in first
    assert "101–200 of 231" in second
    assert "201–231 of 231" in last
    assert len(re.findall("<tr", client.get("/?size=1000").text)) > 231


def test_the_theme_is_kept_by_addresses(shown: Any) -> None:
    for address in addresses(shown):
        page = Elements(shown.get(f"{address}{'&' if '?' in address else '?'}theme=dark").text)
        assert page.all("html")[0]["data-theme"] == "dark"
        inner = [a["href"] for a in page.all("a") if a["href"].startswith("/") and not a["href"].startswith("/api/v1")]
        lost = [href for href in inner if "theme=dark" not in href]
        assert len(lost) == 2, lost  # the switch itself, to the light theme and to that of the system


def test_all_that_is_not_ranked_is_shown_with_its_reason(shown: Any) -> None:
    text = shown.get("/").text
    assert "6 not ranked" in text
    assert "uses the operator &#39;RandomNormal&#39;" in text


def test_a_card_tells_everything(shown: Any) -> None:
    text = shown.get(f"/submissions/{shown.rows[0].key}").text
    for words in ("40 M steps of self-play", "61 k", "landlock: held", "bubblewrap: not on that machine", "it is checked before it plays",
                  "held out", "Robustness", "secret until revealed", "its answer was not finite", "40 of 32 episodes"):  # fmt: skip
        assert words in text, words


def test_an_empty_board_says_what_to_do(small: Any) -> None:
    client = small.client()
    assert "avatarium season" in client.get("/").text
    assert client.get("/submissions").status_code == 200
    assert "No season is open" in client.get("/submit").text
    with small.database.session() as session:
        demo.season(session)
    assert "Nobody has been ranked yet" in client.get("/").text


def test_mistakes_of_the_service_are_told_with_a_number(
    small: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from avatarium.leaderboards.service.reading import seasons

    def broken(session: Any) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(seasons, "listed", broken)
    client = small.client()
    for path in ("/seasons", "/api/v1/seasons"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert answer.headers["x-request-id"] in answer.text
        assert "a secret of the machine" not in answer.text
        assert "content-security-policy" in answer.headers
        assert answer.headers["x-request-id"] in caplog.text


def test_colours_are_those_of_the_viewer_and_can_be_read() -> None:
    text = static.files()["style.css"].content.decode()
    for theme in (LIGHT, DARK):
        assert f"--ink:#{bytes(theme.ink).hex()}" in text
        for ground in (theme.paper, theme.well, tuple(theme.surfaces.backdrop[0])):
            for colour in (theme.ink, theme.muted, theme.accent, theme.warning):
                assert contrast(colour, ground) >= 4.5, (theme.name, colour, ground)


def test_drawings_stay_within_their_frame() -> None:
    for value, low, high in ((0.5, 0.4, 0.6), (2.0, 1.5, 9.0), (-5.0, -9.0, -1.0)):
        text = drawings.whisker({"value": value, "low": low, "high": high}, 0.0, 1.0)
        numbers = [float(n) for n in re.findall(r"[MHc]x?=?\"?([\d.]+)", text)]
        assert all(0 <= n <= drawings.WIDTH for n in numbers)
    assert drawings.whisker({"value": None, "low": None, "high": None}, 0.0, 1.0) == ""
    assert [drawings.heat(v, 0.0, 1.0) for v in (0.0, 1.0, None)] == ["heat-0", "heat-8", "heat-none"]
    assert drawings.heat(0.0, 0.0, 1.0, higher_is_better=False) == "heat-8"
    flat = drawings.curve([{"level": 1.0, "value": 0.5, "low": 0.5, "high": 0.5}], "<x>")
    assert "<polyline" in flat
    assert "<x>" not in flat
