"""Light and dark: every text can be read on what it stands on."""

from typing import Any

import numpy as np
import pytest

from avatarium.render.draw import camera, frames, raster, theme
from avatarium.render.draw.picture import Quality
from avatarium.render.draw.sheet import Sheet
from avatarium.render.draw.text import Atlas
from avatarium.render.draw.theme import DARK, LIGHT, THEMES, Theme, contrast
from avatarium.render.viewer import asking, staging
from avatarium.render.viewer.layout import Rect
from avatarium.render.viewer.pace import LEVELS
from avatarium.render.viewer.viewer import Viewer
from avatarium.worlds import UserError

SIZE = (1280, 720)
LEAST = 4.5


class Noted(Sheet):
    """A sheet that notes every text: its words, its colour, where it is, and how many quads lie under it."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, tuple[int, ...], Rect, int]] = []
        super().__init__(Atlas(), 8, 8)

    def text(
        self, words: str, x: float, y: float, size: int = 13, colour: Any = None, bold: bool = False, align: float = 0.0
    ) -> float:  # fmt: skip
        under = len(self.quads)
        length = super().text(words, x, y, size, colour, bold, align)
        where = Rect(x - align * length, y, length, self.line_height(size, bold))
        self.texts.append((words, tuple(colour or self.theme.ink), where, under))
        return length


def worst(sheet: Noted, behind: np.ndarray) -> list[tuple[float, str]]:
    """The contrast of every text with what is drawn under it, on the picture ``behind``; the least first."""
    image, done, found = behind.astype(np.float32) / 255, 0, []
    quads = sheet.quads
    for words, colour, at, under in sheet.texts:
        some = quads[done:under]
        some = some[some["shape"][:, 2] != raster.GLYPH]
        fields = (np.ascontiguousarray(some[name]) for name in ("rect", "extra", "colour", "border", "shape"))
        raster.flat_quads(*fields, sheet.atlas.pixels, sheet.picture, image, 0, len(image))
        done = under
        part = image[max(int(at.y) + 2, 0) : int(at.y + at.height) - 1, max(int(at.x), 0) : int(at.x + at.width) + 1]
        if part.size and words.strip():
            ground = np.unique((part.reshape(-1, 3) * 255).astype(np.uint8), axis=0)
            found.append((float(np.quantile([contrast(colour, tone) for tone in ground[:400]], 0.05)), words))
    return sorted(found)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda look: look.name)
@pytest.mark.parametrize("name", camera.NAMES)
def test_every_text_of_the_viewer_can_be_read(stills: Any, look: Theme, name: str) -> None:
    studio = frames.studio("cpu")
    plain, studio.sheet, studio.quality = studio.sheet, None, LEVELS[-1]
    viewer = Viewer(stills, name)
    viewer.theme, viewer.pointer = look, (400.0, 680.0)
    viewer.shown |= {"names": True, "contacts": True}
    viewer.seek(14)
    viewer.say("saved runs/pictures/one.png")
    behind = viewer.frame(studio, *SIZE)
    studio.sheet = sheet = Noted()
    viewer.frame(studio, *SIZE)
    studio.sheet, studio.quality = plain, Quality()
    assert len(sheet.texts) > 30
    assert [pair for pair in worst(sheet, behind) if pair[0] < LEAST] == []


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda look: look.name)
def test_help_questions_and_panes_can_be_read(stills: Any, look: Theme) -> None:
    sheet, behind = Noted(), np.full((720, 1280, 3), 128, np.uint8)
    sheet.clear(*SIZE, 1.0, look)
    viewer = Viewer([stills, stills])
    viewer.theme = look
    staging.legend.help_card(sheet, viewer.layout(*SIZE), (("W", "walks"),))
    sheet.texts, first = [], sheet.texts
    asking.question(sheet, "Leave?", ["Nothing is lost."], "return", "escape")
    assert len(first) > 30
    assert [pair for pair in worst(sheet, behind) if pair[0] < LEAST] == []
    sheet.texts = first
    assert [pair for pair in worst(sheet, behind) if pair[0] < LEAST] == []


def test_a_text_that_cannot_be_read_is_found() -> None:
    sheet = Noted()
    sheet.clear(200, 60, 1.0, LIGHT)
    sheet.box(0, 0, 200, 60, (255, 255, 255))
    sheet.text("pale", 20, 20, 13, (180, 180, 180))
    ((ratio, words),) = worst(sheet, np.zeros((60, 200, 3), np.uint8))
    assert words == "pale" and ratio < 2.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_themes_differ_and_are_found_by_name(stills: Any) -> None:
    assert theme.other(LIGHT) is DARK and theme.other(DARK) is LIGHT
    assert theme.theme("dark") is DARK
    with pytest.raises(UserError, match="no theme 'drak': did you mean 'dark'"):
        theme.theme("drak")
    assert set(THEMES) == {"light", "dark"}


def test_a_dark_picture_is_dark(stills: Any) -> None:
    studio, viewer = frames.studio("cpu"), Viewer(stills)
    light = viewer.frame(studio, 480, 320).mean()
    viewer.do("theme")
    assert viewer.frame(studio, 480, 320).mean() < 0.45 * light
