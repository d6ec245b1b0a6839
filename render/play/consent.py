"""What somebody is told, and agrees to, before what they do is recorded."""

from pathlib import Path
from typing import NamedTuple

STATEMENT = "I agree that my moves are recorded, to study how people play and to train avatars."
"""What a person says by confirming the question."""
QUESTION = "May this episode be recorded?"


class Consent(NamedTuple):
    """That a person agreed: in which words, and with which device in hand."""

    line: str
    device: str
    """``keyboard`` or ``gamepad``."""


def told(folder: Path) -> list[str]:
    """What a person is told before they decide, a paragraph each."""
    return [
        "What: the moves of your avatar, step by step, when you played, and whether by keyboard or gamepad. Nothing else.",
        f"Where: in a file in {folder} on this computer. It is sent nowhere.",
        "What for: to study how people play, and to train avatars.",
        "You may stop at any time by Esc, and delete the file.",
        "Without your yes you play all the same, and nothing is written.",
    ]
