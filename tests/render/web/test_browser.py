"""Replay pages in a real browser: what people see and do."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium.render.draw import figures, geometry, palette
from avatarium.render.exporting import export_html
from avatarium.render.web import packing, page
from avatarium.render.web.replay import parcel
from avatarium.worlds.core.scene import Scene
from avatarium.worlds.core.transcript import Transcript

Browser = Any
"""The browser of conftest.py."""


@pytest.fixture(scope="module")
def replay_page(episode: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the recorded episode."""
    return export_html(episode, tmp_path_factory.mktemp("page") / "walk.html")


def shown(picture: np.ndarray, colour: tuple[int, int, int], near: float = 0.03) -> bool:
    """Whether something of the hue of ``colour`` can be seen, whatever light falls on it."""
    pixels = picture.reshape(-1, 3).astype(float)
    wanted, sums = np.array(colour) / sum(colour), pixels.sum(1)
    return bool(((np.abs(pixels / np.maximum(sums, 1)[:, None] - wanted).max(1) < near) & (sums > 100)).sum() > 20)


def test_a_page_plays_by_itself(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page)
    browser.until("player.view.clock.now > 2")
    browser.key(" ")
    assert browser.js("player.view.clock.playing") is False
    stopped = browser.js("player.view.now")
    browser.key("ArrowRight")
    assert browser.js("player.view.now") == int(stopped + 0.5) + 1


def test_who_wants_no_motion_gets_none(browser: Browser, replay_page: Path) -> None:
    browser.look(prefers_reduced_motion="reduce")
    browser.open(replay_page)
    browser.drawn()
    assert browser.js("[player.view.clock.playing, player.view.now]") == [False, 0]


def test_the_picture_shows_building_and_avatars(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    picture = browser.picture()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 2000
    for person in range(3):
        assert shown(picture, palette.person(person))


def test_slow_machines_see_the_same_building_in_less_detail(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    drawn = "(quality) => { player.draw(player.look.theme, quality); return player.canvas.toDataURL(); }"
    pictures = [browser.decoded(browser.js(f"({drawn})({quality})")) for quality in range(5)]
    small, large = pictures[4].shape, pictures[0].shape
    assert small[0] < large[0]
    for picture in pictures:
        assert all(shown(picture, palette.person(person)) for person in range(3))
        assert np.abs(picture.mean((0, 1)) - pictures[0].mean((0, 1))).max() < 6


def test_keys_choose_cameras_and_each_shows_something_else(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    pictures = []
    for key, camera in (("1", "orbit"), ("2", "follow"), ("3", "top"), ("4", "first")):
        browser.key(key)
        assert browser.js("player.view.camera") == camera
        assert browser.js("player.cameras.querySelector('[aria-pressed=true]').value") == camera
        browser.drawn()
        pictures.append(browser.picture())
    assert all((one != other).mean() > 0.05 for k, one in enumerate(pictures) for other in pictures[:k])


def test_the_camera_flies_where_motion_is_wanted(browser: Browser, replay_page: Path) -> None:
    for motion, flies in (("no-preference", True), ("reduce", False)):
        browser.look(prefers_reduced_motion=motion)
        browser.open(replay_page, "#t=30")
        browser.drawn()
        assert browser.js("(player.act('top'), Boolean(player.flight))") is flies
        browser.drawn()
        assert browser.js("[Boolean(player.flight), player.lens.up]") == [False, [0, 1, 0]]


def test_a_click_on_an_avatar_follows_it(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30&camera=top")
    browser.drawn()
    x, y = browser.js("(() => { const f = player.figures[2]; return player.spot([f.x, f.y, 0.6]); })()")
    browser.mouse(("mousePressed", x, y), ("mouseReleased", x, y))
    browser.drawn()
    assert browser.js("[player.view.chosen, player.card.choice.value]") == ["walker_2", "walker_2"]
    assert "follow=walker_2" in browser.js("location.hash")


def test_a_drag_turns_the_view_and_the_wheel_zooms(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    before = browser.js("[player.view.turned, player.view.zoom]")
    browser.mouse(("mousePressed", 400, 300), ("mouseMoved", 440, 300), ("mouseMoved", 480, 310), ("mouseReleased", 480, 310))
    browser.call("Input.dispatchMouseEvent", type="mouseWheel", x=400, y=300, deltaX=0, deltaY=-300)
    browser.until(f"player.view.zoom > {before[1]}")
    assert browser.js("player.view.turned") != before[0]


def test_the_view_turns_by_keys_as_well(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    states = []
    for key in ("a", "w", "+", "-"):
        browser.key(key)
        states.append(browser.js("[player.view.turned, player.view.pitch, player.view.zoom]"))
    (turned, _, _), (_, pitched, _), (_, _, zoomed), (_, _, back) = states
    assert turned > 0
    assert pitched < states[0][1]
    assert zoomed > 1.1
    assert back == pytest.approx(1)


def test_two_fingers_zoom(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    for kind, spread in (("touchStart", 40), ("touchMove", 60), ("touchMove", 90), ("touchEnd", 0)):
        points = [{"x": 400 + way * spread, "y": 300, "id": way} for way in (0, 1)] if spread else []
        browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
    browser.until("player.view.zoom > 1.5")


def test_a_picture_is_saved(browser: Browser, replay_page: Path, tmp_path: Path) -> None:
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.open(replay_page, "#t=30")
    browser.drawn()
    browser.key("p")
    browser.until("player.status.textContent === 'saved wayfinding-30.png'")
    saved = tmp_path / "wayfinding-30.png"
    browser.until_true(lambda: saved.exists() and saved.read_bytes().startswith(b"\x89PNG"))


def test_an_element_can_get_another_replay(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    again = "Avatarium.mount(document.getElementById('replay'), document.getElementById('data').textContent, { start: 7 })"
    browser.js(f"{again}.then((other) => {{ window.before = player; window.player = other; }})")
    browser.drawn()
    assert browser.js("[before.stopped, player.view.now, document.getElementById('replay').shadowRoot.children.length]") == [True, 7, 1]


def test_scrubbing_goes_to_the_step(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=0")
    x, y, width = browser.js("(({ x, y, width, height }) => [x, y + height / 2, width])(player.timeline.range.getBoundingClientRect())")
    browser.mouse(("mousePressed", x + width / 2, y), ("mouseReleased", x + width / 2, y))
    browser.drawn()
    assert browser.js("player.view.now") == pytest.approx(35, abs=1)
    assert browser.js("player.timeline.step.textContent") == browser.js("`${player.view.now} / 70`")


def test_links_lead_to_a_moment(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=18&follow=walker_1&camera=top")
    assert browser.js("[player.view.now, player.view.chosen, player.view.camera, player.view.clock.playing]") == [
        18,
        "walker_1",
        "top",
        False,
    ]
    browser.js("location.hash = '#t=40&follow=nobody&camera=sideways'")
    browser.until("player.view.now === 40")
    assert browser.js("[player.view.chosen, player.view.camera]") == ["walker_1", "top"]


def test_light_and_dark(browser: Browser, replay_page: Path) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        browser.look(prefers_color_scheme=scheme)
        browser.open(replay_page, "#t=30")
        browser.drawn()
        brightness[scheme] = browser.picture().mean()
    assert brightness["light"] > brightness["dark"] + 60
    browser.js("player.look.click()")
    browser.drawn()
    assert browser.picture().mean() > brightness["dark"] + 60
    browser.look(prefers_color_scheme="dark")
    assert browser.js("player.look.theme.name") == "light"


@pytest.mark.parametrize("width", [360, 640, 900, 1280])
def test_panels_stay_apart_and_within_the_page(browser: Browser, replay_page: Path, width: int) -> None:
    browser.look(width, 740)
    browser.open(replay_page, "#t=30")
    browser.drawn()
    boxes = browser.js(
        "['.title', '.card', '.time', '.legend', '.chips'].map((s) => player.root.querySelector(s).getBoundingClientRect())"
        ".map((r) => [r.left, r.top, r.right, r.bottom])"
    )
    for left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= 740
    for k, one in enumerate(boxes[:3]):
        for other in boxes[:k]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert browser.js("[...player.root.querySelectorAll('button')].every((b) => b.scrollWidth <= b.clientWidth + 1)")


def test_every_control_has_a_name_and_words_can_be_read(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.drawn()
    assert (
        browser.js(
            "[...player.root.querySelectorAll('button, select, input')].filter((e) => !(e.ariaLabel || e.textContent.trim())).length"
        )
        == 0
    )
    for theme in ("light", "dark"):
        browser.js(f"player.theme('{theme}')")
        browser.drawn()
        faint = browser.js(f"({CONTRAST})(player.root)")
        assert faint == []


CONTRAST = """
(root) => {
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  const told = (e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const texts = [...root.querySelectorAll('*')].filter(told);
  return texts.flatMap((e) => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5 ? [`${e.className} ${e.textContent}`] : [];
  });
}
"""


def test_help_opens_and_closes(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=30")
    browser.key("h")
    assert browser.js("player.help.open") is True
    browser.key("h")
    assert browser.js("[player.help.open, player.view.shown.help]") == [False, False]


def test_two_replays_side_by_side_go_by_one_clock(browser: Browser, episode: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.html"
    data = base64.b64encode(parcel(Transcript.open(episode))).decode()
    both.write_text(
        "<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><style>div{float:left;width:400px;height:500px}</style>"
        f"<div id=a></div><div id=b></div><script>{page.BUNDLE.read_text(encoding='utf-8')}</script><script>const d='{data}';"
        "const o={autoplay:false};Promise.all([Avatarium.mount(a,d,o),Avatarium.mount(b,d,{...o,camera:'top'})])"
        ".then(([x,y])=>{window.player=x;window.other=y.link(x)})</script>",
        encoding="utf-8",
    )
    browser.open(both)
    browser.js("other.act(['seek', 25])")
    assert browser.js("[player.view.now, other.view.now, player.view.camera, other.view.camera]") == [25, 25, "orbit", "top"]
    browser.js("player.act('play')")
    browser.until("other.view.now > 27")
    assert browser.js("player.view.now === other.view.now")
    browser.js("other.destroy()")


def test_a_level_that_changes_is_drawn_anew(
    browser: Browser, scene: Scene, episode: Path, moved: Callable[[Scene, int, float, float], Scene], tmp_path: Path
) -> None:
    told = Transcript.open(episode)
    fruit = np.array([[9.0, 6.0, 0.5, 0.3, 3]], np.float32)
    later = replace(scene, boxes=scene.boxes[:-1], box_kinds=scene.box_kinds[:-1], floor_tints=np.array([2, 1], np.uint8), spots=fruit)
    told.scene = lambda t: moved(scene if t < 30 else later, 0, 3.0, 2.5)  # type: ignore[method-assign]
    changing = tmp_path / "changing.html"
    changing.write_text(page.page(parcel(told), "changing"), encoding="utf-8")
    pictures = []
    for t in (29, 31):
        browser.open(changing, f"#t={t}&camera=top")
        browser.drawn()
        browser.drawn()
        pictures.append(browser.picture())
    assert (pictures[0] != pictures[1]).any(axis=2).mean() > 0.05
    assert [browser.js(f"player.replay.level({t}).boxes.length") for t in (29, 30)] == [7, 6]
    assert browser.js("player.replay.spots(31).length") == 1


def test_bars_have_the_same_shape_as_in_the_viewer(browser: Browser, scene: Scene, episode: Path, tmp_path: Path) -> None:
    told = Transcript.open(episode)
    bars = np.array([[2, 2, 1, 9, 6, 2.5, 0.1, 3], [9, 6, 0, 9, 6, 2.5, 0.4, 3]], np.float32)
    told.scene = lambda t: replace(scene, beams=bars if t < 30 else bars[:0])  # type: ignore[method-assign]
    barred = tmp_path / "barred.html"
    barred.write_text(page.page(parcel(told), "barred"), encoding="utf-8")
    pictures = []
    for t in (29, 31):
        browser.open(barred, f"#t={t}&camera=orbit")
        browser.drawn()
        pictures.append(browser.picture())
        if t == 29:
            for field, near in (("position", 5e-3), ("normal", 5e-3), ("colour", 1e-4), ("light", 1e-4)):
                drawn = np.array(browser.js(f"[...player.stage.bars.attributes.{field}.array]"))
                mesh = geometry.beams(bars[:, :7], palette.linear(palette.PEOPLE)[[3, 3]])[field]
                np.testing.assert_allclose(drawn, mesh.reshape(-1), atol=near)
    assert [shown(picture, palette.person(3)) for picture in pictures] == [True, False]
    assert browser.js("delete player.replay.columns.beams && player.replay.beams(0).length") == 0  # as in pages made earlier


def test_people_have_the_same_shape_as_in_the_viewer(browser: Browser, replay_page: Path) -> None:
    browser.open(replay_page, "#t=0")
    for name, mesh in (("avatarMesh", figures.avatar_mesh()), ("flagMesh", figures.flag_mesh())):
        for field, near in (("position", 1e-4), ("normal", 5e-3), ("colour", 1e-4), ("own", 1e-4), ("limb", 1e-4)):
            drawn = np.array(browser.js(f"[...Avatarium.meshes.{name}().{field}]")).reshape(len(mesh), -1)
            np.testing.assert_allclose(drawn, mesh[field].reshape(len(mesh), -1), atol=near)


@pytest.mark.parametrize("damage", ["cut", "rubbish", "empty"])
def test_damaged_data_are_told_in_a_sentence(browser: Browser, replay_page: Path, tmp_path: Path, damage: str) -> None:
    text = replay_page.read_text(encoding="utf-8")
    before, rest = text.split('type="text/plain">')
    data, after = rest.split("<", 1)
    damaged = tmp_path / "damaged.html"
    data = {"cut": data[: len(data) // 2], "rubbish": "!" + data, "empty": ""}[damage]
    damaged.write_text(f'{before}type="text/plain">{data}<{after}', encoding="utf-8")
    browser.open(damaged)
    assert "This replay is damaged" in browser.js("document.querySelector('[role=alert]').textContent")


def test_a_parcel_of_another_schema_is_told(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "SCHEMA", 99)
    other = tmp_path / "other.html"
    other.write_text(page.page(packing.pack({}, {}), "other"), encoding="utf-8")
    browser.open(other)
    assert "schema 99" in browser.js("document.querySelector('[role=alert]').textContent")


@pytest.mark.parametrize(
    ("before", "what"),
    [
        ("delete window.DecompressionStream", "DecompressionStream"),
        ("Object.getPrototypeOf(document.createElement('canvas')).getContext = () => null", "WebGL2"),
    ],
)
def test_what_a_browser_lacks_is_told(browser: Browser, replay_page: Path, before: str, what: str) -> None:
    browser.open(replay_page, before=before)
    assert what in browser.js("document.querySelector('[role=alert]').textContent")


def test_names_and_notes_stay_text(browser: Browser, scene: Scene, episode: Path, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)><b>"
    told = Transcript.open(episode)
    told.scene = lambda t: replace(scene, names=(evil, "walker_1"), notes={evil: evil, "walker_1": evil})  # type: ignore[method-assign]
    told.header["policies"] = {"walker": f"</script>{evil}"}
    made = tmp_path / "evil.html"
    made.write_text(page.page(parcel(told), evil), encoding="utf-8")
    browser.open(made, "#t=1")
    browser.drawn()
    browser.js("player.act(['choose', player.replay.names[0]])")
    browser.until("player.card.facts.textContent.includes('onerror')")
    assert browser.js("player.root.querySelectorAll('img').length") == 0
