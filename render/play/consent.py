"""What somebody is told, and agrees to, before what they do is recorded."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from avatarium.worlds.core.transcript import Transcript

STATEMENT = "I agree that my moves are recorded, to study how people play and to train avatars."
"""What a person says by confirming the question."""
QUESTION = "May this episode be recorded?"


class Consent(NamedTuple):
    """That a person agreed: in which words, and with which device in hand."""

    line: str
    device: str
    """``keyboard`` or ``gamepad``."""
    person: Mapping[str, str] = MappingProxyType({})
    """The pseudonym, the session, and the hash of the entry in the ledger; where there are none, nobody may use the recording."""


def agreed(line: str, device: str, folder: Path, key: Path | None = None) -> Consent:
    """Enter in the ledger of a ``folder`` that a person agrees (see ``agents.consent``). Raises UserError where nothing can be written."""
    agreeing = importlib.import_module("avatarium.agents.consent.agreeing")
    return Consent(line, device, agreeing.agree(folder, line, key))


def seen(transcript: "Transcript") -> "Transcript":
    """The transcript, where everybody in it allows that it be watched. Raises UserError where a person does not."""
    importlib.import_module("avatarium.agents.consent").select([transcript], "replay")
    return transcript


def told(folder: Path) -> list[str]:
    """What a person is told before they decide, a paragraph each."""
    return [
        "What: the moves of your avatar, step by step, when you played, and whether by keyboard or gamepad. Nothing else.",
        f"Where: in a file in {folder} on this computer. It is sent nowhere.",
        "What for: to study how people play, and to train avatars. It says nothing of who you are: you have a pseudonym.",
        "You may stop at any time by Esc, and take it back later: `avatarium consent withdraw` deletes it, also from data sets.",
        "Without your yes you play all the same, and nothing is written.",
    ]
