"""What may be varied in domination."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth. By default all but the last add up to nothing over both teams."""

    score: float = setting(2.0, 0.0, 100.0, "by how much an own lead grows, all points held all the time being 1; to each of a team")
    win: float = setting(1.0, 0.0, 100.0, "to each of the team that wins, and taken from each of the other")
    capture: float = setting(0.05, 0.0, 10.0, "to whoever takes a point; the other team loses as much together")
    tag: float = setting(0.05, 0.0, 10.0, "to whoever tags an opponent")
    tagged: float = setting(-0.05, -10.0, 0.0, "to whoever is tagged")
    approach: float = setting(0.02, 0.0, 10.0, "per metre by which the way to the nearest point that is not the own team's became shorter")


@dataclass(frozen=True)
class Config:
    """Settings of domination."""

    team: int = setting(5, 1, 10, "avatars of each team")
    command: str = choice(
        "soldier", "order", "commander", meaning="what is decided: each step, each avatar's point, or how a team spreads over the points"
    )
    decision_steps: int = setting(10, 1, 200, "an order or a command stands so long, of 0.1 s, unless a point changes hands")
    capture: str = choice(
        "last",
        "neutral",
        "first",
        "majority",
        meaning="whose a point is on which both teams stand: who came last, nobody's, who held it, more",
    )
    window_s: float = setting(3.0, 0.0, 60.0, "a point scores once it has been held so long")
    pool: float = setting(0.0, 0.0, 1000.0, "a lead of so many points wins at once; 0: only the time ends a game")
    walls: int = setting(6, 0, 10, "pairs of walls and crates in the arena, at most (four more when held out)")
    stretch: float = setting(1.0, 1.0, 1.3, "how many times as wide and high arenas may be; held-out ones are larger anyhow")
    flanks: float = setting(0.0, 0.0, 1.0, "share of the arenas whose mirrored points lie on the flanks; of held-out ones all do anyhow")
    split: str = choice(
        "train", "validation", "held-out", meaning="which arenas; held-out ones are larger and fuller, the points elsewhere"
    )
    control: str = choice("discrete", "continuous", meaning="of soldiers: heads walk, turn, hand and say, or Box(5)")
    sight: str = choice("none", "rays", meaning="whether soldiers see walls by a fan of rays as well")
    episode_steps: int = setting(600, 50, 6000, "of 0.1 s")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    rays: Sensor = section(Sensor, "the fan of rays, where there is one")
    people: Sensor = section(Sensor, "the nearest avatars in sight")
    body: Sensor = section(Sensor, "own motion and memory of it")
    hearing: Sensor = section(Sensor, "what mates say")
    task: Sensor = section(Sensor, "points, scores and orders")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
