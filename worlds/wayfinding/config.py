"""What may be varied in wayfinding."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.forecast import Forecast
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth."""

    progress: float = setting(0.3, 0.0, 10.0, "per metre by which the walk to the destination became shorter")
    arrival: float = setting(1.0, 0.0, 100.0, "for reaching the destination")
    collision: float = setting(-0.05, -10.0, 0.0, "per step in contact with an avatar; a fifth of it in contact with a wall")
    intrusion: float = setting(-0.01, -10.0, 0.0, "per step nearer than 0.45 m to another avatar")
    time: float = setting(-0.005, -10.0, 0.0, "per step")


@dataclass(frozen=True)
class Config:
    """Settings of wayfinding."""

    walkers: int = setting(8, 1, 16, "avatars that learn")
    crowd: int = setting(0, 0, 16, "scripted people who walk about as well")
    custom: str = choice("none", "keep-right", "keep-left", meaning="the side on which the crowd walks and gives way")
    guidance: str = choice("compass", "signs", meaning="what tells the way: direction and distance of the destination, or plates at doors")
    split: str = choice("train", "validation", "held-out", meaning="which buildings; held-out ones are larger and have narrower doors")
    control: str = choice("discrete", "continuous", meaning="heads walk and turn, or Box(3): forward, left, turn")
    episode_steps: int = setting(600, 50, 6000, "of 0.1 s")
    rooms_low: int = setting(6, 2, 16, "fewest rooms of a building (four more when held out)")
    rooms_high: int = setting(12, 2, 16, "most rooms of a building (four more when held out)")
    loops: float = setting(0.75, 0.0, 1.0, "share of walls of 4.5 m or more with a second door, so that there are ways around")
    furniture: float = setting(0.3, 0.0, 1.0, "share of rooms with a table in it")
    patience: float = setting(4.0, 1.0, 100.0, "a journey fails after this many times its oracle time plus 5 s")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    rays: Sensor = section(Sensor, "the fan of rays")
    people: Sensor = section(Sensor, "the nearest avatars in sight")
    body: Sensor = section(Sensor, "own motion and memory of it")
    task: Sensor = section(Sensor, "the destination")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    forecast: Forecast = section(Forecast, "where the nearest avatars in sight will be", later=True)
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
