"""A studio for tests of the viewer that need no window."""

from typing import Any

import pytest

from avatarium.render.draw import frames
from avatarium.render.draw.picture import Quality
from avatarium.render.viewer.pace import LEVELS


@pytest.fixture
def studio() -> Any:
    """The software renderer, at little cost."""
    found = frames.studio("cpu")
    found.quality = LEVELS[-1]
    yield found
    found.quality = Quality()
