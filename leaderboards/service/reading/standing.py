"""What a table holds, as ``standings`` writes it and the JSON interface documents it."""

from pydantic import BaseModel, ConfigDict, Field

from avatarium.leaderboards.service.reading.shapes import Interval


class Shape(BaseModel):
    """Tables hold these fields, and may hold more, as seasons go on."""

    model_config = ConfigDict(extra="allow")


class Column(Shape):
    """A metric in a world and a mode, with the ends of its scale."""

    name: str
    title: str
    world: str
    mode: str
    metric: str
    pillar: str
    unit: str
    digits: int
    random: float | None
    reference: float | None
    higher_is_better: bool


class Clone(Shape):
    """Another submission that does the same."""

    key: str
    name: str


class Row(Shape):
    """An entrant's line."""

    entrant: str
    name: str
    author: str
    account: str | None
    submissions: list[str]
    baseline: bool
    places: list[int] = Field(description="The best and the worst place that the episodes leave open.")
    headline: Interval
    pillars: dict[str, Interval]
    better_than_next: float | None
    covered: float | None = Field(description="Share of the columns in which it has a score.")
    scores: dict[str, Interval]
    clones: list[Clone]
    attempts: int
    efficiency: dict[str, float | None]


class Unranked(Shape):
    """Somebody who is not ranked, and why."""

    key: str
    name: str
    author: str
    state: str
    sentence: str


class Matches(Shape):
    """Head to head: P players, the best first; wins of the row over the column, among so many of the best as are ``shown``."""

    players: list[Clone]
    elo: list[Interval]
    games: list[int]
    shown: int
    wins: list[list[int]]
    ties: list[list[int]]
    p_beat: list[list[float | None]]


class Table(Shape):
    """A table of a season."""

    season: str
    track: str
    world: str
    role: str
    columns: list[Column]
    pillars: list[str]
    rows: list[Row]
    unranked: list[Unranked]
    matches: Matches | None
