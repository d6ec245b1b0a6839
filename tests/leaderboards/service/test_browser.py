"""Pages in a real browser: what people see and do, with scripts and without, by keyboard, on a phone, and from upload to replay."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import demo
import httpx
import pytest
from boards import Board

from avatarium import agents
from avatarium.agents.play import play
from avatarium.leaderboards.queue.worker import Worker
from avatarium.leaderboards.seasons import managing
from avatarium.leaderboards.service.keeping import Tables
from avatarium.leaderboards.standings import policy
from avatarium.worlds.core.transcript import Transcript, verify

ALOUD = Path(__file__).with_name("reading_aloud.js").read_text("utf-8")
PLENTY = 10**6
READY = "document.readyState === 'complete'"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A board with a made-up season, whose public episodes are one that was really played; ``site.rows`` are its submissions."""
    folder = tmp_path_factory.mktemp("site")
    walker = agents.load("heuristic", "wayfinding", "walker")
    (transcript,) = play("wayfinding", {"walker": walker}, [5], folder, config={"episode_steps": 60})
    found: Any = Board(str(folder / "board.sqlite"), folder)
    found.rows = demo.fill(found.database, found.artefacts, 60, transcript=transcript)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "generalisation", lambda *_: demo.generalisation(["success", "spl"]))
        patch.setattr(policy, "curves", lambda *_: demo.curves("success"))
        yield found
    found.close()


def go(browser: Any, address: str) -> None:
    """Open a page."""
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=address)
    browser.until(f"location.href !== 'about:blank' && {READY}")


def press(browser: Any, key: str, **more: Any) -> None:
    codes = {"Tab": 9, "Enter": 13}
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **more)
        if key == "Enter" and kind == "rawKeyDown":
            browser.call("Input.dispatchKeyEvent", type="char", key=key, text="\r")


def write(browser: Any, field: str, text: str) -> None:
    browser.js(f"document.getElementById('{field}').focus()")
    browser.call("Input.insertText", text=text)


def test_pages_can_be_read_and_used_by_everybody(browser: Any, site: Any, served: Callable[..., str]) -> None:
    address = served(site.app(requests=PLENTY))
    key = site.rows[0].key
    paths = ["/", "/?columns=all", "/matches", "/submissions", f"/submissions/{key}", "/episodes/41", "/seasons", "/seasons/spring-2026"]
    paths += ["/submit", "/verify", "/api", "/?find=nobody+at+all"]
    found = []
    for scheme, width in (("light", 1200), ("dark", 1200), ("light", 390)):
        browser.look(width, 800, prefers_color_scheme=scheme)
        for path in paths:
            go(browser, address + path)
            browser.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            found += [f"{path}, {scheme}, {width} px: {sentence}" for sentence in browser.js(ALOUD)]
    assert not found, "\n".join(dict.fromkeys(found))


def test_what_reads_aloud_finds_faults(browser: Any, site: Any, served: Callable[..., str]) -> None:
    go(browser, served(site.app(requests=PLENTY)) + "/submit")
    browser.js("document.querySelector('label[for=token]').remove(); document.querySelector('h1').remove()")
    browser.js("{ const p = document.createElement('p'); p.textContent = 'pale'; p.style.color = '#ccc'; document.body.append(p); }")
    browser.js("{ const p = document.createElement('p'); p.style.width = '3000px'; p.textContent = 'wide'; document.body.append(p); }")
    told = "\n".join(browser.js(ALOUD))
    for words in ("no label", "not exactly one h1", '"pale" has a contrast of 1.', "px too wide"):
        assert words in told


def test_the_keyboard_is_enough(browser: Any, site: Any, served: Callable[..., str]) -> None:
    go(browser, served(site.app(requests=PLENTY)) + "/")
    press(browser, "Tab")
    assert browser.js("[document.activeElement.className, document.activeElement.getBoundingClientRect().top >= 0]") == ["skip", True]
    press(browser, "Enter")
    browser.until("document.activeElement.id === 'main'")
    seen = []
    for _ in range(30):
        press(browser, "Tab")
        seen.append(browser.js("[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle !== 'none']"))
    assert all(ringed for _, ringed in seen)
    ids = [name for name, _ in seen if name]
    assert ids[: ids.index("sort-name") + 1] == ["find", "baselines", "columns", "size", "sort-place", "sort-name"]
    browser.js("document.getElementById('sort-name').focus()")
    press(browser, "Enter")
    browser.until("document.querySelector('th[aria-sort] a')?.id === 'sort-name'")
    assert "sort=name" in browser.js("location.search")


def test_tables_are_filtered_in_place(browser: Any, site: Any, served: Callable[..., str]) -> None:
    go(browser, served(site.app(requests=PLENTY)) + "/?theme=dark")
    browser.js("window.before = true")
    write(browser, "find", "heron")
    browser.until("document.querySelectorAll('#board tbody tr').length === 9")
    assert browser.js("[window.before, document.getElementById('find').value]") == [True, "heron"]
    assert "find=heron" in browser.js("location.search")
    assert "theme=dark" in browser.js("location.search")
    browser.js(
        "{ const s = document.getElementById('columns'); s.value = 'all'; s.dispatchEvent(new Event('change', { bubbles: true })); }"
    )
    browser.until("document.querySelectorAll('#board th.score').length === 12")
    browser.js("history.back()")
    browser.until("!location.search.includes('columns=all')")


def test_everything_but_replays_works_without_scripts(browser: Any, site: Any, served: Callable[..., str]) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    address = served(site.app(requests=PLENTY))
    browser.call("Page.navigate", url=f"{address}/")
    browser.until_true(lambda: where(browser) == f"{address}/" and "quiet-heron-0" in text(browser), "the table")
    press(browser, "Tab")
    for _ in range(12):
        press(browser, "Tab")
    point = box(browser, "#find")
    browser.mouse(("mousePressed", *point), ("mouseReleased", *point))
    browser.call("Input.insertText", text="otter")
    press(browser, "Enter")
    browser.until_true(lambda: "find=otter" in where(browser) and "quiet-heron-0" not in text(browser), "the filtered table")
    point = box(browser, "#board tbody th a")
    browser.mouse(("mousePressed", *point), ("mouseReleased", *point))
    browser.until_true(lambda: "/submissions/" in where(browser) and "Manifest" in text(browser), "the card")
    browser.call("Page.navigate", url=f"{address}/episodes/1")
    browser.until_true(lambda: "The replay is drawn by a script" in text(browser), "what to do without scripts")


def where(browser: Any) -> str:
    """The address of the page, without a script in it."""
    return str(browser.call("Target.getTargetInfo")["targetInfo"]["url"])


def text(browser: Any) -> str:
    """The page as HTML; empty while one page gives way to another."""
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    with contextlib.suppress(AssertionError):
        return str(browser.call("DOM.getOuterHTML", nodeId=root)["outerHTML"])
    return ""


def box(browser: Any, selector: str) -> tuple[float, float]:
    """The middle of an element, in px."""
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
    browser.call("DOM.scrollIntoViewIfNeeded", nodeId=node)
    corners = browser.call("DOM.getBoxModel", nodeId=node)["model"]["content"]
    return (corners[0] + corners[4]) / 2, (corners[1] + corners[5]) / 2


def test_a_replay_plays_in_the_page(browser: Any, site: Any, served: Callable[..., str]) -> None:
    go(browser, served(site.app(requests=PLENTY)) + "/episodes/1?theme=dark")
    browser.until("window.player")
    browser.until("player.view.now > 2")
    assert browser.js("player.look.theme.name") == "dark"


def test_a_replay_that_is_missing_is_told(chromium: Any, site: Any, served: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    from avatarium.leaderboards.database.artefacts import ArtefactError, Artefacts

    def lost(*_: object) -> None:
        raise ArtefactError("the file 1234 is missing from /var/board: take it from a copy")

    monkeypatch.setattr(Artefacts, "fetch", lost)
    go(chromium, served(site.app(requests=PLENTY)) + "/episodes/1")
    chromium.until("document.querySelector('#replay [role=alert]')")
    told = chromium.js("document.querySelector('#replay').textContent")
    assert "its file is missing or damaged here" in told
    assert "/var/board" not in told
    chromium.complaints.clear()  # the browser notes the 409


def test_from_upload_to_replay(
    browser: Any, small: Any, season_of_wayfinding: Any, served: Callable[..., str], submission: Callable[..., Path]
) -> None:
    managing.announce(small.database, season_of_wayfinding, small.folder / "secrets" / "spring.secret")
    address = served(small.app(requests=PLENTY))
    go(browser, f"{address}/submit")
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    node = browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(submission("wayfinding"))])
    write(browser, "token", small.token("submit")["Authorization"].split()[1])
    browser.js("document.querySelector('form.upload button').click()")
    browser.until(f"location.pathname.startsWith('/submissions/') && {READY}")
    assert browser.js("document.querySelector('#progress .chip').textContent") == "checking"
    browser.js("window.before = true")
    with Worker(small.database, small.artefacts) as worker:
        thread = threading.Thread(target=worker.run, kwargs={"drain": True})
        thread.start()
        browser.until("document.querySelector('#progress .chip').textContent === 'finished'")
        worker.stop.set()
        thread.join()
    assert browser.js("window.before") is True, "the page told by itself how it went on"
    Tables(small.url, small.folder / "secrets").refresh()
    go(browser, f"{address}/seasons/spring/table?track=public&world=wayfinding")
    assert browser.js("document.querySelector('#board tbody th a').textContent") == "tiny"
    browser.js("document.querySelector('#board tbody th a').click()")
    browser.until(f"location.pathname.startsWith('/submissions/') && {READY}")
    assert browser.js("document.querySelectorAll('table.heat').length") > 0
    browser.js("[...document.querySelectorAll('a')].find((a) => a.textContent.includes('replay')).click()")
    browser.until("window.player && player.view.now > 1")
    number = browser.js("location.pathname.split('/').at(-1)")
    check(small, address, number)


def check(small: Any, address: str, number: str) -> None:
    """What the page says to do: download the transcript and verify it."""
    told = httpx.get(f"{address}/api/v1/episodes/{number}").json()
    path = small.folder / "downloaded.avt"
    path.write_bytes(httpx.get(f"{address}/api/v1/episodes/{number}/transcript").content)
    assert verify(path).ok
    assert Transcript.open(path).digest == told["digest"]
