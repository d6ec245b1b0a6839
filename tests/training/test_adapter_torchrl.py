"""Any world runs in TorchRL: specs hold, episodes end the way it expects, and its own PPO learns there."""

from typing import Any

import numpy as np
import pytest
import torch
from tensordict.nn import TensorDictModule
from torch.distributions import Categorical
from torchrl.collectors import Collector
from torchrl.envs import ActionMask, TransformedEnv, check_env_specs
from torchrl.modules import MultiAgentMLP, ProbabilisticActor
from torchrl.objectives import ClipPPOLoss, ValueEstimators

from avatarium import worlds
from avatarium.training.adapters.torchrl import WorldTensorEnv
from avatarium.worlds.core.errors import UserError


def lanes(num_envs: int = 2, **settings: Any) -> WorldTensorEnv:
    return WorldTensorEnv("lanes:WORLD", num_envs, **settings)


def towards(td: Any) -> Any:
    """The first walker goes to the side that is named, the others stand still."""
    acts = torch.ones(*td["walker", "mask"].shape, 2, dtype=torch.int64)
    acts[:, 0, 0] = torch.where(td["walker", "observation"][:, 0, 1] > 0, 2, 0)
    td["walker", "action"] = acts
    return td


@pytest.mark.parametrize(
    ("world", "settings"),
    [
        ("lanes:WORLD", {"callers": 2}),
        ("lanes:WORLD", {"control": "continuous"}),
        ("lanes:WORLD", {"leaving": True, "central": True, "episode_steps": 5}),
        ("masks", {"episode_steps": 8}),
    ],
)
def test_specs_hold(world: str, settings: dict[str, Any]) -> None:
    env = WorldTensorEnv(world, num_envs=3, **settings)
    check_env_specs(env, seed=0, break_when_any_done="both")


def test_masks_are_kept_by_those_who_ask() -> None:
    bare = WorldTensorEnv("masks", num_envs=8)
    (role,) = bare.group_map
    env = TransformedEnv(bare, ActionMask((role, "action"), (role, "action_mask")))
    told = env.rollout(40, break_when_any_done=False)[role]
    assert not told["action_mask"].all()
    first = torch.tensor([head.start for head in bare.batch.roles[role].mask_slices()])
    assert told["action_mask"].gather(-1, told["action"] + first).all()


def test_episodes_are_those_of_the_batch() -> None:
    env, batch = (
        lanes(callers=1, central=True, episode_steps=5),
        worlds.make_batch("lanes:WORLD", 2, callers=1, central=True, episode_steps=5),
    )
    env.set_seed(3)
    told = env.rollout(12, break_when_any_done=False)
    batch.reset(int(np.random.default_rng(3).integers(1 << 62)))
    for t in range(12):
        now, after = told[:, t], told[:, t]["next"]
        for name in batch.roles:
            assert np.array_equal(now[name, "observation"], batch.observations[name])
        assert np.array_equal(now["state"], batch.central)
        step = batch.step({name: now[name, "action"].reshape(2, count, -1).numpy() for name, count in batch.num_agents.items()})
        over = t % 5 == 4
        assert after["done"].all() == after["truncated"].all() == after["walker", "truncated"].all() == over
        assert not after["terminated"].any() and after["walker", "mask"].all()
        final, final_state = (step.final_observation, batch.final_central) if over else (step.observation, batch.central)
        assert np.array_equal(after["caller", "observation"], final["caller"])
        assert np.array_equal(after["state"], final_state)
        assert np.array_equal(after["walker", "reward"][..., 0], step.reward["walker"])


def test_who_leaves_is_done_before_the_others() -> None:
    told = lanes(num_envs=1, leaving=True).rollout(21, towards, break_when_any_done=False)[0]
    done, mask = told["next", "walker", "done"][..., 0], told["walker", "mask"]
    assert done[:, 0].tolist() == [False] * 9 + [True] * 11 + [False]
    assert done[:, 1].tolist() == told["next", "done"][:, 0].tolist() == [t == 19 for t in range(21)]
    assert mask[:, 0].tolist() == [True] * 10 + [False] * 10 + [True]
    assert told["next", "walker", "terminated"][:, 0, 0].tolist() == done[:, 0].tolist()
    assert told["next", "truncated"][:, 0].tolist() == done[:, 1].tolist()
    assert not told["next", "walker", "reward"][10:20, 0].any()


def test_half_an_episode_cannot_be_reset() -> None:
    env = lanes()
    td = env.rand_step(env.reset())["next"].select("done")
    td["_reset"] = torch.tensor([[True], [False]])
    with pytest.raises(UserError, match="before its episode was over"):
        env.reset(td)
    with pytest.raises(UserError, match="break_when_any_done"):
        env.step(env.rand_action(env.reset()).set("_step", torch.tensor([True, False])))


def test_clipped_ppo_learns_from_a_collector() -> None:
    torch.manual_seed(0)
    env = WorldTensorEnv("lanes:WORLD", num_envs=16, walkers=1, callers=2)
    env.set_seed(0)
    net = MultiAgentMLP(3, 3, n_agents=2, centralized=False, share_params=True, depth=1, num_cells=32)
    head = TensorDictModule(net, [("caller", "observation")], [("caller", "logits")])
    actor = ProbabilisticActor(
        head, in_keys=[("caller", "logits")], out_keys=[("caller", "action")], distribution_class=Categorical,
        return_log_prob=True, log_prob_key=("caller", "log_prob"), spec=env.full_action_spec["caller", "action"],
    )  # fmt: skip
    critic = TensorDictModule(
        MultiAgentMLP(3, 1, n_agents=2, centralized=False, share_params=True, depth=1, num_cells=32),
        [("caller", "observation")],
        [("caller", "state_value")],
    )

    def policy(td: Any) -> Any:
        td["walker", "action"] = torch.ones(*td.batch_size, 1, 2, dtype=torch.int64)  # walkers stand still
        return actor(td)

    loss = ClipPPOLoss(actor, critic, entropy_coeff=0.01)
    keys = {name: ("caller", name) for name in ("reward", "action", "done", "terminated")}
    loss.set_keys(**keys, sample_log_prob=("caller", "log_prob"), value=("caller", "state_value"))
    loss.make_value_estimator(ValueEstimators.GAE, gamma=0.99, lmbda=0.95)
    optimiser = torch.optim.Adam(loss.parameters(), 1e-2)
    rewards = []
    for data in Collector(env, policy, frames_per_batch=320, total_frames=320 * 12):
        rewards.append(float(data["next", "caller", "reward"].mean()))
        with torch.no_grad():
            loss.value_estimator(data, params=loss.critic_network_params, target_params=loss.target_critic_network_params)
        for _ in range(4):
            terms = loss(data.reshape(-1))
            optimiser.zero_grad()
            sum(value for name, value in terms.items() if name.startswith("loss_")).backward()
            optimiser.step()
    assert np.mean(rewards[-2:]) > np.mean(rewards[:2]) + 0.015  # the best there is is 0.05 per step, chance is 0
