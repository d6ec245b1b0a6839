"""Models that Stable-Baselines3 has saved: PPO and A2C, and DQN, which is played greedily."""

import zipfile
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from avatarium.training.packing.fitting import check_spaces, tried
from avatarium.training.packing.graph import answer_of, exported
from avatarium.training.packing.sources import Loaded, Source, Wish
from avatarium.worlds.core.errors import UserError, need


class Actor(nn.Module):
    """What of an ``ActorCriticPolicy`` acts."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, observation: Tensor) -> tuple[Tensor, ...]:
        """Logits [B, C], or means and log-deviations [B, C] each, of float32 [B, D]."""
        policy = self.policy
        decided = policy.action_net(policy.mlp_extractor.forward_actor(policy.pi_features_extractor(observation)))
        return (decided, policy.log_std.expand_as(decided)) if hasattr(policy, "log_std") else (decided,)


class Values(nn.Module):
    """What a ``DQNPolicy`` thinks of each choice, as logits."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.net = policy.q_net

    def forward(self, observation: Tensor) -> tuple[Tensor]:
        """Expected returns [B, C] of float32 [B, D]."""
        return (self.net(observation),)


def recognises(text: str) -> bool:
    """Whether it is a zip with the parts that Stable-Baselines3 writes."""
    if not (Path(text).is_file() and zipfile.is_zipfile(text)):
        return False
    with zipfile.ZipFile(text) as archive:
        return {"data", "policy.pth"} <= set(archive.namelist())


def load(text: str, wish: Wish) -> Loaded:
    """The policy in the file. Raises UserError when it is of an algorithm or distribution that a submission cannot have."""
    policy, data = _policy(text)
    check_spaces(policy.observation_space, policy.action_space, wish.role)
    module = _flat(policy).eval()
    form = tried(module, wish.role, ())
    return Loaded(
        exported(module, wish.role, form),
        form,
        answer_of(module),
        "greedy" if isinstance(module, Values) else "sample",
        f"{data.get('num_timesteps', 0)} steps (Stable-Baselines3, {type(policy).__name__})",
    )


def _policy(text: str) -> tuple[Any, dict[str, Any]]:
    """The policy, which tells its spaces, and what else is said beside it."""
    saving = need("stable_baselines3.common.save_util", "adapters")
    try:
        data, parameters, _ = saving.load_from_zip_file(text, device="cpu")
        options = {"use_sde": True} if data.get("use_sde") else {}
        policy = data["policy_class"](data["observation_space"], data["action_space"], lambda _: 0.0, **options, **data["policy_kwargs"])
        policy.load_state_dict(parameters["policy"])
    except ModuleNotFoundError as missing:
        raise UserError(
            f"{text} needs {missing.name}, which is not installed: install it, or give the network as package.module:factory"
        ) from None
    except Exception as fault:  # a pickle may raise anything
        raise UserError(f"{text} cannot be loaded by the installed Stable-Baselines3: {' '.join(str(fault).split())[:200]}") from None
    return policy, data


def _flat(policy: Any) -> nn.Module:
    distributions = need("stable_baselines3.common.distributions", "adapters")
    if type(policy).__name__ == "DQNPolicy":
        return Values(policy)
    if not hasattr(policy, "action_dist") or hasattr(policy, "lstm_actor") or not hasattr(policy, "mlp_extractor"):
        raise UserError(f"it is a {type(policy).__name__}, but PPO, A2C and DQN can be packed: give its network as package.module:factory")
    kinds = (distributions.CategoricalDistribution, distributions.MultiCategoricalDistribution, distributions.DiagGaussianDistribution)
    if not isinstance(policy.action_dist, kinds) or isinstance(policy.action_dist, distributions.SquashedDiagGaussianDistribution):
        raise UserError(
            f"it draws its actions from a {type(policy.action_dist).__name__}, but a submission gives logits, or mean and log_std of a "
            "Gaussian: train without use_sde and squash_output"
        )
    return Actor(policy)


SOURCE = Source("a zip of Stable-Baselines3", recognises, load, pickled=True)
