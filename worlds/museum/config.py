"""What may be varied in the museum."""

from dataclasses import dataclass

from avatarium.worlds.core.eyes import Pixels
from avatarium.worlds.core.senses import Sensor
from avatarium.worlds.core.settings import choice, section, setting, switch
from avatarium.worlds.core.synclag import SyncLag


@dataclass(frozen=True)
class Rewards:
    """What the terms of the reward are worth. By default nothing is: the world asks what avatars do of their own accord."""

    discovery: float = setting(0.0, 0.0, 100.0, "for each exhibit seen for the first time")
    face: float = setting(0.0, 0.0, 100.0, "for each face of a machine seen for the first time, its first one aside")
    interest: float = setting(0.0, 0.0, 100.0, "per unit by which the own level of interest in exhibits rises, weighed by the own taste")
    guide: float = setting(0.0, 0.0, 100.0, "the same of the others: the mean over the crowd, or over the other visitors if there is none")


@dataclass(frozen=True)
class Config:
    """Settings of the museum."""

    visitors: int = setting(4, 1, 12, "avatars that learn")
    crowd: int = setting(0, 0, 12, "scripted visitors")
    style: str = choice("mixed", "ant", "fish", "grasshopper", "butterfly", meaning="how the crowd visits; mixed: all four in turn")
    split: str = choice("train", "validation", "held-out", meaning="which museums; held-out ones are larger and have narrower doors")
    episode_steps: int = setting(2000, 50, 12000, "of 0.1 s")
    rooms_low: int = setting(6, 5, 12, "fewest rooms of a museum, corridors aside (two more when held out)")
    rooms_high: int = setting(8, 5, 12, "most rooms of a museum, corridors aside (two more when held out)")
    exhibits: int = setting(12, 4, 22, "exhibits in the open rooms, machines and screens included (two more when held out)")
    machines: int = setting(4, 2, 8, "of these, how many change when used")
    screens: int = setting(1, 0, 3, "of these, how many screens of noise")
    loops: int = setting(1, 0, 3, "of these, how many screens with an endless loop")
    wing: bool = switch(True, "whether a wing is locked until two machines show what its door asks for")
    vault: bool = switch(True, "whether there is a room whose door is open while two avatars stand on two plates")
    showcase: bool = switch(True, "whether there is a room behind glass that nobody can enter")
    hold: int = setting(50, 0, 600, "steps for which the vault's door stays open after the plates were left")
    reading_low: float = setting(5.0, 1.0, 60.0, "shortest reading time of an exhibit (s)")
    reading_high: float = setting(30.0, 1.0, 60.0, "longest reading time of an exhibit (s)")
    memory: bool = switch(False, "whether visitors sense which of the exhibits in sight they have seen, and their interest in them")
    rewards: Rewards = section(Rewards, "what the terms of the reward are worth")
    rays: Sensor = section(Sensor, "the fan of rays")
    people: Sensor = section(Sensor, "the nearest avatars in sight")
    body: Sensor = section(Sensor, "own motion and memory of it")
    sight: Sensor = section(Sensor, "the nearest exhibits in sight")
    doors: Sensor = section(Sensor, "the nearest shut room's door and the plates, in sight")
    own: Sensor = section(Sensor, "own taste, and memory of exhibits")
    pixels: Pixels = section(Pixels, "a picture through the avatar's eyes")
    sync: SyncLag = section(SyncLag, "how late others' states and own actions arrive", later=True)
