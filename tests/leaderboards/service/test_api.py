"""The JSON interface: lists, cursors, versions, errors, and what is hidden."""

import gzip
import json
from typing import Any

import demo
import pytest
import sqlalchemy as sql

from avatarium.leaderboards.database import models
from avatarium.leaderboards.database.trouble import UnavailableError

API = "/api/v1"


def pages(client: Any, path: str, **query: Any) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        page = client.get(f"{API}{path}", params=query | ({"cursor": cursor} if cursor else {})).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def test_seasons_say_what_was_fixed(shown: Any) -> None:
    names = [season["name"] for season in shown.get(f"{API}/seasons").json()]
    assert names == ["spring-2026", "winter-2025"]
    running, over = (shown.get(f"{API}/seasons/{name}").json() for name in names)
    assert (running["secret"], over["secret"]) == (None, demo.SECRET)
    assert running["commitment"] == over["commitment"]
    assert len(running["anchors"]) == 12
    assert running["episodes"] == 52


def test_lists_go_on_by_cursors(shown: Any) -> None:
    listed = pages(shown, "/submissions", limit=7)
    assert len(listed) == len({one["key"] for one in listed}) == 75
    assert [one["created"] for one in listed] == sorted((one["created"] for one in listed), reverse=True)


def test_lists_are_filtered(shown: Any) -> None:
    rejected = pages(shown, "/submissions", state="rejected")
    assert {one["state"] for one in rejected} == {"rejected"}
    assert all("RandomNormal" in one["sentence"] for one in rejected)
    assert {one["world"] for one in pages(shown, "/submissions", world="museum")} == {"museum"}
    assert [one["name"] for one in pages(shown, "/submissions", find="QUIET-heron")] == ["quiet-heron-0"]
    assert pages(shown, "/submissions", find="%") == []
    assert [one["key"] for one in pages(shown, "/submissions", season=demo.SEASON)] == [shown.rows[0].key]


def test_a_cursor_that_nobody_gave_is_refused(shown: Any) -> None:
    for cursor, status in (("nonsense", 404), ("W10", 404), ("bnVsbA", 404), ("W251bGwsbnVsbF0", 404), ("//", 422), ("\u00e9", 422)):
        refused = shown.get(f"{API}/submissions", params={"cursor": cursor})
        assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")


def test_episodes_come_worst_first(shown: Any) -> None:
    listed = pages(shown, f"/submissions/{shown.rows[0].key}/episodes", limit=5)
    assert len(listed) == len({one["id"] for one in listed}) == 52
    assert [bool(one["fault"]) for one in listed] == [True] * 2 + [False] * 50
    values = [one["value"] for one in listed[2:]]
    assert values == sorted(values)
    down = pages(shown, f"/submissions/{shown.rows[0].key}/episodes", metric="intrusion", lower_is_better=True, limit=20)
    assert [one["value"] for one in down[2:]] == sorted((one["value"] for one in down[2:]), reverse=True)


def test_seeds_and_transcripts_of_a_running_season_are_hidden(board: Any) -> None:
    rows = demo.fill(board.database, board.artefacts, 4)
    client = board.client()
    key = rows[0].key
    ranked, public = ([one for one in pages(client, f"/submissions/{key}/episodes") if one["hidden"] is hidden] for hidden in (True, False))
    assert (len(ranked), len(public)) == (12, 40)
    assert {one["seed"] for one in ranked} == {None}
    assert {one["seed"] for one in public} == set(range(1_000_000, 1_000_040))
    told = ranked[-1]["id"]
    assert client.get(f"{API}/episodes/{told}").json()["seed"] is None
    for path in (f"/episodes/{told}/transcript", f"/episodes/{told}/replay"):
        assert client.get(API + path).status_code == 403
    everything = [f"{API}/submissions/{key}", f"{API}/submissions/{key}/episodes", f"{API}/seasons/{demo.SEASON}/digests", f"{API}/log"]
    everything += [f"/submissions/{key}", f"/episodes/{told}", f"/seasons/{demo.SEASON}", f"{API}/seasons/{demo.SEASON}"]
    for path in everything:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "70000" not in answer.text, path
    assert client.get(f"{API}/seasons/{demo.SEASON}/bundle").status_code == 409
    with board.database.session() as session:
        session.execute(sql.update(models.Season).where(models.Season.name == demo.SEASON).values(state=models.REVEALED))
    assert client.get(f"{API}/episodes/{told}").json()["seed"] >= 7_000_001
    assert client.get(f"{API}/episodes/{told}/transcript").status_code == 409  # shown, but this made-up one has no file


def test_what_belongs_to_no_plan_is_hidden(small: Any) -> None:
    rows = demo.fill(small.database, small.artefacts, 4)
    with small.database.session() as session:
        session.execute(sql.update(models.Episode).where(models.Episode.id == 1).values(job=None))
    assert small.client().get(f"{API}/episodes/1").json()["seed"] is None
    assert rows


def test_names_of_rows_in_the_log_tell_no_seed(small: Any) -> None:
    from avatarium.leaderboards.database import log

    demo.fill(small.database, small.artefacts, 4)
    with small.database.session() as session:
        for episode in session.scalars(sql.select(models.Episode).limit(3)):
            log.record(session, "scored", episode)
    told = [one for one in pages(small.client(), "/log") if one["kind"] == "scored"]
    assert {one["subject"].count(":") for one in told} == {1}
    assert len(told) == 3


def test_tables_have_versions(shown: Any) -> None:
    first = shown.get(f"{API}/seasons/{demo.SEASON}/table")
    assert first.status_code == 200
    assert "max-age" in first.headers["cache-control"]
    again = shown.get(f"{API}/seasons/{demo.SEASON}/table", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = shown.get(f"{API}/seasons/{demo.SEASON}/table", params={"world": "museum"})
    assert other.headers["etag"] != first.headers["etag"]
    assert {column["world"] for column in other.json()["columns"]} == {"museum"}


def test_a_new_snapshot_is_a_new_version(board: Any) -> None:
    demo.fill(board.database, board.artefacts, 4)
    client = board.client()
    for path in (f"{API}/seasons/{demo.SEASON}/table", f"{API}/seasons/{demo.SEASON}/matches", "/"):
        tag = client.get(path).headers["etag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        with board.database.session() as session:
            demo.snapshots(session, list(session.scalars(sql.select(models.Submission))))
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_head_is_get_without_a_body(shown: Any) -> None:
    for path in (f"{API}/seasons/{demo.SEASON}/table", "/", "/static/style.css"):
        get, head = shown.get(path), shown.head(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == get.headers["content-length"]


def test_long_answers_are_compressed(shown: Any) -> None:
    with shown.stream("GET", f"{API}/seasons/{demo.SEASON}/table", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw))["season"] == demo.SEASON


def test_errors_are_problem_details_of_one_sentence(shown: Any) -> None:
    for path, status, detail in (
        ("/seasons/sprng-2026", 404, "there is no season 'sprng-2026': did you mean 'spring-2026'?"),
        ("/submissions/" + "0" * 64, 404, f"there is no submission '{'0' * 64}'"),
        ("/submissions/NO", 422, "key: string should match pattern '^[0-9a-f]{64}$'"),
        ("/submissions?limit=0", 422, "limit: input should be greater than or equal to 1"),
        ("/submissions?state=finnished", 422, "state: there is no 'finnished': did you mean 'finished'?"),
        ("/nothing", 404, "there is nothing at /api/v1/nothing"),
        (
            "/seasons/spring-2026/table?world=nowhere",
            404,
            "season 'spring-2026' has no nowhere table of the track 'ranked' yet: nobody has been ranked there",
        ),
    ):
        answer = shown.get(API + path)
        found = answer.json()
        assert (answer.status_code, found["status"], found["detail"]) == (status, status, detail)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"] == found["request"]


def test_other_origins_are_told_nothing(shown: Any) -> None:
    answer = shown.get(f"{API}/seasons", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert shown.options(f"{API}/seasons", headers={"Origin": "https://elsewhere.example"}).status_code == 405


def test_a_queue_tells_how_many_are_ahead(board: Any) -> None:
    with board.database.session() as session:
        demo.season(session)
        rows = demo.submissions(session, 3)
        for one in rows[:3]:
            demo.plan(session, one, state=models.PLAYING, jobs=models.WAITING)
    client = board.client()
    plans = [client.get(f"{API}/submissions/{one.key}/state").json()["plans"] for one in rows[:3]]
    assert [plan[0]["ahead"] for plan in plans] == [0, 1, 2]


def test_health_is_told_without_limits(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = small.client(requests=1)
    assert [client.get(f"{API}/ready").status_code for _ in range(5)] == [200] * 5

    def gone() -> None:
        raise UnavailableError("the database /var/secret does not answer")

    monkeypatch.setattr(client.app.state.hall.database, "reading", gone)
    assert client.get(f"{API}/health").status_code == 200
    down = client.get(f"{API}/ready")
    assert (down.status_code, down.headers["retry-after"]) == (503, "5")
    assert "secret" not in down.text


def test_too_many_requests_are_told_when_to_come_back(board: Any) -> None:
    one, other = board.client(requests=4), board.client(requests=4)
    answers = [client.get(f"{API}/seasons") for _ in range(4) for client in (one, other)]
    assert [answer.status_code for answer in answers].count(200) == 4
    refused = answers[-1]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    page = one.get("/")
    assert page.status_code == 429
    assert "Reload the page then" in page.text
    assert one.get("/static/style.css").status_code == 200
    assert one.get(f"{API}/me", headers=board.token("read")).status_code == 200  # a token has a limit of its own
