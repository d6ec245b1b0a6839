"""A person's token: who holds it is the person, to the ledger, which knows its hash alone."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from avatarium.worlds.core.errors import UserError

NAME = "consent.key"
"""The file of a token, beside the ledger, where no other is given."""
TOKEN = re.compile("[0-9a-f]{32}")


def key_of(token: str) -> str:
    """What a ledger knows of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def subject_of(key: str) -> str:
    """The pseudonym of whoever holds the token of this ``key``."""
    return f"p-{key[:16]}"


def signature(token: str, content: str) -> str:
    """HMAC-SHA-256 of a content: only who has the token can make it, or check it."""
    return hmac.digest(token.encode(), content.encode(), "sha256").hex()


def read(path: Path) -> str:
    """The token in a file. Raises UserError where there is none."""
    try:
        found = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise UserError(f"there is no key {path}: give the file with the person's token by --key") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise UserError(f"the key {path} cannot be read: {fault}") from None
    if not TOKEN.fullmatch(found):
        raise UserError(f"{path} holds no token, which has 32 hexadecimal digits: give another --key")
    return found


def kept(path: Path) -> str:
    """The token in a file that only its owner can read; a new one where there is no such file yet."""
    if path.exists():
        return read(path)
    token = secrets.token_hex(16)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:  # somebody else was faster
        return read(path)
    except OSError as fault:
        path.unlink(missing_ok=True)
        raise UserError(f"the key cannot be kept in {path} ({fault.strerror}): give another place by --key") from None
    return token
