"""What is learnt from: rows or sequences of decisions, to draw minibatches from."""

from dataclasses import dataclass

import torch
from torch import Tensor

from avatarium.agents.networks.actor_critic import Inputs, State

ACTIONS, ALLOWED, LOG_PROBS, ADVANTAGES, TARGETS = "actions", "allowed", "log_probs", "advantages", "targets"
OBSERVATIONS, AFTER, VISITS, STARTS, PRESENT, FUTURES = "observations", "after", "visits", "starts", "present", "futures"


@dataclass(frozen=True)
class Minibatch:
    """Decisions to learn from: B rows, or L steps of B sequences."""

    inputs: Inputs
    columns: dict[str, Tensor]
    who: Tensor
    """int64 [B] or [L, B]: which avatar of its role decided."""

    @property
    def weights(self) -> Tensor | None:
        """float32 [L, B]: 0 where nobody was there; None for rows, of which all count."""
        return self.columns[PRESENT].float() if self.inputs.starts is not None else None

    @property
    def decisions(self) -> int:
        """How many decisions there are."""
        return int(self.columns[PRESENT].sum()) if self.inputs.starts is not None else len(self.columns[PRESENT])


@dataclass(frozen=True)
class Table:
    """All decisions of one module in one batch. T steps, S slots; a decision's row is ``step * S + slot``."""

    columns: dict[str, Tensor]
    """By name, [T * S, ...]."""
    drawn: Tensor
    """int64 [U]: what minibatches are drawn from, rows or the first rows of sequences."""
    length: int
    """Steps of a sequence; 1 when rows are drawn."""
    memory: State
    """float32 [T / length * S, units] each: what was remembered before each sequence."""
    central: Tensor
    """float32 [T + 1, N, G]."""
    central_of: Tensor
    """int64 [S]."""
    who: Tensor
    """int64 [S]."""
    capacity: int
    """T * S: it fixes the number of minibatches."""
    told: dict[str, float]
    """What is worth logging about it."""

    @property
    def slots(self) -> int:
        """Number of avatars, S."""
        return len(self.who)

    @property
    def recurrent(self) -> bool:
        """Whether sequences are drawn instead of rows."""
        return bool(self.memory)

    def take(self, drawn: Tensor) -> Minibatch:
        """The decisions that ``drawn`` int64 [B], some of ``self.drawn``, stand for."""
        rows = drawn
        if self.recurrent:
            rows = drawn + self.slots * torch.arange(self.length, device=drawn.device)[:, None]
        flat = rows.flatten()
        columns = {name: column.index_select(0, flat).view(*rows.shape, *column.shape[1:]) for name, column in self.columns.items()}
        slot = rows % self.slots
        central = self.central[rows // self.slots, self.central_of[slot]] if self.central.shape[-1] else None
        state: State = ()
        starts: Tensor | None = None
        if self.recurrent:
            before = drawn // (self.length * self.slots) * self.slots + drawn % self.slots
            state, starts = tuple(part.index_select(0, before) for part in self.memory), columns[STARTS]
        return Minibatch(Inputs(columns[OBSERVATIONS], central, starts, state), columns, self.who[slot])
