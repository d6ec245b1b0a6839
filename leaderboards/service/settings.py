"""What an operator decides about a service."""

from dataclasses import dataclass, field

from avatarium.agents.archive import MAX_BYTES


@dataclass(frozen=True)
class Limits:
    """How much anybody may ask for; each is counted over a sliding window, in the database, so that several services share it."""

    requests: int = 600
    """Per minute and address."""
    token_requests: int = 2400
    """Per minute and token; requests with a token do not count for the address."""
    uploads: int = 30
    """Per hour and address, whether they are taken or not."""
    replays: int = 60
    """Per minute and address: a replay that nobody has asked for yet is computed."""
    upload_bytes: int = MAX_BYTES
    """Of a submission's file."""
    body_s: float = 60.0
    """Within which a request's body has to be here."""
    header_s: float = 15.0
    """Within which its head has to be here."""
    connections: int = 512
    """At once; more are told to come back."""


@dataclass(frozen=True)
class Settings:
    """A service: where its data are and how it behaves."""

    board: str
    """URL of the database, or the path of a SQLite file."""
    artefacts: str | None = None
    """URL or folder of files by their SHA-256; the folder ``artefacts`` beside the board's file by default."""
    secrets: str = "runs/secrets"
    """Folder of the secrets of seasons, ``NAME.secret`` each; without one a season has no ranked track here."""
    title: str = "Avatarium"
    trust: bool = False
    """Whether files of others are played although this machine lacks protections of the sandbox."""
    limits: Limits = field(default_factory=Limits)
