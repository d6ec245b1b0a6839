"""What the JSON interface answers with, and templates are filled from. Moments are UTC, seconds since 1970."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")
KEY = "3f6c1e0b9a5d4c7f8e2b1a0d9c8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e2d1c0b"
SHA256 = Annotated[str, Field(examples=[KEY])]


class Shape(BaseModel):
    """Answers hold these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Page(Shape, Generic[Item]):
    """Some of many things; ``next`` leads on."""

    items: list[Item]
    next: str | None = Field(None, description="Give it as `cursor` to go on; null at the end.")


class SeasonSummary(Shape):
    """A season in a list."""

    name: str = Field(examples=["spring-2026"])
    title: str = Field(examples=["Spring 2026"])
    state: str = Field(examples=["open"], description="open, frozen or revealed")
    created: float
    frozen: float | None
    revealed: float | None


class World(Shape):
    """A world as it was when a season began."""

    world: str
    version: int
    digest: str = Field(description="Of a fixed episode: the same rules give the same digest.")
    quarantined: str


class AnchorScore(Shape):
    """The ends of a scale."""

    world: str
    role: str
    scenario: str
    metric: str
    random: float
    reference: float
    sha256: str


class Season(SeasonSummary):
    """A season in full, with all by which it can be checked."""

    ruleset: SHA256
    commitment: str = Field(description="SHA-256 of the secret from which the seeds of the ranked track follow.")
    secret: str | None = Field(description="Once the season is revealed.")
    definition: dict[str, Any]
    worlds: list[World]
    anchors: list[AnchorScore]
    submissions: int
    episodes: int


class TableName(Shape):
    """Which tables there are, and their newest snapshots."""

    snapshot: int
    track: str
    world: str = Field(description="Empty for the table over all worlds.")
    role: str
    inputs: str = Field(description="SHA-256 of the episodes and matches that it rests on.")
    created: float


class Interval(Shape):
    """A number and where 95 % of its resamples lie; null where there is no score."""

    value: float | None
    low: float | None
    high: float | None


class SubmissionSummary(Shape):
    """A submission in a list."""

    key: SHA256
    name: str
    author: str
    account: str
    world: str
    world_version: int
    role: str
    baseline: bool
    state: str = Field(examples=["finished"], description="checking, rejected, playing, finished, failed or retired")
    sentence: str = Field(description="Why it is in that state, where that needs a reason.")
    clone_of: str | None
    created: float


class Plan(Shape):
    """How far a submission is in a track of a season."""

    season: str
    track: str
    state: str
    sentence: str
    episodes: int = Field(description="How many it takes.")
    played: int
    ahead: int | None = Field(description="Jobs of others that come first; null when nothing is waiting.")
    created: float
    finished: float | None


class State(Shape):
    """Where a submission stands, and why."""

    key: SHA256
    state: str
    sentence: str
    plans: list[Plan]


class Happening(Shape):
    """Something that the log tells of a submission."""

    number: int
    kind: str
    state: str
    sentence: str
    created: float


class Submission(SubmissionSummary):
    """A submission in full."""

    manifest: dict[str, Any]
    facts: dict[str, Any]
    layers: dict[str, Any] = Field(description="Which protections of the sandbox held.")
    weights: str
    plans: list[Plan]
    timeline: list[Happening]


class Episode(Shape):
    """One scored episode. Its seed and transcript are hidden until they can harm no season."""

    id: int
    submission: SHA256
    scenario: str
    scenario_name: str
    partner: str
    steps: int
    value: float | None = Field(description="By the metric that the list is sorted by.")
    shares: dict[str, Any] = Field(description="Numerator and denominator of each metric.")
    fault: str | None
    digest: str = Field(description="Of the transcript's contents; `avatarium verify` computes it again.")
    artefact: str = Field(description="SHA-256 of the transcript's file.")
    seed: int | None = Field(description="Null while it is hidden.")
    hidden: bool
    created: float


class Event(Shape):
    """An entry of the log; each holds the hash of the one before."""

    number: int
    kind: str
    subject: str
    previous: str
    hash: str
    created: float


class Account(Shape):
    """Somebody who submits."""

    name: str
    daily_limit: int
    disabled: bool
    created: float


class Token(Shape):
    """A token, without its text."""

    id: int
    account: str
    label: str
    scopes: list[str]
    created: float
    expires: float | None
    revoked: float | None
    last_used: float | None


class NewToken(Token):
    """A token with its text, which is told this once."""

    token: str


class Me(Shape):
    """Whom a token stands for."""

    account: str
    scopes: list[str]
    daily_limit: int
    submitted_today: int


class Health(Shape):
    """Whether the service can answer."""

    status: str = Field(examples=["ready"])
