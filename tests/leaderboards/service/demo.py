"""A season that nobody played: entrants, tables, episodes and a log as large as wanted, for tests, measurements and looking at pages."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from avatarium.leaderboards.database import log, models
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database

WORLDS = {"wayfinding": "walker", "gathering": "gatherer", "museum": "visitor", "commons": "villager", "domination": "mate"}
METRICS = {
    "wayfinding": [("success", "navigation", True), ("spl", "navigation", True), ("intrusion", "social", False)],
    "gathering": [("f_formation", "social", True), ("conversation_time", "social", True), ("journey_time", "navigation", False)],
    "museum": [("coverage", "curiosity", True), ("rooms_entered", "curiosity", True)],
    "commons": [("collective_return", "social", True), ("peace", "social", True)],
    "domination": [("win_rate", "social", True), ("score_margin", "navigation", True)],
}
PILLARS = ["navigation", "social", "curiosity"]
BEGUN = 1_772_000_000.0
SEASON = "spring-2026"
ADJECTIVES = ["quiet", "brave", "curious", "polite", "early", "wandering", "patient", "bold", "gentle", "restless"]
NOUNS = ["heron", "otter", "magpie", "lynx", "badger", "swift", "marten", "robin", "fox", "crane"]
PEOPLE = ["Ada", "Bela", "Chidi", "Dao", "Elif", "Farid", "Grace", "Hana", "Ivo", "Jun"]
SECRET = "ab" * 32
LAYERS = {"seccomp": True, "landlock": True, "no_new_privs": True, "bubblewrap": False}


def key(*parts: object) -> str:
    """A hash that stands for something."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def season(
    session: Session, name: str = SEASON, title: str = "Spring 2026", state: str = models.OPEN, created: float = BEGUN
) -> models.Season:
    """A season with a commitment, its worlds and anchors."""
    definition = {"schema": 1, "name": name, "title": title, "parts": [{"world": w, "role": r, "episodes": 64} for w, r in WORLDS.items()]}
    row = models.Season(
        name=name,
        title=title,
        state=state,
        definition=definition,
        ruleset=key(definition),
        created=created,
        commitment=hashlib.sha256(bytes.fromhex(SECRET)).hexdigest(),
        secret=SECRET if state == models.REVEALED else None,
        frozen=None if state == models.OPEN else created + 60 * 86400,
        revealed=created + 70 * 86400 if state == models.REVEALED else None,
    )
    session.add(row)
    session.flush()
    log.append(session, "announced", f"season:{name}", {"state": state})
    return row


def worlds(session: Session) -> None:
    """The worlds and the anchors of the season."""
    for world, role in WORLDS.items():
        session.add(models.WorldVersion(world=world, version=3, digest=key(world), quarantined="", created=BEGUN))
        for metric, _, higher in METRICS[world]:
            ends = (0.1, 0.8) if higher else (0.8, 0.1)
            about = {"season": SEASON, "world": world, "role": role, "scenario": key(world, "scenario"), "metric": metric}
            session.add(models.Anchor(**about, random=ends[0], reference=ends[1], sha256=key(world, "anchors")))
    session.flush()


def submissions(session: Session, count: int) -> list[models.Submission]:
    """So many submissions of ten people over all worlds; every tenth was rejected or failed. With them three baselines a world."""
    found = []
    for k in range(count):
        world = list(WORLDS)[k % len(WORLDS)]
        bad = k % 10 == 9
        state = (models.REJECTED if k % 20 == 9 else models.FAILED) if bad else models.FINISHED
        sentence = "the graph uses the operator 'RandomNormal', which is not one of those that policies may use" if bad else ""
        found.append(submission(f"{ADJECTIVES[k % 10]}-{NOUNS[k // 10 % 10]}-{k}", world, k, state, sentence))
    for world in WORLDS:
        for name in ("random", "heuristic", "oracle"):
            one = submission(name, world, -1, models.FINISHED, "")
            one.baseline, one.author, one.policy, one.manifest = True, "", name, {}
            found.append(one)
    session.add_all(found)
    session.flush()
    return found


def submission(name: str, world: str, number: int, state: str, sentence: str) -> models.Submission:
    """A row."""
    role, author = WORLDS.get(world, "walker"), f"{PEOPLE[number % 10]} of lab {number % 7}"
    manifest = {
        "schema": 1,
        "name": name,
        "world": world,
        "world_version": 3,
        "role": role,
        "signature": key(world)[:16],
        "actions": [3, 3],
        "sampling": "sample",
        "author": author,
        "licence": "Apache-2.0",
        "training_data": "40 M steps of self-play",
        "parent": None,
    }
    facts = {"nodes": 41, "parameters": 61_447 + 1000 * (number % 90), "opset": 17, "us_per_decision": 6.5 + number % 9}
    return models.Submission(
        key=key(name, world, number),
        account=None,
        name=name,
        author=author,
        world=world,
        world_version=3,
        role=role,
        baseline=False,
        policy="",
        artefact=key(name, "zip"),
        manifest=manifest,
        facts=facts,
        layers=LAYERS,
        weights=key(name, "weights"),
        actions="",
        clone_of=None,
        state=state,
        sentence=sentence,
        created=BEGUN + 3600.0 * max(number, 0),
    )


def interval(value: float, half: float) -> dict[str, float]:
    """A score with its interval."""
    return {"value": round(value, 4), "low": round(value - half, 4), "high": round(value + half, 4)}


def table(rows: list[models.Submission], world: str, seed: int, track: str = models.RANKED) -> dict[str, Any]:
    """A table of these submissions, as ``standings`` writes it; of all worlds where ``world`` is empty."""
    rng = np.random.default_rng(seed)
    columns = [column(w, *metric) for w in WORLDS for metric in METRICS[w] if world in ("", w)]
    pillars = [p for p in PILLARS if any(c["pillar"] == p for c in columns)]
    ranked = [one for one in rows if one.state == models.FINISHED]
    strength = np.sort(rng.normal(0.55, 0.3, len(ranked)))[::-1]
    lines = [line(one, float(strength[k]), k, len(ranked), columns, pillars, rng) for k, one in enumerate(ranked)]
    unranked = [{"key": s.key, "name": s.name, "author": s.author, "state": s.state, "sentence": s.sentence} for s in rows if s.sentence]
    matches = head_to_head(ranked[:24], strength[:24], rng)
    about = {"season": SEASON, "track": track, "world": world, "role": WORLDS.get(world, "")}
    return {**about, "columns": columns, "pillars": pillars, "rows": lines, "unranked": unranked, "matches": matches}


def column(world: str, metric: str, pillar: str, higher: bool) -> dict[str, Any]:
    """A column."""
    ends = (0.1, 0.8) if higher else (0.8, 0.1)
    return {
        "name": f"{world}/self-play/{metric}",
        "title": metric.replace("_", " "),
        "world": world,
        "mode": "self-play",
        "metric": metric,
        "pillar": pillar,
        "unit": "share",
        "digits": 2,
        "random": ends[0],
        "reference": ends[1],
        "higher_is_better": higher,
    }


def line(
    one: models.Submission, strength: float, k: int, count: int, columns: list[dict[str, Any]], pillars: list[str], rng: np.random.Generator
) -> dict[str, Any]:
    """A line."""
    half = float(rng.uniform(0.01, 0.05))
    scores = {c["name"]: interval(float(np.clip(0.1 + 0.7 * strength + rng.normal(0, 0.08), 0, 1)), half) for c in columns}
    clones = [{"key": key(one.name, n), "name": f"{one.name}-again"} for n in range(k % 7 == 3)]
    return {
        "entrant": one.key,
        "name": one.name,
        "author": one.author,
        "account": None,
        "submissions": [one.key],
        "baseline": one.baseline,
        "places": [max(1, k - 2), min(count, k + 3)],
        "headline": interval(strength, half),
        "pillars": {p: interval(strength + float(rng.normal(0, 0.1)), half) for p in pillars},
        "better_than_next": None if k == count - 1 else float(rng.uniform(0.5, 1)),
        "covered": 0.6 if k % 11 == 5 else 1.0,
        "scores": scores,
        "clones": clones,
        "attempts": 1 + k % 4,
        "efficiency": {"parameters": one.facts["parameters"], "flops": 2 * one.facts["parameters"], "us_per_decision": 6.5 + k % 9},
    }


def head_to_head(rows: list[models.Submission], strength: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Matches between players."""
    count = len(rows)
    elo = 400 / np.log(10) * 3 * (strength - strength.mean())
    p = 1 / (1 + 10 ** ((elo[None] - elo[:, None]) / 400))
    games = rng.integers(8, 40, (count, count))
    games = np.triu(games, 1) + np.triu(games, 1).T
    wins = rng.binomial(games, np.where(games > 0, p, 0))
    wins = np.triu(wins, 1) + np.tril((games - wins.T), -1)
    players = [{"key": one.key, "name": one.name} for one in rows]
    return {
        "players": players,
        "elo": [interval(float(e), 24.0) for e in elo],
        "games": games.sum(axis=1).tolist(),
        "shown": count,
        "wins": wins.tolist(),
        "ties": np.zeros((count, count), int).tolist(),
        "p_beat": np.round(p, 3).tolist(),
    }


def plan(
    session: Session,
    one: models.Submission,
    track: str = models.PUBLIC,
    state: str = models.FINISHED,
    jobs: str = models.DONE,
    season: str = SEASON,
) -> models.Job:
    """A plan of a submission with one job."""
    row = models.EvalPlan(
        submission=one.key, season=season, track=track, episodes=32, state=state, sentence="", created=one.created, finished=None
    )
    session.add(row)
    session.flush()
    job = models.Job(
        key=key(one.key, season, track),
        plan=row.id,
        kind="episodes",
        payload={},
        state=jobs,
        reason="",
        priority=0,
        attempts=1,
        owner="",
        lease_until=0.0,
        not_before=0.0,
        created=one.created,
        finished=None,
    )
    session.add(job)
    session.flush()
    log.append(session, "planned", f"submission:{one.key}", {"state": "checking", "sentence": "it is checked before it plays"})
    log.append(session, "finished", f"submission:{one.key}", {"state": "finished", "sentence": "", "seeds": [7_000_001]})
    return job


def episodes(
    session: Session, one: models.Submission, job: models.Job, count: int, first_seed: int, artefact: str = "", digest: str = ""
) -> None:
    """Episodes of a submission, one of which failed."""
    rng = np.random.default_rng(first_seed)
    for k in range(count):
        shares = {metric: [float(rng.integers(0, 9)), 9.0] for metric, _, _ in METRICS[one.world]}
        failed = k == 3
        session.add(
            models.Episode(
                submission=one.key,
                scenario=key(one.world, k % 4),
                scenario_name=f"held-out/crowd/{('none', 'keep-left')[k % 2]}",
                seed=first_seed + k,
                partner="",
                steps=0 if failed else 600,
                shares={} if failed else shares,
                background={},
                digest="" if failed else digest or key(one.key, k, "digest"),
                artefact="" if failed else artefact or key(one.key, k, "file"),
                fault="its answer was not finite" if failed else None,
                layers=LAYERS,
                job=job.id,
                created=BEGUN + k,
            )
        )
    session.flush()


def matches(session: Session, rows: list[models.Submission], job: models.Job, count: int) -> None:
    """So many matches between submissions."""
    rng, found = np.random.default_rng(1), []
    pairs = rng.integers(0, len(rows), (count, 2))
    for k, (i, j) in enumerate(pairs.tolist()):
        found.append(
            {
                "season": SEASON,
                "world": rows[i].world,
                "scenario": "versus",
                "seed": k,
                "first": rows[i].key,
                "second": rows[j].key,
                "outcome": 0.5 * float(k % 3),
                "first_score": 1.0,
                "second_score": 0.5,
                "digest": "",
                "artefact": "",
                "job": job.id,
                "created": BEGUN,
            }
        )
    session.execute(models.Match.__table__.insert(), found)


def snapshots(session: Session, rows: list[models.Submission]) -> None:
    """The suite's table and one for each world."""
    for track in (models.RANKED, models.PUBLIC):
        for number, world in enumerate(("", *WORLDS)):
            mine = [one for one in rows if world in ("", one.world)]
            about = {"season": SEASON, "track": track, "world": world, "role": WORLDS.get(world, "")}
            session.add(
                models.RatingSnapshot(**about, inputs=key(track, world), table=table(mine, world, number, track), created=BEGUN + 1e6)
            )
    session.flush()


def generalisation(metrics: list[str]) -> dict[str, Any]:
    """A generalisation table."""
    rng, cells = np.random.default_rng(0), []
    for mode in ("self-play", "focal-minority"):
        for place in ("validation", "held-out"):
            for people, customs in (("together", "none"), ("crowd", "none"), ("crowd", "keep-right"), ("strangers", "keep-left")):
                held = [
                    a
                    for a, h in (("places", place == "held-out"), ("people", people == "strangers"), ("customs", customs == "keep-left"))
                    if h
                ]
                for metric in metrics:
                    about = {"places": place, "people": people, "customs": customs, "mode": mode, "held_out": held, "metric": metric}
                    cells.append({**about, **interval(0.9 - 0.15 * len(held) + float(rng.normal(0, 0.04)), 0.03), "episodes": 64})
    margins = [
        {
            "axis": axis,
            "metric": metric,
            "pairs": 4,
            "seen": interval(0.86, 0.02),
            "held_out": interval(0.71, 0.03),
            "gap": interval(0.15, 0.03),
        }
        for metric in metrics
        for axis in ("places", "people", "customs")
    ]
    about = [{"name": m, "title": m, "unit": "share", "digits": 2, "higher_is_better": True} for m in metrics]
    return {"axes": ["places", "people", "customs"], "metrics": about, "cells": cells, "margins": margins}


def curves(metric: str) -> list[dict[str, Any]]:
    """Robustness curves."""
    return [
        {
            "sensor": sensor,
            "fault": fault,
            "metric": metric,
            "points": [{"level": x, **interval(0.9 - 0.5 * x * x, 0.03 + 0.02 * x)} for x in (0, 0.25, 0.5, 0.75, 1)],
        }
        for sensor, fault in (("rays", "noise"), ("compass", "delay"), ("people", "mute"))
    ]


def fill(
    database: Database, artefacts: Artefacts, count: int = 40, games: int = 0, transcript: Path | None = None
) -> list[models.Submission]:
    """A whole season; with a real transcript, its episodes can be watched. Returns the submissions, in the order of their keys' making."""
    artefact, digest = ("", "")
    if transcript is not None:
        from avatarium.worlds.core.transcript import Transcript

        artefact, digest = artefacts.put(transcript.read_bytes(), ".avt"), Transcript.open(transcript).digest
    with database.session() as session:
        season(session, "winter-2025", "Winter 2025", models.REVEALED, BEGUN - 1e7)
        season(session)
        worlds(session)
        rows = submissions(session, count)
        job = plan(session, rows[0])
        episodes(session, rows[0], job, 40, 1_000_000, artefact, digest)
        ranked = plan(session, rows[0], models.RANKED)
        episodes(session, rows[0], ranked, 12, 7_000_001)
        snapshots(session, rows)
        if games:
            matches(session, rows, ranked, games)
    return rows
