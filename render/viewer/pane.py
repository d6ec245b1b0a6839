"""One episode in the viewer: its scenes, who is where and when, and what can be laid over the picture."""

from collections import OrderedDict
from dataclasses import replace

import numpy as np

from avatarium.render.draw.frames import pose
from avatarium.render.viewer import contacts, ticks
from avatarium.render.viewer.gaze import Tripod
from avatarium.render.viewer.heat import Visits
from avatarium.render.viewer.route import Routes
from avatarium.render.viewer.source import FrameSource, Reading
from avatarium.worlds.core.scene import Scene

TRAIL, OWN_TRAIL = 40, 120
"""Steps that trails reach back, of all avatars and of the one that is followed."""

SAID = 12
"""Steps for which an event stays in a speech bubble."""

_KEPT = 400


class Pane:
    """An episode and what follows from the moment and from whom one follows. A shorter episode than its neighbours stays at its end."""

    def __init__(self, source: FrameSource, title: str = "") -> None:
        self.source, self.title, self.tripod = source, title, Tripod()
        self._scenes: OrderedDict[int, Scene] = OrderedDict()
        self._visits: Visits | None = None
        self._routes = Routes()
        self._ticks: tuple[tuple[int, str, int, float], np.ndarray] | None = None

    def frame(self, t: int) -> Scene:
        """The scene of frame ``t``; the last ones that were asked for are kept."""
        t = min(t, self.source.last)
        if t not in self._scenes:
            self._scenes[t] = self.source.scene(t)
            if len(self._scenes) > _KEPT:
                self._scenes.popitem(last=False)
        return self._scenes[t]

    def scene(self, now: float) -> Scene:
        """What there is to see at a moment (steps); between two steps avatars stand in between."""
        t = min(int(now), self.source.last)
        share = now - t
        if share < 1e-3 or t >= self.source.last:
            return self.frame(t)
        return between(self.frame(t), self.frame(t + 1), share)

    def index(self, scene: Scene, name: str) -> int:
        """Index of a figure in ``scene``; -1 when it is not there."""
        return scene.names.index(name) if name in scene.names else -1

    def reading(self, now: float, name: str) -> Reading | None:
        """The followed avatar from its own side; None for one of the crowd, or one that is not there."""
        t = min(int(now), self.source.last)
        return self.source.reading(t, name) if name in self.frame(t).names else None

    def called(self, who: int) -> str:
        """Name of the avatar that an event counts as ``who``: agents come first, then the crowd."""
        agents = self.source.agents
        return agents[who] if 0 <= who < len(agents) else (f"crowd_{who - len(agents)}" if who >= 0 else "everybody")

    def ticks(self, name: str, columns: float, length: int) -> np.ndarray:
        """Ticks for the timeline, as ``ticks.marks`` gives them."""
        events = self.source.events()
        at = (len(events), name, length, columns)
        if self._ticks is None or self._ticks[0] != at:
            who = self.source.agents.index(name) if name in self.source.agents else -1
            self._ticks = (at, ticks.marks(events, who, length, columns))
        return self._ticks[1]

    def trails(self, now: float, scene: Scene, chosen: str) -> dict[int, np.ndarray]:
        """Where each figure has been of late, by its index in ``scene``: points [P, 2], oldest first."""
        t = min(int(now), self.source.last)
        paths: dict[str, list[tuple[float, float]]] = {name: [] for name in scene.names}
        for back in range(max(0, t - OWN_TRAIL), t + 1, 2):
            past = self.frame(back)
            for name, x, y in zip(past.names, past.figures["x"].tolist(), past.figures["y"].tolist(), strict=True):
                if name in paths and (back >= t - TRAIL or name == chosen):
                    paths[name].append((x, y))
        for i, name in enumerate(scene.names):
            paths[name].append((float(scene.figures["x"][i]), float(scene.figures["y"][i])))
        return {i: np.array(paths[name]) for i, name in enumerate(scene.names)}

    def words(self, now: float, scene: Scene) -> dict[int, str]:
        """What the bubbles say, by figure index: the last notable thing that happened to each, or the word it speaks."""
        events, length = self.source.events(), self.source.length
        words: dict[int, str] = {}
        if len(events):
            often = np.bincount(events["kind"], minlength=len(self.source.kinds)) > max(10, length // 16)
            recent = events[(events["step"] < now) & (events["step"] >= now - SAID) & ~often[events["kind"]]]
            for event in recent[::-1]:
                name = self.called(int(event["who"]))
                if name in scene.names:
                    words[scene.names.index(name)] = self.source.kinds[event["kind"]].replace("_", " ")
        return words | {int(i): f"“{scene.figures['word'][i]}”" for i in np.flatnonzero(scene.figures["word"])}

    def visits(self) -> Visits:
        """The map of where avatars have been, made at the first call."""
        if self._visits is None:
            self._visits = Visits(self.source.scene)
        return self._visits

    @property
    def has_goals(self) -> bool:
        """Whether a goal in an avatar's colour is where it wants to go."""
        return "navigation" in self.source.tags

    def route(self, now: float, scene: Scene, chosen: int) -> np.ndarray:
        """The shortest walk of a figure to its goal, float32 [P, 2] (m); empty where there is no goal, plan or way."""
        plan = self.source.plan(min(int(now), self.source.last)) if self.has_goals and chosen >= 0 else None
        if plan is None:
            return np.zeros((0, 2), np.float32)
        mine = scene.goals[scene.goals[:, 2] == scene.figures["colour"][chosen]]
        if len(mine) != 1:
            return np.zeros((0, 2), np.float32)
        x, y, _ = pose(scene, chosen)
        return self._routes.walk(plan, (x, y), (float(mine[0, 0]), float(mine[0, 1])))

    def contacts(self, now: float) -> list[contacts.Contact]:
        """Who has dealt with whom of late."""
        events = self.source.events()
        present = {*events["who"].tolist(), *events["whom"].tolist()} if len(events) else set()
        return contacts.recent(events, now, {who: self.called(who) for who in present if who >= 0})


def between(here: Scene, there: Scene, share: float) -> Scene:
    """The scene ``share`` of the way from one step to the next; avatars that jump stay where they are."""
    if here.names != there.names:
        return here
    a, b = here.figures, there.figures
    mixed = a.copy()
    near = np.hypot(b["x"] - a["x"], b["y"] - a["y"]) < 1.0
    for name in ("x", "y"):
        mixed[name] = np.where(near, a[name] + (b[name] - a[name]) * share, a[name])
    turn = np.remainder(b["heading"] - a["heading"] + np.pi, 2 * np.pi) - np.pi
    mixed["heading"] = a["heading"] + turn * share
    return replace(here, figures=mixed)
