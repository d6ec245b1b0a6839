"""Handing in: one row and one plan for each policy, however often, by however many, and whatever happens meanwhile."""

import json
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace

import faults
import pytest
import sqlalchemy as sql

from avatarium.agents import archive, exported
from avatarium.leaderboards.database import log
from avatarium.leaderboards.database.engine import now
from avatarium.leaderboards.database.models import PUBLIC, RANKED, Account, EvalPlan, Job, Season, Submission
from avatarium.leaderboards.queue import entry, status
from avatarium.leaderboards.seasons import definition, secret
from avatarium.leaderboards.store import LOCAL, Store
from avatarium.worlds.core import discovery
from avatarium.worlds.core.errors import UserError


def enter(store, path, count=2, **options):
    content = path if isinstance(path, bytes) else path.read_bytes()
    return entry.enter(store.database, store.artefacts, content, LOCAL, PUBLIC, blocks=faults.blocks(count), **options)


def rows(store, table, **where):
    with store.database.reading() as session:
        return list(session.scalars(sql.select(table).filter_by(**where)))


def plan(store, one):
    (found,) = rows(store, EvalPlan, submission=one.key)
    return found


def jobs(store, one):
    return rows(store, Job, plan=plan(store, one).id)


def test_a_file_becomes_a_row_a_plan_and_jobs(store, zips):
    one = enter(store, zips[0])
    assert (one.name, one.author, one.world, one.role, one.state) == ("policy0", "Ada", "wayfinding", "walker", "checking")
    assert one.manifest["actions"] and store.artefacts.read(one.artefact) == zips[0].read_bytes()
    assert [(job.kind, job.payload.get("seeds", [0])[0] % 1000) for job in jobs(store, one)] == [
        ("check", 0),
        ("episodes", 0),
        ("episodes", 2),
    ]
    assert plan(store, one).episodes == 4
    assert log.check(store.database) == []


def test_the_same_policy_is_the_same_row_however_it_was_zipped(store, zips, tmp_path):
    first = enter(store, zips[0])
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(zips[0]) as source, zipfile.ZipFile(again, "w") as target:
        for name in reversed(source.namelist()):
            target.writestr(name, source.read(name))
    assert again.read_bytes() != zips[0].read_bytes()
    second = enter(store, again)
    assert (second.key, second.created, second.artefact) == (first.key, first.created, first.artefact)
    assert len(jobs(store, first)) == 3


def test_asking_for_more_adds_what_is_missing(store, zips):
    one = enter(store, zips[0], 2)
    enter(store, zips[0], 3)
    enter(store, zips[0], 1)
    assert sorted(seed % 1000 for job in jobs(store, one) for seed in job.payload.get("seeds", ())) == [0, 1, 2, 3, 4, 5]
    assert plan(store, one).episodes == 6


def test_finished_submissions_go_on_when_more_is_asked(store, worker, zips):
    one = enter(store, zips[0], 1)
    worker.run(drain=True)
    assert store.submission(one.key).state == "finished"
    enter(store, zips[0], 2)
    assert (store.submission(one.key).state, plan(store, one).state) == ("playing", "playing")
    worker.run(drain=True)
    assert (store.submission(one.key).state, len(store.records(one.key, [jobs(store, one)[1].payload["key"]]))) == ("finished", 4)


def test_many_at_once_make_one_row(store, zips):
    found, threads = [], [threading.Thread(target=lambda: found.append(enter(store, zips[0]).key)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5 and len(set(found)) == 1
    assert len(rows(store, Submission, baseline=False)) == 1
    assert len(rows(store, Job, kind="check")) == 1


def test_a_service_is_killed_at_every_transition(store, board_url, zips, tmp_path):
    command = [sys.executable, faults.__file__, board_url, str(tmp_path / "files"), "--enter", str(zips[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout)["kills"] > 30
    (one,) = rows(store, Submission, baseline=False)
    assert len(jobs(store, one)) == 3
    assert store.artefacts.read(one.artefact) == zips[0].read_bytes()
    assert log.check(store.database) == []


def test_accounts_have_a_limit_a_day(store, submission):
    with store.database.session() as session:
        account = Account(name="ada", daily_limit=2, disabled=False, created=now(session))
        session.add(account)
    first, second, third = (submission(faults.WORLD, name=f"limit{k}", seed=10 + k) for k in range(3))
    for path in (first, second):
        assert enter(store, path, account=account.id).account == account.id
    with pytest.raises(UserError, match=r"ada has handed in 2 policies within a day, and 2 are allowed: try again in 24\.0 hours"):
        enter(store, third, account=account.id)
    enter(store, first, account=account.id)  # is there already
    with store.database.session() as session:
        session.execute(sql.update(Submission).values(created=Submission.created - 86_401))
        for row in session.scalars(sql.select(Submission)):
            log.record(session, "moved", row)
    enter(store, third, account=account.id)
    with store.database.session() as session:
        session.get_one(Account, account.id).disabled = True
    with pytest.raises(UserError, match="the account ada is disabled"):
        enter(store, submission(faults.WORLD, name="limit9", seed=19), account=account.id)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cut off"),
        (b"\x80\x04.", "is a pickle, not a zip"),
        (b"PK" + b"x" * 100, "cut off"),
        (b"PK" * 2**23 + b"x", "16 MB|may have 16"),
    ],
)
def test_rubbish_is_refused_and_leaves_nothing(store, content, says):
    with pytest.raises(UserError, match=says):
        enter(store, content)
    assert rows(store, Submission, baseline=False) == []
    assert not list(store.artefacts.folder.glob("*/*.zip"))


def test_a_policy_for_something_else_is_refused(store, zips, tmp_path):
    manifest, onnx_bytes = exported.read(zips[0])
    other = archive.pack(tmp_path / "other.zip", onnx_bytes, replace(manifest, signature="f" * 64))
    with pytest.raises(UserError, match="their signatures differ"):
        enter(store, other)
    assert rows(store, Submission, baseline=False) == []


def season(store, state="open", name="spring"):
    part = replace(definition.part(discovery.spec(faults.WORLD), faults.ROLE, 2), scenarios=())
    part = replace(part, scenarios=tuple(definition.part(discovery.spec(faults.WORLD), faults.ROLE, 2).alone[:2]))
    told, hidden = definition.Definition(name, "Spring", (part,)), secret.draw()
    with store.database.session() as session:
        row = Season(name=name, title="Spring", state=state, definition=told.to_json(), ruleset=told.ruleset, created=now(session))
        row.commitment = secret.commitment(hidden)
        session.add(row)
        log.record(session, "announced", row)
    return hidden


def test_a_season_says_what_is_played(store, worker, zips):
    hidden = season(store)
    content = zips[0].read_bytes()
    one = entry.enter(store.database, store.artefacts, content, "spring", PUBLIC)
    entry.enter(store.database, store.artefacts, content, "spring", RANKED, secret=hidden)
    entry.enter_baseline(store.database, "random", faults.WORLD, faults.ROLE, "spring", RANKED, secret=hidden)
    ranked, public = (rows(store, EvalPlan, season="spring", track=track) for track in (RANKED, PUBLIC))
    assert [len(found) for found in (ranked, public)] == [2, 1]
    seeds = {tuple(job.payload["seeds"]) for row in ranked for job in rows(store, Job, plan=row.id, kind="episodes")}
    assert seeds == {tuple(secret.seeds(hidden, RANKED, faults.WORLD, 2))}
    worker.run(drain=True)
    assert store.submission(one.key).state == "finished"
    with store.database.reading() as session:
        assert status.unexplained(session) == []


def test_seasons_that_are_closed_or_unknown_take_nothing(store, zips):
    season(store, state="frozen")
    with pytest.raises(UserError, match="season spring takes no more submissions: it is frozen"):
        entry.enter(store.database, store.artefacts, zips[0].read_bytes(), "spring", PUBLIC)
    with pytest.raises(UserError, match="there is no season 'sprng': did you mean 'spring'"):
        entry.enter(store.database, store.artefacts, zips[0].read_bytes(), "sprng", PUBLIC)
    assert rows(store, Submission, baseline=False) == []


def test_a_board_is_opened_by_many_as_one(store, board_url, tmp_path):
    with Store(board_url, tmp_path / "files") as other:
        assert len(rows(other, Season)) == 1
        assert [one.key for one in other.submissions("wayfinding")] == [one.key for one in store.submissions()]
