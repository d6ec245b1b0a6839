"""Runs and checkpoints of ``avatarium train``."""

from pathlib import Path

from avatarium.agents.networks.acting import Acting
from avatarium.training.packing.graph import answer_of, exported
from avatarium.training.packing.sources import Home, Loaded, Source, Wish
from avatarium.training.run import checkpoint, export


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
    value = network.judges_alone and not found.plan.search
    acting, form = Acting(network, role, value).eval(), export.form(network, role, value)
    return Loaded(exported(acting, role, form), form, answer_of(acting), found.plan.sampling, export.told(found), found.plan.data)


SOURCE = Source("a run or checkpoint of `avatarium train`", recognises, load, home)
