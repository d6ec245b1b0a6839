"""Data sets that Minari loads: one per role, whose episodes are single stays of single avatars.

Minari's episodes have one observation space, one action space, and an action for every step but the last observation. A dictionary by
agent would fit that only where everybody is there all the time and as many are in every episode; here avatars come and go, and most
learners of offline data take one stream of observations and actions. So each stay of an avatar is an episode, and its metadata say where
it belongs: ``transcript`` (the digest), ``agent`` and ``first_step`` put together what happened at the same time.

As Minari has it there are T + 1 observations and infos to T actions, and the last step is a truncation where nothing else ended the stay,
such as when a person left. ``infos`` hold ``step``, the reward by term, how often each event was done by and done to the avatar in the step
that led there, and, for roles that have them, the mask of open choices and whether what is decided counts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents.datasets.kinds import Kind
from avatarium.agents.datasets.stays import Episode, Stay
from avatarium.worlds.core.errors import need
from avatarium.worlds.core.spec import avatar_numbers

NAMESPACE = "namespace_metadata.json"
NEEDS = frozenset({"observations", "actions"})
"""Modalities that an episode of Minari cannot be without."""


class MinariSet:
    """A Minari data set of one kind in ``folder``, which is called ``name`` there."""

    loads = "minari.load_dataset({name!r})"

    def __init__(self, folder: Path, kind: Kind, name: str) -> None:
        need("h5py", "data")
        need("PIL", "data")
        minari, storage = need("minari", "data"), need("minari.dataset.minari_storage", "data")
        self._buffer = need("minari.data_collector", "data").EpisodeBuffer
        folder.mkdir(parents=True)
        space = kind.role.action_space
        self._dtype = space.dtype
        self._data = storage.MinariStorage.new(folder / "data", kind.role.observation_space, space, data_format="hdf5")
        self._data.update_metadata({"dataset_id": name, "minari_version": minari.__version__, **_about(kind)})
        self._count = 0

    def add(self, episode: Episode, stays: Sequence[Stay]) -> None:
        """Append these stays of an episode."""
        self._data.update_episodes([self._buffered(episode, stay) for stay in stays])
        numbers = range(self._count, self._count + len(stays))
        self._data.update_episode_metadata([metadata(episode, stay) for stay in stays], numbers)
        self._count += len(stays)

    def _buffered(self, episode: Episode, stay: Stay) -> Any:
        truncations = stay.truncations.copy()
        truncations[-1] |= not stay.terminations[-1]
        return self._buffer(
            seed=episode.seed,
            observations=stay.observations,
            actions=stay.actions.astype(self._dtype),
            rewards=stay.rewards,
            terminations=stay.terminations,
            truncations=truncations,
            infos=infos(episode, stay),
        )

    def close(self) -> None:
        """Nothing is left to write."""


def _about(kind: Kind) -> dict[str, Any]:
    role = kind.role
    text = (
        f"What avatars of the role {role.name} of {kind.world}, version {kind.version}, lived through; an episode is one stay of one of "
        f"them. Observations:\n\n{role.table()}"
    )
    return {"description": text, "requirements": ["avatarium"], "author": {"avatarium"}, "avatarium": kind.about()}


def metadata(episode: Episode, stay: Stay) -> dict[str, Any]:
    """Where a stay belongs and who lived through it, as attributes of its episode."""
    found = {
        "transcript": episode.told.digest,
        "world": episode.told.header["world"],
        "version": episode.told.spec.version,
        "config": episode.config,
        "split": episode.split,
        "agent": stay.agent,
        "stay": stay.count,
        "first_step": stay.first,
        "human": stay.human,
        "policy": stay.policy,
    }
    return found | ({"consent": episode.consent} if stay.human else {})


def infos(episode: Episode, stay: Stay) -> dict[str, Any]:
    """The infos of a stay, T + 1 rows each; row t + 1 tells of step t."""
    rows, kinds = len(stay) + 1, episode.kinds
    numbers = avatar_numbers(episode.told.roles.values())[stay.role.name]
    me = numbers[int(stay.agent.rpartition("_")[2])]
    done, received = np.zeros((2, len(kinds), rows), np.int32)
    for counts, field in ((done, "who"), (received, "whom")):
        mine = stay.events[stay.events[field] == me]
        np.add.at(counts, (mine["kind"], mine["step"].astype(np.int64) - stay.first + 1), 1)
    terms = np.concatenate([np.zeros((1, len(stay.role.terms)), np.float32), stay.terms])
    found: dict[str, Any] = {
        "step": np.arange(stay.first, stay.first + rows, dtype=np.int32),
        "terms": {name: terms[:, k] for k, name in enumerate(stay.role.terms)},
        "done": dict(zip(kinds, done, strict=True)),
        "received": dict(zip(kinds, received, strict=True)),
    }
    if stay.role.masked:
        found["allowed"] = stay.allowed
    if stay.due is not None:
        found["due"] = stay.due
    return found
