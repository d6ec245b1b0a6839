"""Commit and reveal: the seeds of a ranked track follow from a secret whose hash is published before anybody submits.

Blum 1983, "Coin flipping by telephone". Whoever runs a season cannot choose seeds to somebody's liking once submissions are in, and nobody
can train on seeds that nobody knows. When the secret is revealed, everybody can compute the seeds and compare.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from avatarium.worlds.core.errors import UserError

BYTES = 32
SEED_BITS = 62


def draw() -> str:
    """A fresh secret: 64 hexadecimal digits, 256 random bits."""
    return secrets.token_hex(BYTES)


def commitment(secret: str) -> str:
    """What is published of a secret at first: the SHA-256 of its 32 bytes."""
    return hashlib.sha256(_bytes(secret)).hexdigest()


def seeds(secret: str, track: str, world: str, count: int) -> list[int]:
    """The first ``count`` seeds of a world in a track: HMAC-SHA-256 of what they are for, keyed by the secret.

    The same for every submission; more of them never change those before.
    """
    return [_seed(_bytes(secret), f"{track}/{world}/{number}") for number in range(count)]


def _seed(key: bytes, purpose: str) -> int:
    digest = hmac.digest(key, purpose.encode(), "sha256")
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def _bytes(secret: str) -> bytes:
    try:
        found = bytes.fromhex(secret)
    except ValueError:
        found = b""
    if len(found) != BYTES:
        raise UserError(f"a season's secret has {2 * BYTES} hexadecimal digits; this one has not")
    return found


def write(path: Path, secret: str) -> None:
    """Keep a secret in a file that only its owner can read. Raises UserError where there is one already, or nothing can be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserError(f"{path} holds a secret already: it is not overwritten, since a season may depend on it") from None
    except OSError as error:
        raise UserError(f"the secret cannot be kept in {path} ({error.strerror}): choose another place with --secret") from None
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise UserError(f"the secret cannot be kept in {path} ({error.strerror}): choose another place with --secret") from None


def read(path: Path, expected: str) -> str:
    """The secret in a file. Raises UserError unless it is the one that was committed to (``expected``)."""
    try:
        found = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the season's secret cannot be read from {path} ({error}): give its file with --secret") from None
    check(found, expected)
    return found


def check(secret: str, expected: str) -> None:
    """Raise UserError unless ``secret`` is the one whose hash was published."""
    if not hmac.compare_digest(commitment(secret), expected):
        raise UserError("this is not the secret whose hash was published when the season began")
