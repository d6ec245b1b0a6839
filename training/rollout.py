"""What a runner brings home: columns of a stretch of play, time first, one row per step and one slot per avatar."""

from dataclasses import dataclass, fields

import numpy as np

from avatarium.worlds.core.spec import Role


@dataclass(frozen=True)
class Fragment:
    """T steps of the S avatars that one policy moves; S counts every avatar of the role in every environment.

    Final observations are kept only for those who were truncated: everyone else has either more steps or nothing to come.
    """

    observations: np.ndarray  # float32 [T + 1, S, D]: the last row is what the next fragment begins with
    actions: np.ndarray  # int32 [T, S, heads], or float32 [T, S, controls] as drawn, before clipping to [-1, 1]
    log_probs: np.ndarray  # float32 [T, S]: of the actions, under the policy that drew them
    rewards: np.ndarray  # float32 [T, S]
    terminations: np.ndarray  # bool [T, S]
    truncations: np.ndarray  # bool [T, S]
    present: np.ndarray  # bool [T, S]: whether the slot's avatar was there to act
    final_steps: np.ndarray  # int64 [F]: step of each final observation
    final_slots: np.ndarray  # int64 [F]: slot of each final observation
    final_observations: np.ndarray  # float32 [F, D]

    @property
    def agent_steps(self) -> int:
        """Number of decisions taken."""
        return int(np.count_nonzero(self.present))


@dataclass(frozen=True)
class RolloutBatch:
    """One fragment per module, of the same steps of the same environments.

    Not a dict, list or tuple itself, so that RLlib's ``tree.flatten`` passes it on whole.
    """

    fragments: dict[str, Fragment]
    env_steps: int

    @property
    def agent_steps(self) -> int:
        """Number of decisions taken, over all modules."""
        return sum(f.agent_steps for f in self.fragments.values())


def allocate(role: Role, steps: int, num_envs: int) -> Fragment:
    """An empty fragment of ``steps`` steps for ``num_envs`` environments of a role."""
    lead = (steps, num_envs * role.count)
    return Fragment(
        observations=np.zeros((steps + 1, lead[1], role.observation_size), np.float32),
        actions=np.zeros((*lead, role.action_size), role.action_dtype),
        log_probs=np.zeros(lead, np.float32),
        rewards=np.zeros(lead, np.float32),
        terminations=np.zeros(lead, np.bool_),
        truncations=np.zeros(lead, np.bool_),
        present=np.zeros(lead, np.bool_),
        final_steps=np.zeros(0, np.int64),
        final_slots=np.zeros(0, np.int64),
        final_observations=np.zeros((0, role.observation_size), np.float32),
    )


def join(parts: list[Fragment]) -> Fragment:
    """Lay fragments of several runners side by side, slot by slot; they have to be of equal length."""
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0] + [p.rewards.shape[1] for p in parts[:-1]])
    shifted = [p.final_slots + offset for p, offset in zip(parts, offsets, strict=True)]
    joined = {
        f.name: np.concatenate([getattr(p, f.name) for p in parts], axis=0 if f.name.startswith("final") else 1) for f in fields(Fragment)
    }
    return Fragment(**(joined | {"final_slots": np.concatenate(shifted)}))
