"""RLlib's view of a network: an RLModule around an ActorCritic."""

from typing import Any

import gymnasium
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchDiagGaussian, TorchMultiCategorical
from ray.rllib.core.rl_module.apis import InferenceOnlyAPI, ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor

from avatarium.agents.networks.mlp import ActorCritic


class ActorCriticModule(TorchRLModule, ValueFunctionAPI, InferenceOnlyAPI):  # type: ignore[misc]
    """An ActorCritic for the spaces of one role; ``model_config["hidden"]`` lists the widths of its hidden layers.

    Runners build it without its critic. It also serves RLlib's own runners and learners.
    """

    network: ActorCritic

    def setup(self) -> None:
        """Build the network; RLlib calls this once."""
        continuous = isinstance(self.action_space, gymnasium.spaces.Box)
        self.network = ActorCritic(
            observation_size=self.observation_space.shape[0],
            choices=() if continuous else self.action_space.nvec.tolist(),
            controls=self.action_space.shape[0] if continuous else 0,
            hidden=self.model_config["hidden"],
        )
        if self.inference_only:  # here, because RLlib 2.60 cannot remove attributes of attributes itself
            del self.network.critic, self.network.returns

    def get_non_inference_attributes(self) -> list[str]:
        """What acting can do without."""
        return ["network.critic", "network.returns"]

    def get_inference_action_dist_cls(self) -> Any:
        """RLlib's distribution for this action space."""
        if self.network.controls:
            return TorchDiagGaussian
        return TorchMultiCategorical.get_partial_dist_cls(space=self.action_space, input_lens=list(self.network.choices))

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Tensor]:
        return {Columns.ACTION_DIST_INPUTS: self.network(batch[Columns.OBS])}

    def _forward_train(self, batch: dict[str, Any], **_: Any) -> dict[str, Tensor]:
        decisions, values = self.network.both(batch[Columns.OBS])
        return {Columns.ACTION_DIST_INPUTS: decisions, Columns.VF_PREDS: values}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Tensor:
        """The estimated return [B] of ``batch``'s observations."""
        return self.network.value(batch[Columns.OBS])
