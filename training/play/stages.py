"""The stages on which somebody plays: one for every lesson, which share the environments out evenly."""

from collections.abc import Callable, Mapping
from typing import Any

from avatarium.agents.networks.actor_critic import ActorCritic
from avatarium.training.names import STAGES
from avatarium.training.play import arena
from avatarium.training.play.actor import key_of
from avatarium.training.play.orders import Casting, Orders
from avatarium.training.play.rollout import Extras, Fragment, RolloutBatch, join
from avatarium.training.play.tally import log_results, log_steps


class Stages:
    """Stages of ``make``, ``Stage`` or one like it, for ``envs`` environments; fragments are ``steps`` long.

    ``where`` is the ``env_config`` of a ``BatchedPPOConfig``; ``networks`` are those that act, by module.
    """

    def __init__(
        self, make: Callable[..., Any], where: Mapping[str, Any], envs: int, steps: int, networks: Mapping[str, ActorCritic], seed: int
    ) -> None:
        self._make, self._where, self._envs, self._steps, self._networks, self._seed = make, where, envs, steps, networks, seed
        self._casting: Casting = where["casting"]
        self.open: list[Any] = []
        self._begun = 0

    def play(self, greedy: bool, orders: Orders, played: int) -> RolloutBatch:
        """One fragment of every environment, with what is learnt now; ``played``: steps of environments so far, by everybody."""
        self._prepare(orders.lessons, played)
        parts: dict[str, list[Fragment]] = {module: [] for module in self._casting.modules.values()}
        for stage in self.open:
            for role, fragment in stage.play(greedy, orders).items():
                parts[self._casting.modules[role]].append(fragment)
        envs = sum(stage.batch.num_envs for stage in self.open)
        return RolloutBatch({module: join(fragments) for module, fragments in parts.items()}, self._steps * envs)

    def log(self, metrics: Any, taken: RolloutBatch) -> None:
        """Log what was played since the last time to an RLlib ``MetricsLogger``."""
        log_steps(metrics, taken.env_steps, taken.decisions)
        for k, stage in enumerate(self.open):
            stage.tally.log(metrics, *((STAGES, str(k)) if len(self.open) > 1 else ()))
            if stage.rivalry:
                log_results(metrics, stage.rivalry.results())

    def close(self) -> None:
        """Close the worlds."""
        for stage in self.open:
            stage.close()
        self.open = []

    def _prepare(self, wanted: tuple[dict[str, Any], ...], played: int) -> None:
        """Have a stage for every lesson; those whose settings are still asked for go on as they are."""
        if len(self.open) != len(wanted):  # they share the environments out anew
            self.close()
            self.open = [self._stage(lesson, len(wanted), played) for lesson in wanted]
        for k, lesson in enumerate(wanted):
            if self.open[k].lesson != lesson:
                self.open[k].close()
                self.open[k] = self._stage(lesson, len(wanted), played)

    def _stage(self, lesson: dict[str, Any], count: int, played: int) -> Any:
        where = self._where
        place = arena.find(where["address"], where["settings"] | lesson)
        extras = {module: self._extras(network) for module, network in self._networks.items()}
        central = any(found.central for found in extras.values())
        batch = place.open(self._envs // count, where["threads"], central, where.get("device", arena.CPU))
        self._begun += 1
        origin = key_of(self._seed, played, self._begun)
        return self._make(batch, self._steps, self._casting, self._networks, extras, origin, lesson)

    def _extras(self, network: ActorCritic) -> Extras:
        states = network.initial(1)
        return Extras(
            states=len(states),
            units=network.architecture.units if states else 0,
            visits=self._where["visits"],
            lifetime=self._where["lifetime"],
            central=network.interface.central,
        )
