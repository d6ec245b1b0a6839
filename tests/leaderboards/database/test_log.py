"""The log: whatever is changed, removed or added behind its back is found and named."""

import json
import threading

import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import log, seals
from avatarium.leaderboards.database.engine import Database, now
from avatarium.leaderboards.database.models import Anchor, Base, Episode, LogEntry, Season, Submission, WorldVersion


def episode(seed, **changes):
    given = {"submission": "a" * 64, "scenario": "s", "scenario_name": "any", "seed": seed, "partner": "", "steps": 5, "digest": "d"}
    given |= {
        "shares": {"success": [1.0, 2.0]},
        "background": {},
        "artefact": "f",
        "fault": None,
        "layers": {},
        "job": None,
        "created": 1.0,
    }
    return Episode(**given | changes)


@pytest.fixture
def database(board_url):
    with Database(board_url, upgrade=True) as found:
        with found.session() as session:
            season = Season(
                name="first", title="", state="open", definition={"b": 1, "a": [1.5]}, ruleset="r", commitment="", created=now(session)
            )
            texts = dict.fromkeys(("author", "policy", "artefact", "weights", "actions", "sentence"), "")
            one = Submission(key="a" * 64, name="ada", world="w", world_version=1, role="r", baseline=False, state="playing", **texts)
            one.manifest, one.facts, one.layers, one.created = {}, {}, {}, now(session)
            rows = [season, WorldVersion(world="w", version=1, digest="", quarantined="", created=now(session)), one]
            rows.append(Anchor(season="first", world="w", role="r", scenario="s", metric="m", random=0.1, reference=1 / 3, sha256=""))
            rows += [episode(seed) for seed in range(3)]
            for row in rows:
                session.add(row)
                log.record(session, "made", row)
            log.append(session, "token made", "api_token:1", {"account": 1})
        yield found


def test_an_honest_database_gives_no_finding(database):
    assert log.check(database) == []
    with database.session() as session:
        one = session.get_one(Submission, "a" * 64)
        one.state = "finished"
        log.record(session, "finished", one)
    assert log.check(database) == []


def test_a_change_that_is_not_entered_is_found(database):
    with database.session() as session:
        session.get_one(Submission, "a" * 64).state = "finished"
    assert log.check(database) == [f"submission:{'a' * 64} is not what the log says: it was changed"]


EDITS = [
    ("UPDATE episode SET steps = 6 WHERE seed = 1", ["episode:", ":s:1: is not what the log says"]),
    ("""UPDATE episode SET shares = '{"success": [2.0, 2.0]}' WHERE seed = 2""", [":s:2: is not what the log says"]),
    ("UPDATE anchor SET reference = 0.34", ["anchor:first:w:r:s:m is not what the log says"]),
    ("UPDATE season SET ruleset = 'x'", ["season:first is not"]),
    ("DELETE FROM episode WHERE seed = 0", [":s:0: is in the log, and was removed from the database"]),
    (
        "INSERT INTO episode (submission, scenario, scenario_name, seed, partner, steps, shares, background, digest, artefact, layers, "
        f"created) VALUES ('{'a' * 64}', 's', 'any', 9, '', 5, '{{}}', '{{}}', '', '', '{{}}', 1.0)",
        [":s:9: is in the database, and the log knows nothing of it"],
    ),
    ("UPDATE event_log SET content = '{}' WHERE number = 3", ["entry 3 of the log (made submission:", "was changed"]),
    ("UPDATE event_log SET created = 0 WHERE number = 2", ["entry 2 of the log", "was changed"]),
    ("DELETE FROM event_log WHERE number = 4", ["entry 4 of the log is missing"]),
    ("UPDATE event_log SET hash = previous WHERE number = 5", ["entry 5 of the log", "entry 6 of the log (made episode"]),
]


@pytest.mark.parametrize(("statement", "says"), EDITS)
def test_every_edit_is_found_and_named(database, statement, says):
    with database._engine.begin() as connection:
        connection.execute(sql.text(statement))
    found = "\n".join(log.check(database))
    for words in says:
        assert words in found


def test_what_decides_no_score_may_change(database):
    with database._engine.begin() as connection:
        connection.execute(sql.text("UPDATE submission SET author = 'Ada'"))
    assert log.check(database) == []


def test_lines_for_others_to_keep(database):
    with database.reading() as session:
        lines = list(log.lines(session))
        assert json.loads(lines[-1])["hash"] == log.head(session).hash
    assert list(log.breaks(log.parse(lines))) == []
    assert list(log.breaks(log.parse(lines[:3] + lines[4:]))) == ["entry 4 of the log is missing"]
    forged = json.loads(lines[1]) | {"kind": "forged"}
    assert "entry 2 of the log (forged" in next(log.breaks(log.parse([lines[0], json.dumps(forged), *lines[2:]])))


def test_many_writers_make_one_chain(database):
    def write(who):
        for k in range(10):
            database.insist(lambda session, k=k: log.append(session, "said", f"{who}:{k}", {}))

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.check(database) == []
    with database.reading() as session:
        assert session.scalar(sql.select(sql.func.max(LogEntry.number))) == 48


def test_an_entry_goes_with_its_transaction(database):
    with pytest.raises(ZeroDivisionError), database.session() as session:
        log.append(session, "said", "nobody", {})
        raise ZeroDivisionError
    assert log.check(database) == []


def test_all_tables_that_decide_scores_have_names():
    tables = {kind.__tablename__ for kind in seals.NAMES}
    assert tables == {"season", "world_version", "anchor", "submission", "eval_plan", "episode", "match"}
    assert tables < set(Base.metadata.tables)
    assert seals.subject(episode(7)) == f"episode:{'a' * 64}:s:7:"
