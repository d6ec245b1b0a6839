"""RLlib's view of a network: an RLModule around an ActorCritic."""

from typing import Any, cast

import gymnasium
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchDiagGaussian, TorchMultiCategorical
from ray.rllib.core.rl_module.apis import InferenceOnlyAPI, ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from avatarium.agents import curiosity
from avatarium.agents.curiosity import Bonus
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Inputs, Interface
from avatarium.agents.networks.normalise import RunningNormalisation
from avatarium.training.learn.estimation import Curiosity
from avatarium.training.learn.wishes import Wonder


class ActorCriticModule(TorchRLModule, ValueFunctionAPI, InferenceOnlyAPI):  # type: ignore[misc]
    """An ActorCritic for the spaces of one role.

    ``model_config`` holds its ``architecture`` (an Architecture), ``central`` (features of the global state that the critic sees, 0 for
    none), the ``precision`` it computes in, for learners that are to be curious ``wonder`` (a Wonder), and for those that are to foresee
    something ``foresees``, how many numbers. Runners build it without its critic. It also serves RLlib's own runners and learners.
    """

    network: ActorCritic

    def setup(self) -> None:
        """Build the network; RLlib calls this once."""
        continuous = isinstance(self.action_space, gymnasium.spaces.Box)
        self._wonder: Wonder | None = self.model_config.get("wonder")
        interface = Interface(
            observation=self.observation_space.shape[0],
            choices=() if continuous else tuple(self.action_space.nvec.tolist()),
            controls=self.action_space.shape[0] if continuous else 0,
            central=self.model_config.get("central", 0),
            values=2 if self._wonder else 1,
        )
        self.network = ActorCritic(interface, self.model_config.get("architecture", Architecture()))
        self.network.precision = getattr(torch, self.model_config.get("precision", "float32"))
        self.curiosity, self.scales, foresees = nn.ModuleDict(), nn.ModuleDict(), self.model_config.get("foresees", 0)
        self.foresight = nn.Linear(self.network.thought_size, foresees) if foresees and not self.inference_only else None
        if self.inference_only:  # here, because RLlib 2.60 cannot remove attributes of attributes itself
            del self.network.critic, self.network.returns
            if interface.central:
                del self.network.normalise_central
        elif self._wonder:
            for name, part in self._wonder.parts.items():
                self.curiosity[name] = curiosity.build(name, part.settings, interface.observation, interface.choices, interface.controls)
                self.scales[name] = RunningNormalisation(1, floor=1e-8)

    def bonus_items(self) -> list[tuple[str, Bonus]]:
        """The bonuses by name."""
        return cast("list[tuple[str, Bonus]]", list(self.curiosity.items()))

    def bonuses(self) -> Curiosity | None:
        """The bonuses with their scales and weights; None for a module that is not curious."""
        if not self._wonder:
            return None
        parts = [(self.curiosity[name], self.scales[name], part.weight) for name, part in self._wonder.parts.items()]
        return Curiosity(parts, self._wonder.extrinsic, self._wonder.gamma, self._wonder.episodic)

    def get_non_inference_attributes(self) -> list[str]:
        """What acting can do without."""
        return ["network.critic", "network.returns", "network.normalise_central", "curiosity", "scales", "foresight"]

    def get_inference_action_dist_cls(self) -> Any:
        """RLlib's distribution for this action space."""
        if self.network.controls:
            return TorchDiagGaussian
        return TorchMultiCategorical.get_partial_dist_cls(space=self.action_space, input_lens=list(self.network.choices))

    def get_initial_state(self) -> Any:
        """The memory of one avatar whose episode begins, by number of its part."""
        return {str(k): part[0] for k, part in enumerate(self.network.initial(1))}

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not self.network.recurrent:
            return {Columns.ACTION_DIST_INPUTS: self.network.act(batch[Columns.OBS])[0]}
        outputs, states = self.network.remember(self._inputs(batch))
        after = {str(k): part[-1] for k, part in enumerate(states)}
        return {Columns.ACTION_DIST_INPUTS: outputs.transpose(0, 1), Columns.STATE_OUT: after}

    def _forward_train(self, batch: dict[str, Any], **_: Any) -> dict[str, Tensor]:
        decisions, values = self.network.both(self._inputs(batch))
        found = {Columns.ACTION_DIST_INPUTS: decisions, Columns.VF_PREDS: values[..., 0]}
        return {name: column.transpose(0, 1) for name, column in found.items()} if self.network.recurrent else found

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Tensor:
        """The estimated return [B] of ``batch``'s observations."""
        values = self.network.evaluate(self._inputs(batch))[0][..., 0]
        return values.transpose(0, 1) if self.network.recurrent else values

    def _inputs(self, batch: dict[str, Any]) -> Inputs:
        """RLlib's columns, sequences being [B, T, ...] there; it cuts them where episodes begin."""
        observation = batch[Columns.OBS]
        if not self.network.recurrent:
            return Inputs(observation)
        seen = observation.transpose(0, 1)
        state = batch[Columns.STATE_IN]
        return Inputs(seen, None, torch.zeros(seen.shape[:2], dtype=torch.bool, device=seen.device), tuple(state[k] for k in sorted(state)))
