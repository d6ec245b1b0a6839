"""What may be varied in concierge."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth; host and visitor are paid alike."""

    arrival: float = setting(1.0, 0.0, 100.0, "for a visitor's arrival in a room of the kind it wished for")
    failure: float = setting(-0.5, -100.0, 0.0, "for a wish given up")
    progress: float = setting(0.1, 0.0, 10.0, "per metre by which the visitor's walk to its wish became shorter")
    collision: float = setting(-0.02, -10.0, 0.0, "per step in contact with an avatar; a fifth of it in contact with a wall")
    time: float = setting(-0.002, -10.0, 0.0, "per step")


@dataclass(frozen=True)
class Config:
    """Settings of concierge."""

    visitors: int = setting(2, 1, 8, "visitors who come in the course of an episode")
    at_once: int = setting(1, 1, 3, "how many of them may be in the building at the same time")
    wishes: int = setting(3, 1, 16, "rooms that each visitor wants to see before it leaves")
    pause: int = setting(20, 1, 600, "most steps between a departure and the next arrival")
    patience: float = setting(3.0, 1.0, 100.0, "a wish is given up after this many times its oracle time plus 10 s")
    insight: float = setting(
        0.0, 0.0, 1.0, "share of wishes that the host knows beforehand: it then senses that no room but this one is wished for"
    )
    confusion: float = setting(0.0, 0.0, 1.0, "share of words that are heard as another one, drawn at random; 1 = shuffled")
    split: str = choice("train", "validation", "held-out", meaning="which buildings; held-out ones have three rooms more, and narrow doors")
    episode_steps: int = setting(600, 50, 6000, "of 0.1 s; it ends earlier when the last visitor has left")
    rooms_low: int = setting(6, 4, 12, "fewest rooms of a building, the lobby included")
    rooms_high: int = setting(9, 4, 12, "most rooms of a building, the lobby included")
    loops: float = setting(0.75, 0.0, 1.0, "share of walls of 4.5 m or more with a second door")
    furniture: float = setting(0.3, 0.0, 1.0, "share of rooms with a table in it")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    rays: Sensor = section(Sensor, "the fan of rays")
    people: Sensor = section(Sensor, "the nearest avatars in sight and what their hands do")
    hearing: Sensor = section(Sensor, "words spoken near by; mute it to see what language is worth")
    body: Sensor = section(Sensor, "own motion and memory of it")
    task: Sensor = section(Sensor, "the ways that the host knows, the wish that the visitor has")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
