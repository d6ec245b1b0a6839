"""The sensor: a picture as part of an observation, and what may be set about it."""

from dataclasses import dataclass
from typing import Any

from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import setting, switch
from avatarium.worlds.core.spec import Feature

NEAR_M = 10.0
"""Depth is told up to so many metres."""
IDS = 64
"""Numbers of things that can be told apart."""


@dataclass(frozen=True)
class Pixels(Sensor):
    """Pictures through the avatars' eyes. The section of a world's config is called ``pixels``."""

    width: int = setting(0, 0, 256, "of the picture in pixels; 0 = there is no picture")
    height: int = setting(84, 8, 256, "of the picture in pixels")
    fov_deg: float = setting(90.0, 30.0, 150.0, "horizontal field of view")
    depth: bool = switch(False, "whether a fourth channel tells how near things are")
    segments: bool = switch(False, "whether a last channel tells what things are")


def shape(pixels: Pixels) -> tuple[int, int, int]:
    """Channels, height and width of a picture."""
    return 3 + pixels.depth + pixels.segments, pixels.height, pixels.width


def features(config: Any) -> tuple[Feature, ...]:
    """The picture as the last feature of an observation, under a config with a section ``pixels``; nothing where it is not wanted.

    Its name tells how wide it looks: a policy that learnt with another lens does not fit.
    """
    pixels: Pixels = config.pixels
    if not pixels.width:
        return ()
    channels, height, width = shape(pixels)
    extra = f"; nearness, 1 = touching, 0 = {NEAR_M:g} m or more" if pixels.depth else ""
    extra += (
        f"; number of what is seen, over {IDS} (0 sky, 1 floor, 2 to 6 boxes, 7 other things, from 8 on avatars)" if pixels.segments else ""
    )
    meaning = f"what it sees, {pixels.fov_deg:g} degrees wide: channel by channel, row by row from the top; red, green, blue{extra}"
    return (Feature(f"picture_{pixels.fov_deg:g}_degrees", channels * height * width, 0, 1, meaning, "pixels", (channels, height, width)),)
