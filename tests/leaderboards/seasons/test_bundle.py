"""A season that is over can be checked by its bundle alone, and whatever was changed in it is found."""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.models import EvalPlan, Match, RatingSnapshot
from avatarium.leaderboards.queue import entry
from avatarium.leaderboards.seasons import acts, bundle
from avatarium.leaderboards.seasons.audit import audit
from avatarium.leaderboards.seasons.verify import verify
from avatarium.leaderboards.standings import snapshots
from avatarium.worlds.core.errors import UserError

WORKER = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[3])
from avatarium.leaderboards.database.artefacts import Artefacts
from avatarium.leaderboards.database.engine import Database
from avatarium.leaderboards.queue.worker import Worker

with Worker(Database(Path(sys.argv[1])), Artefacts(sys.argv[2])) as worker:
    worker.run(drain=True)
"""


def wrong(path, transcripts=4):
    return [finding.sentence for finding in verify(path, transcripts) if not finding.ok]


def test_an_honest_season_is_found_to_be_one(over):
    findings = list(verify(over.bundle))
    assert [f.sentence for f in findings if not f.ok] == []
    assert len(findings) == 6
    assert log.check(over.database) == []


def test_all_tracks_were_played_and_ranked(over):
    with over.database.reading() as session:
        plans = session.execute(sql.select(EvalPlan.track, EvalPlan.state, sql.func.count()).group_by(EvalPlan.track, EvalPlan.state)).all()
        tables = list(session.scalars(sql.select(RatingSnapshot)))
        matches = session.scalar(sql.select(sql.func.count()).select_from(Match))
    assert sorted(tuple(plan) for plan in plans) == [(track, "finished", 4) for track in ("final", "public", "ranked")]
    names = [row["name"] for row in tables[-1].table["rows"]]
    assert set(names) == {"random", "heuristic", "oracle", "tiny"}
    assert names.index("random") > names.index("oracle")
    assert matches > 0


def test_matches_are_rated_in_the_table_of_the_world(over):
    with zipfile.ZipFile(over.bundle) as archive:
        table = json.loads(archive.read("tables/ranked/hamlet.WORLD-walker.json"))
    found = table["matches"]
    elo = {player["name"]: rating["value"] for player, rating in zip(found["players"], found["elo"], strict=True)}
    assert min(elo["heuristic"], elo["oracle"]) > max(elo["random"], elo["tiny"])


def test_equal_seasons_give_equal_bundles(over, tmp_path):
    again = bundle.write(over.database, over.files, "test", tmp_path / "again.zip")
    assert again.read_bytes() == over.bundle.read_bytes()


def test_no_bundle_before_the_secret_is_out(announced, tmp_path):
    season = announced(tmp_path)
    with pytest.raises(UserError, match="season test is open"):
        bundle.write(season.database, season.files, "test", tmp_path / "b.zip")
    with pytest.raises(UserError, match="only one that is frozen can be revealed"):
        list(acts.reveal(season.database, season.args))
    assert not list(tmp_path.glob("*.zip"))
    season.database.close()


def lines(change):
    def edit(content):
        rows = [json.loads(line) for line in content.decode().splitlines()]
        return "".join(f"{json.dumps(row)}\n" for row in change(rows)).encode()

    return edit


def first(**values):
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


def better(rows):
    at = next(k for k, row in enumerate(rows) if row["shares"]["spl"][1] > 0)
    rows[at]["shares"]["spl"][0] += 0.25
    return rows


def other_outcome(rows):
    return [{**rows[0], "outcome": (rows[0]["outcome"] + 0.5) % 1.5}, *rows[1:]]


EDITS = {
    "a better score": ("episodes.jsonl", lines(better), "it was changed"),
    "an episode less": ("episodes.jsonl", lines(lambda rows: rows[1:]), "was removed"),
    "another outcome": (
        "matches.jsonl",
        lines(other_outcome),
        "was changed",
    ),
    "another secret": ("season.jsonl", lines(first(secret="00" * 32)), "not the secret"),
    "other rules": ("season.jsonl", lines(first(ruleset="00" * 32)), "was published"),
    "an entry of the log less": ("log.jsonl", lines(lambda rows: rows[:5] + rows[6:]), "is missing"),
    "an entry of the log changed": ("log.jsonl", lines(first(kind="nothing")), "was changed"),
    "a submission less": ("plans.jsonl", lines(lambda rows: rows[1:]), "was removed"),
    "another table": ("tables/ranked/suite.json", lambda content: content.replace(b'"place": 1', b'"place": 2'), "does not follow"),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("cover", [False, True])
def test_whatever_is_changed_is_found(over, tmp_path, name, cover):
    """With the list of hashes as it was, and with one that was made to fit."""
    member, change, says = EDITS[name]
    path = edited(over.bundle, tmp_path / "edited.zip", {member: change}, cover)
    found = wrong(path, 0)
    assert any(says in sentence for sentence in found), found
    assert cover or any(f"{member} was changed" in sentence for sentence in found)


def test_a_transcript_of_another_episode_is_found(over, tmp_path):
    with zipfile.ZipFile(over.bundle) as archive:
        names = [name for name in archive.namelist() if name.endswith(".avt")]
        other = archive.read(names[1])
    path = edited(over.bundle, tmp_path / "swapped.zip", {names[0]: lambda _: other}, cover=True)
    assert any("of another episode" in sentence for sentence in wrong(path, 1))


def edited(source, target, changes, cover):
    """A copy of a bundle with some members changed; ``cover`` makes the list of hashes fit."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        content = {name: changes[name](old.read(name)) if name in changes else old.read(name) for name in old.namelist()}
        if cover:
            told = sorted((name, hashlib.sha256(data).hexdigest()) for name, data in content.items() if name != bundle.SUMS)
            content[bundle.SUMS] = "".join(f"{digest}  {name}\n" for name, digest in told).encode()
        for name, data in content.items():
            new.writestr(name, data)
    return target


@pytest.mark.parametrize("spoil", [lambda b: b[:5000], lambda b: b"rubbish", lambda b: b""])
def test_what_is_no_bundle_is_told(over, tmp_path, spoil):
    path = tmp_path / "bad.zip"
    path.write_bytes(spoil(over.bundle.read_bytes()))
    with pytest.raises(UserError, match="cannot be read as the bundle"):
        list(verify(path))


def test_policies_asked_again_do_the_same(over):
    found = list(audit(over.bundle, 8, seed=1))
    assert len(found) == 8
    assert all(one.passed for one in found), found
    assert {one.submission for one in audit(over.bundle, 3, seed=1, submission="tiny")} == {"tiny"}
    with pytest.raises(UserError, match="nobody in this bundle is called 'giant'"):
        list(audit(over.bundle, 1, 1, "giant"))


def test_without_transcripts_episodes_are_played_anew(over, tmp_path):
    path = bundle.write(over.database, over.files, "test", tmp_path / "bare.zip", transcripts=0)
    found = list(audit(path, 6, seed=2))
    assert all(one.passed and "played anew" in one.sentence for one in found), found


def test_a_policy_that_did_something_else_is_found(over, tmp_path):
    """The row of one submission with the episodes of another."""

    def swapped(rows):
        keys = sorted({row["submission"] for row in rows})
        return [
            {**row, "submission": keys[1] if row["submission"] == keys[0] else keys[0]} if row["submission"] in keys[:2] else row
            for row in rows
        ]

    path = edited(over.bundle, tmp_path / "swapped.zip", {"episodes.jsonl": lines(swapped)}, cover=True)
    assert not all(one.passed for one in audit(path, 12, seed=3))


def test_a_season_is_played_alike_in_other_processes_and_orders(announced, submission, over, tmp_path):
    """Entered in another order and worked on by two processes at once, by the same secret: the same tables to the byte."""
    season = announced(tmp_path, secret=over.secret)
    world = season.definition.parts[0].world
    zipped = submission("hamlet:WORLD", "tiny").read_bytes()
    for track in ("ranked", "public"):
        entry.enter(season.database, season.files, zipped, "test", track, secret=season.secret, world=world)
        for name in ("oracle", "random", "heuristic"):
            entry.enter_baseline(season.database, name, world, "walker", "test", track, secret=season.secret)
    command = [sys.executable, "-c", WORKER, season.args.board, season.args.artefacts, str(Path(sys.modules["hamlet"].__file__).parents[1])]
    for process in [subprocess.Popen(command) for _ in range(2)]:
        assert process.wait(timeout=300) == 0
    for track in ("public", "ranked"):
        mine = {(t.world, t.role): t.content for t in snapshots.refresh(season.database, "test", track, season.secret)}
        theirs = {(t.world, t.role): t.content for t in snapshots.refresh(over.database, "test", track, over.secret)}
        for where, table in mine.items():
            assert json.dumps(table | {"matches": None}) == json.dumps(theirs[where] | {"matches": None})
    season.database.close()


def test_names_of_accounts_are_in_the_bundle_and_nothing_else_of_them(over):
    with zipfile.ZipFile(over.bundle) as archive:
        rows = [json.loads(line) for line in archive.read("accounts.jsonl").decode().splitlines()]
    assert all(set(row) == {"id", "name"} for row in rows)
