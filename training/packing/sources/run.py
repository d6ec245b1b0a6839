"""Runs and checkpoints of ``avatarium train``."""

from pathlib import Path

from avatarium.agents.networks.acting import Acting
from avatarium.training.packing.graph import answer_of, exported
from avatarium.training.packing.sources import Home, Loaded, Source, Wish
from avatarium.training.run import checkpoint, export
from avatarium.training.run.recipe import recipe_for


def recognises(text: str) -> bool:
    """Whether there is a checkpoint in the folder, or in its ``checkpoints``."""
    folder = Path(text)
    return (folder / checkpoint.ARRAYS).is_file() or (folder / "checkpoints").is_dir()


def home(text: str) -> Home:
    """Where it was trained, and the roles that learnt there. Raises UserError when it cannot be read."""
    found = checkpoint.load(Path(text))
    return Home(found.plan.arena, tuple(found.roles))


def load(text: str, wish: Wish) -> Loaded:
    """The policy of the wished role. It is read without pickles."""
    found, role = checkpoint.load(Path(text)), wish.role
    network = found.network(role.name)
    acting = Acting(network, role, network.judges_alone).eval()
    form = export.form(network, role, network.judges_alone)
    sampling = recipe_for(found.plan.arena.name).sampling
    return Loaded(exported(acting, role, form), form, answer_of(acting), sampling, export.told(found))


SOURCE = Source("a run or checkpoint of `avatarium train`", recognises, load, home)
