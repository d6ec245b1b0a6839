"""What a training run is, as data: everything that is needed to start it again."""

import importlib.metadata
import platform
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

from avatarium.agents.networks.actor_critic import Architecture
from avatarium.training.league.fit import Fit
from avatarium.training.learn import foresight
from avatarium.training.learn.foresight import Foresight
from avatarium.training.learn.strategy import Grid, Search
from avatarium.training.learn.telling import Telling, by_role
from avatarium.training.learn.wishes import Wonder, parts_of
from avatarium.training.play import arena
from avatarium.training.play.arena import Arena
from avatarium.training.play.minds import load_mind
from avatarium.training.play.orders import Casting
from avatarium.training.run.recipe import Hyperparameters, Recipe, recipe_for
from avatarium.worlds.core import settings
from avatarium.worlds.core.errors import UserError, nearest

LIBRARIES = ("avatarium", "numpy", "numba", "torch", "ray")
MOST_ACTORS = 1024


@dataclass(frozen=True)
class Plan:
    """A world and its settings, how to learn in it, from which seed, and on what."""

    world: str
    settings: dict[str, Any]
    hyperparameters: Hyperparameters
    seed: int = 0
    runners: int = 0
    """Remote runners; 0: all in one process."""
    learners: int = 0
    """Remote learners; 0: the driver learns."""
    steps: int = 0
    """Decisions after which training ends; 0 when it ends after ``hyperparameters.minutes``."""
    minds: dict[str, str] = field(default_factory=dict)
    """Policies of roles that do not learn."""
    demos: tuple[str, ...] = ()
    """Transcripts, or folders of them, to learn from by imitation."""
    parent: str = ""
    """Run or checkpoint whose weights training begins with."""
    skip_private: bool = False
    """Whether recordings of persons who do not allow it are left out, instead of being an error."""
    data: tuple[str, ...] = ()
    """Hashes of the recordings that were learnt from so far, those of the parent included (see ``agents.consent``)."""

    @cached_property
    def arena(self) -> Arena:
        """Where to train. Raises UserError when there is no such world or setting."""
        return arena.find(self.world, self.settings)

    @cached_property
    def casting(self) -> Casting:
        """Who moves whom. Raises UserError when nobody is left to learn."""
        roles = self.arena.roles
        for name in self.minds:
            if name not in roles:
                raise UserError(f"there is no role {name!r} in {self.arena.name}: {nearest(name, roles)}")
        learning = [name for name in roles if name not in self.minds]
        if not learning:
            raise UserError("every role has a mind already: leave out --mind for the one that is to learn")
        modules: dict[str, str] = {}
        for name in learning:
            alike = [n for n in modules if self.arena.signatures[n] == self.arena.signatures[name]]
            modules[name] = modules[alike[0]] if alike and (self.hyperparameters.shared or self.hyperparameters.league) else name
        return Casting(modules, dict(self.minds), self._sides(modules) if self.hyperparameters.league else ())

    def _sides(self, modules: dict[str, str]) -> tuple[str, str]:
        """The first two roles that one module moves."""
        for first, second in combinations(modules, 2):
            if modules[first] == modules[second]:
                return first, second
        raise UserError(f"a league needs two roles that sense and do the same, and {self.arena.name} has none: leave out league")

    @property
    def rivals(self) -> tuple[str, ...]:
        """Scripted rivals of a league."""
        return tuple(filter(None, self.hyperparameters.rivals.split("+")))

    @property
    def architecture(self) -> Architecture:
        """How networks are built."""
        h = self.hyperparameters
        return Architecture(h.network, (h.hidden,) * h.layers, h.units, self._picture())

    def _picture(self) -> tuple[int, int, int] | None:
        """The shape of what those who learn see, if anything; roles of one world see alike."""
        pictures = (self.arena.roles[role].picture for role in self.casting.modules)
        return next((picture.shape for picture in pictures if picture), None)

    def fit(self, role: str) -> Fit:
        """What the network of a role is built for."""
        central = self.arena.state if self.central else ()
        return Fit.of(self.arena.roles[role], self.architecture, central, 2 if self.wonder else 1)

    @property
    def central(self) -> int:
        """Features of the global state that critics see."""
        return self.arena.central if self.hyperparameters.algorithm == "mappo" else 0

    @property
    def search(self) -> Search | None:
        """How policies are searched for, where that is done without gradients and without a critic."""
        if self.hyperparameters.algorithm == "brute_force":
            return Grid(max(len(self.arena.roles[role].continuous) for role in self.casting.modules))
        return self.hyperparameters.strategy if self.hyperparameters.algorithm == "evolution" else None

    @property
    def sampling(self) -> str:
        """How exported policies act (see ``Recipe.sampling``); what was searched for did so by its likeliest actions."""
        return "greedy" if self.search else recipe_for(self.arena.name).sampling

    @property
    def wonder(self) -> Wonder | None:
        """What learners wonder about."""
        h = self.hyperparameters
        parts = parts_of(h.curiosity)
        return Wonder(parts, h.extrinsic, h.intrinsic_gamma, h.intrinsic_episodic, h.lifetime_visits) if parts else None

    @property
    def telling(self) -> dict[str, Telling]:
        """What those who learn are made to tell, by role. Raises UserError when nobody can."""
        return by_role(self.hyperparameters.telling, {name: self.arena.roles[name] for name in self.casting.modules})

    @property
    def foresight(self) -> dict[str, Foresight]:
        """What those who learn are made to foresee, by role. Raises UserError when nobody can."""
        h = self.hyperparameters
        return foresight.by_role(h.foresight, h.foresight_steps, {name: self.arena.roles[name] for name in self.casting.modules})

    def check(self) -> None:
        """Raise UserError unless the world, its settings, the hyperparameters and the machines go together."""
        h = self.hyperparameters
        settings.check(h)
        _check_machines(self.runners, self.learners, h.envs)
        if h.network != "mlp" and h.fragment % h.sequence:
            raise UserError(
                f"fragment={h.fragment} is no multiple of sequence={h.sequence}, and a recurrent network learns from whole sequences"
            )
        if self.steps < 0:
            raise UserError(f"--steps {self.steps} is negative: give the number of decisions to train for")
        if (h.algorithm == "cloning") != bool(self.demos):
            raise UserError("imitation needs transcripts: give --demos together with --train algorithm=cloning, or neither")
        if h.algorithm == "mappo" and not self.arena.central:
            raise UserError(f"{self.arena.name} has no global state, which mappo's critic would see: choose ppo")
        if self.wonder and h.algorithm == "cloning":
            raise UserError("imitation has no use for curiosity: leave out one of them")
        if self.telling and h.algorithm == "cloning":
            raise UserError("imitation says what it was shown: leave out telling")
        if self.foresight and h.algorithm == "cloning":
            raise UserError("imitation does what it was shown: leave out foresight")
        if self.foresight and h.foresight_steps > h.fragment:
            raise UserError(f"foresight_steps={h.foresight_steps} is more than the fragment={h.fragment} in which they are looked for")
        if self.search:
            _check_search(self, self.search)
        if h.network != "mlp" and not h.layers:
            raise UserError("a recurrent network needs a layer before its cell: choose layers=1 or more")
        if self.rivals and not h.league:
            raise UserError("rivals play in a league: add league=true, or leave them out")
        _check_stages(self, recipe_for(self.arena.name))
        self._check_minds()

    def _check_minds(self) -> None:
        """Raise UserError unless everybody who is to play without learning can be had: runners elsewhere could not say so."""
        seats = [*self.casting.minds.items(), *((side, rival) for side in self.casting.sides for rival in self.rivals)]
        if seats:
            batch = self.arena.open(1)
            for role, text in seats:
                load_mind(text, batch, role)
            batch.close()

    def to_json(self) -> dict[str, Any]:
        """The plan as nested dicts of numbers and texts."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Plan":
        """The plan that ``to_json`` gave. Raises UserError when a hyperparameter is not known here."""
        told = found | {"hyperparameters": settings.build(Hyperparameters, found["hyperparameters"])}
        return cls(**(told | {name: tuple(found.get(name, ())) for name in ("demos", "data")}))

    def done(self, seconds: float, decisions: int) -> float:
        """Share of the training that lies behind, 0 to 1."""
        share = decisions / self.steps if self.steps else seconds / (60.0 * self.hyperparameters.minutes)
        return min(share, 1.0)

    def lr_scale(self, done: float, iteration: int) -> float:
        """Factor of the learning rate in an ``iteration``, counted from 0, when the share ``done`` lies behind."""
        if iteration < self.hyperparameters.settle:
            return 0.0
        return 1.0 - (1.0 - self.hyperparameters.lr_end) * done


def _check_stages(plan: Plan, recipe: Recipe) -> None:
    """Raise UserError unless the recipe's lessons, if there is a teacher, can be taken with so many environments."""
    if plan.hyperparameters.teacher == "none":
        return
    if recipe.curriculum is None:
        raise UserError(f"there is no curriculum for {plan.arena.name}: leave out teacher")
    stages, envs = recipe.curriculum.stages, plan.hyperparameters.envs // max(plan.runners, 1)
    if envs % stages:
        raise UserError(f"{envs} environments per runner cannot be shared out evenly over {stages} lessons: choose a multiple of it")
    for lesson in recipe.curriculum.lessons:
        found = arena.find(plan.world, plan.settings | recipe.curriculum.settings(lesson))
        if found.signatures != plan.arena.signatures:
            raise UserError(f"lesson {lesson} of {plan.arena.name} changes what avatars sense or do: a policy cannot learn from both")


def _check_search(plan: Plan, search: Search) -> None:
    """Raise UserError for what a search, which knows returns and one batch, has no use for."""
    h, picture = plan.hyperparameters, "a picture" if plan.architecture.picture else ""
    useless = [h.curiosity and "curiosity", h.telling and "telling", h.foresight > 0 and "foresight"]
    useless += [h.league and "league", h.teacher != "none" and "teacher"]
    useless += [h.team_spirit and "team_spirit", h.zero_sum and "zero_sum", h.network != "mlp" and f"network={h.network}", picture]
    if found := [name for name in useless if name]:
        raise UserError(f"{h.algorithm} goes by returns, with small networks: leave out {' and '.join(found)}")
    if plan.runners or plan.learners:
        raise UserError(f"{h.algorithm} plays in one batch: leave out --runners and --learners; it can have --train world_threads=N")
    if isinstance(search, Grid) and (h.layers or not search.controls or len(set(plan.casting.modules.values())) > 1):
        raise UserError("brute_force is for one role with continuous controls: add --train layers=0, and --mind for every other role")
    if h.envs % search.children:
        raise UserError(f"{h.envs} environments cannot be shared out evenly over {search.children} children: choose a multiple of it")
    if h.strategy.parents > h.strategy.children:
        raise UserError(f"{h.strategy.parents} parents cannot be chosen from {h.strategy.children} children: ask for fewer")


def _check_machines(runners: int, learners: int, envs: int) -> None:
    """Raise UserError unless environments can be shared out over runners, and runners or environments over learners."""
    if not 0 <= runners <= MOST_ACTORS or runners > envs:
        raise UserError(f"--runners {runners} does not go with {envs} environments: each runner needs at least one")
    if envs % max(runners, 1):
        raise UserError(f"{envs} environments cannot be shared out evenly over {runners} runners: choose --envs as a multiple of it")
    if not 0 <= learners <= MOST_ACTORS:
        raise UserError(f"--learners {learners} is out of range: 0 to {MOST_ACTORS}")
    shared, what = (runners, "runners") if runners else (envs, "environments")
    if learners and shared % learners:
        raise UserError(f"{shared} {what} cannot be shared out evenly over {learners} learners: choose a multiple of it")


def versions() -> dict[str, str]:
    """Version of Python and of the libraries that results depend on."""
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in LIBRARIES}
