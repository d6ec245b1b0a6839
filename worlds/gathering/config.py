"""What may be varied in gathering."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth. Without ``overlap``, ``closeness`` and ``greeting`` manners do not pay."""

    listening: float = setting(0.2, 0.0, 10.0, "per step of hearing one speaker, times the own interest in the topic, boredom deducted")
    attention: float = setting(0.2, 0.0, 10.0, "per step of being the one speaker, times what listeners make of it on average")
    overlap: float = setting(-0.02, -10.0, 0.0, "per step of speaking while another one of the same conversation speaks")
    closeness: float = setting(-0.02, -10.0, 0.0, "per step nearer than 0.45 m to another avatar")
    greeting: float = setting(0.3, 0.0, 10.0, "to both, when a greeting is returned within 3 s; once per pair")
    overdue: float = setting(-0.02, -10.0, 0.0, "per step of staying longer than one's time")


@dataclass(frozen=True)
class Config:
    """Settings of gathering."""

    guests: int = setting(8, 1, 16, "avatars that learn")
    crowd: int = setting(0, 0, 16, "scripted people who talk as well")
    custom: str = choice(
        "none",
        "greet-first",
        "do-not-interrupt",
        "keep-distance",
        meaning="what the crowd keeps to, and turns away for 10 s from whoever does not",
    )
    split: str = choice("train", "validation", "held-out", meaning="which halls; held-out ones are larger, fuller, and unlike in tastes")
    control: str = choice(
        "discrete", "continuous", meaning="heads walk, turn, hand, say, or Box(6): forward, left, turn, wave, voice, topic"
    )
    episode_steps: int = setting(600, 50, 6000, "of 0.1 s")
    late: float = setting(0.25, 0.0, 1.0, "share of guests who come later, in the first half of the episode")
    early: float = setting(0.25, 0.0, 1.0, "share of guests who leave before its end")
    hall_low_m: float = setting(9.0, 7.0, 20.0, "shortest side of a hall (4 m more when held out)")
    hall_high_m: float = setting(12.0, 7.0, 20.0, "longest side of a hall (4 m more when held out)")
    tables: int = setting(3, 0, 8, "most tables (twice as many when held out)")
    plants: int = setting(4, 0, 8, "most plants (twice as many when held out)")
    partitions: int = setting(1, 0, 3, "most walls that stand free in the hall (twice as many when held out)")
    likes: int = setting(5, 1, 12, "topics that everybody likes, of 16: neighbours among the topics, but any of them when held out")
    boredom: float = setting(1.0, 0.0, 4.0, "how fast topics and partners wear off: 1 = by 63 % in 8 s and in 20 s")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    rays: Sensor = section(Sensor, "the fan of rays")
    people: Sensor = section(Sensor, "the nearest avatars in sight, what their hands do, and what one knows of them")
    hearing: Sensor = section(Sensor, "words that are spoken near")
    body: Sensor = section(Sensor, "own motion and memory of it")
    task: Sensor = section(Sensor, "own tastes, the conversation, the way out")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
