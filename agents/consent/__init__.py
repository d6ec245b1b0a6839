"""What persons have allowed to be done with the recordings of them, kept in a ledger beside these; without a word of theirs, nothing.

>>> from avatarium.agents.consent import select
>>> select([], "train").permitted
()
"""

from avatarium.agents.consent.made import data_hash, describe
from avatarium.agents.consent.selection import LEAST, Gate, Making, Permit, PrivateError, Selection, select
from avatarium.agents.consent.words import DATA_SET, TRAINING

__all__ = ["DATA_SET", "LEAST", "TRAINING", "Gate", "Making", "Permit", "PrivateError", "Selection", "data_hash", "describe", "select"]
