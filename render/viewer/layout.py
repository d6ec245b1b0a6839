"""Where panels have room in a window, and which are left out when it is small. All in points."""

from dataclasses import dataclass

CARD_WIDTH = 252
TITLE_WIDTH, TITLE_HEIGHT = 236, 86
LEGEND_HEIGHT = 26


@dataclass(frozen=True)
class Rect:
    """A rectangle from the top left."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Layout:
    """A window's size and what follows from it."""

    width: float
    height: float

    @property
    def small(self) -> bool:
        """Whether margins are narrow and the timeline low."""
        return self.width < 600 or self.height < 400

    @property
    def margin(self) -> float:
        """Room between panels and the edges."""
        return 8 if self.small else 20

    @property
    def timeline(self) -> Rect:
        """The panel at the bottom."""
        height = 44 if self.small else 62
        return Rect(self.margin, self.height - self.margin - height, self.width - 2 * self.margin, height)

    @property
    def track(self) -> Rect:
        """The rail of the timeline."""
        whole = self.timeline
        left = whole.x + (48 if self.small else 76)
        right = whole.x + whole.width - (76 if self.small else 166)
        return Rect(left, whole.y + (24 if self.small else 26), max(right - left, 40.0), 6)

    def step_at(self, x: float, length: int) -> float:
        """The step that a point of the rail stands for."""
        return min(max((x - self.track.x) / self.track.width, 0.0), 1.0) * length

    @property
    def cameras(self) -> bool:
        """Whether the title panel has room for the choice of cameras."""
        return self.height >= 300

    @property
    def title(self) -> Rect:
        """The panel at the top left."""
        width = min(TITLE_WIDTH, self.width - 2 * self.margin)
        return Rect(self.margin, self.margin - 2 if not self.small else 8, width, TITLE_HEIGHT if self.cameras else 34)

    @property
    def legend(self) -> float | None:
        """Where the row of overlays begins, from the top; None in a low window."""
        return self.timeline.y - LEGEND_HEIGHT - 8 if self.height >= 300 else None

    @property
    def two_legends(self) -> bool:
        """Whether kinds of events may be told in a row over that of overlays, since both do not fit side by side."""
        return self.height >= 480 and 480 <= self.width < 1100

    @property
    def card(self) -> Rect | None:
        """Room for the card of the avatar that is followed; None in a narrow window."""
        if self.width < 560:
            return None
        top = self.margin - 2 if not self.small else 8
        over = 12 if self.width >= 1200 else 2 * LEGEND_HEIGHT + 24
        return Rect(self.width - CARD_WIDTH - self.margin, top, CARD_WIDTH, self.timeline.y - top - over)


def tiles(count: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Areas of so many panes in a picture: x, y, width, height (px), with a line between them."""
    columns = count if width >= count * height * 0.62 or count == 1 else (1 if height > width and count < 4 else min(count, 2))
    rows = -(-count // columns)
    found = []
    for k in range(count):
        row, column = divmod(k, columns)
        across = columns if row < rows - 1 or count % columns == 0 else count % columns
        x0, x1 = width * column // across, width * (column + 1) // across
        y0, y1 = height * row // rows, height * (row + 1) // rows
        found.append((x0 + (column > 0), y0 + (row > 0), x1 - x0 - (column > 0), y1 - y0 - (row > 0)))
    return found
