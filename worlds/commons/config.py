"""What may be varied in commons."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting, switch
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Growth:
    """How fast a bare tree bears again, by how many trees within 2 m bear fruit. Where none does, it never bears again."""

    few: float = setting(0.01, 0.0, 10.0, "chance per second with 1 or 2 ripe trees around")
    some: float = setting(0.03, 0.0, 10.0, "the same with 3 or 4")
    many: float = setting(0.1, 0.0, 10.0, "the same with 5 or more")


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth."""

    meal: float = setting(1.0, 0.0, 100.0, "for a fruit eaten")
    fine: float = setting(-2.0, -100.0, 0.0, "for being fined")
    fining: float = setting(-0.1, -100.0, 0.0, "for fining somebody")


@dataclass(frozen=True)
class Config:
    """Settings of commons."""

    pickers: int = setting(8, 1, 16, "avatars that learn")
    patches: int = setting(6, 1, 16, "patches of trees (half as many when held out)")
    trees: int = setting(9, 1, 16, "trees of a patch, two more or less (half as many again when held out)")
    hedges: int = setting(4, 0, 12, "hedges between patches, which stop bodies and sight")
    growth: Growth = section(Growth, "how fast bare trees bear again")
    ownership: str = choice("common", "private", meaning="who may eat: everybody everywhere, or patch by patch one of the pickers")
    sharing: float = setting(0.0, 0.0, 1.0, "share of everybody's reward that is the mean of all")
    fining: bool = switch(True, "whether pointing at somebody is a fine")
    timeout_steps: int = setting(50, 0, 600, "steps for which a fined picker neither eats nor fines nor can be fined again")
    cooldown_steps: int = setting(20, 0, 600, "steps between two fines by one picker")
    reputation: bool = switch(False, "whether one sees how others have eaten of late, and how often they were fined")
    chew_steps: int = setting(3, 0, 100, "steps between two meals")
    episode_steps: int = setting(1000, 50, 6000, "of 0.1 s")
    split: str = choice("train", "validation", "held-out", meaning="which gardens; held-out ones have fewer, larger patches, further apart")
    control: str = choice("discrete", "continuous", meaning="heads walk, turn and hand, or Box(4): forward, left, turn, hand")
    fan: bool = switch(False, "whether there are rays as well")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    fruit: Sensor = section(Sensor, "the trees around")
    people: Sensor = section(Sensor, "the nearest avatars in sight")
    whiskers: Sensor = section(Sensor, "walls and hedges close by")
    body: Sensor = section(Sensor, "own motion and memory of it")
    task: Sensor = section(Sensor, "own meals and fines")
    rays: Sensor = section(Sensor, "the fan of rays")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
