"""Nothing of a person is used without a word of theirs, and each word means what it says."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from people import SUBJECTS, TOKENS, persons, record, with_extra

from avatarium.agents.branching import Swap, branch
from avatarium.agents.consent import LEAST, Gate, Making, PrivateError, agreeing, data_hash, select, words
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.consent.words import TRAINING, Use
from avatarium.worlds import UserError
from avatarium.worlds.core.transcript import Transcript

Played = Callable[..., Path]


def allowed(path: Path, purpose: str, **more: object) -> bool:
    """Whether a recording may be used."""
    try:
        return bool(select([Transcript.open(path)], purpose, **more).permitted)  # type: ignore[arg-type]
    except PrivateError:
        return False


def test_what_policies_did_is_free(templates: list[Path], folder: Path) -> None:
    path = with_extra(templates[0], folder / "x.avt", {})
    assert all(allowed(path, purpose) for purpose in ("replay", "train", "publish", "share-with:lab"))


@pytest.mark.parametrize(
    "extra",
    [
        persons(("pilot_0", 0, "s")),
        {"human": {"agent": "pilot_0", "consent": "I agree"}},
        {"by_hand": "pilot_0"},
        {"persons": [{"agent": "pilot_0"}]},
        {"persons": [{"agent": "pilot_0", "subject": 7, "session": "s"}]},
        {"persons": "somebody"},
        {"persons": [None]},
    ],
)
def test_what_persons_did_is_private(extra: dict[str, object], templates: list[Path], folder: Path, ledger: Ledger) -> None:
    path = with_extra(templates[0], folder / "x.avt", extra)
    assert not any(allowed(path, purpose) for purpose in ("replay", "train", "publish", "share-with:lab"))
    agreeing.grant(ledger, TOKENS[1], ["train"])
    assert not allowed(path, "train"), "another's word is no word of theirs"


def test_each_purpose_and_session_is_asked_for_by_itself(played: Played, ledger: Ledger) -> None:
    one, other = played(0, 0, "train", "share-with:lab"), played(0, 1)
    assert [allowed(one, purpose) for purpose in ("train", "share-with:lab", "share-with:others", "publish", "replay")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert not allowed(other, "train")
    agreeing.grant(ledger, TOKENS[0], ["publish"])
    assert allowed(other, "publish") and allowed(one, "publish") and not allowed(other, "train")


def test_the_last_word_counts(played: Played, ledger: Ledger) -> None:
    path = played(0, 0, "train", "publish", session="s")
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], ["publish"])
    assert allowed(path, "train") and not allowed(path, "publish")
    agreeing.grant(ledger, TOKENS[0], ["publish"], sessions=["s"])
    assert allowed(path, "publish")
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], sessions=["other"])
    assert allowed(path, "publish")
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0], sessions=["s"])
    told = Transcript.open(path)
    assert not any(select([told], purpose, skip_private=True).permitted for purpose in ("train", "publish", "replay"))
    assert not path.exists(), "who asks after a withdrawal finds it carried out"


def test_what_has_run_out_was_never_given(played: Played, ledger: Ledger) -> None:
    path, now = played(0, 0), words.now()
    agreeing.grant(ledger, TOKENS[0], ["train"], until=(now + timedelta(hours=1)).isoformat())
    assert allowed(path, "train") and not allowed(path, "train", at=now + timedelta(hours=2))
    agreeing.grant(ledger, TOKENS[0], ["train"], until=(now - timedelta(hours=1)).isoformat())
    assert allowed(path, "train"), "the first one still holds"


def test_every_person_of_a_recording_is_asked(templates: list[Path], folder: Path, ledger: Ledger) -> None:
    path = with_extra(templates[0], folder / "x.avt", persons(("pilot_0", 0, "s"), ("pilot_1", 1, "s")))
    agreeing.grant(ledger, TOKENS[0], ["train"])
    assert not allowed(path, "train")
    agreeing.grant(ledger, TOKENS[1], ["train"])
    assert allowed(path, "train")


def test_modalities_are_asked_for_where_they_are_needed(played: Played, ledger: Ledger) -> None:
    path = played(0, 0)
    agreeing.grant(ledger, TOKENS[0], ["train"], ["motion", "actions"])
    with pytest.raises(PrivateError, match=f"holds the observations of {SUBJECTS[0]}, who has not allowed that to be learnt from"):
        select([Transcript.open(path)], "train")
    assert allowed(path, "train", needs=LEAST), "nobody speaks in this world"
    assert Gate("train", needs=LEAST).look(Transcript.open(path)).withheld("pilot_0") == {"observations", "speech"}
    agreeing.grant(ledger, TOKENS[0], ["train"], ["motion", "observations"])
    assert allowed(path, "train")


def test_where_words_are_heard_they_have_to_be_allowed(folder: Path, ledger: Ledger) -> None:
    path = record(folder, 1, persons(("guest_0", 0, "s")), "gathering", guests=2)
    agreeing.grant(ledger, TOKENS[0], ["train"], ["motion", "actions", "observations"])
    with pytest.raises(PrivateError, match="holds the speech of"):
        select([Transcript.open(path)], "train", needs=LEAST)


def test_a_refusal_says_what_to_do_and_can_be_passed_over(played: Played) -> None:
    good, bad = played(0, 0, "train"), played(1, 1)
    told = [Transcript.open(path) for path in (good, bad)]
    with pytest.raises(PrivateError) as refusal:
        select(told, "train")
    assert str(refusal.value) == (
        f"{bad} holds what {SUBJECTS[1]} did, who has not allowed that to be learnt from: it is for them to give by "
        "`avatarium consent grant FILE --purpose train`, or leave such recordings out by --skip-private"
    )
    found = select(told, "train", skip_private=True)
    assert [one.path for one in found.permitted] == [good] and found.private == (str(refusal.value),)
    with pytest.raises(UserError, match="did you mean 'train'"):
        select(told, "trian")


def test_a_damaged_ledger_stops_everything_that_persons_did(played: Played, ledger: Ledger, templates: list[Path], folder: Path) -> None:
    path = played(0, 0, "train")
    played(0, 1, "train")
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"train", b"trail", 1))
    with pytest.raises(UserError, match="line 1 was changed"):
        select([Transcript.open(path)], "train", skip_private=True)
    assert allowed(with_extra(templates[0], folder / "x.avt", {}), "train")


def test_older_recordings_are_spoken_for_by_who_names_them(templates: list[Path], folder: Path, ledger: Ledger) -> None:
    path = with_extra(templates[0], folder / "x.avt", {"human": {"agent": "pilot_0", "consent": "I agree"}})
    session = Transcript.open(path).digest
    agreeing.grant(ledger, TOKENS[0], ["train"])
    assert not allowed(path, "train")
    agreeing.grant(ledger, TOKENS[0], ["train"], sessions=[session])
    agreeing.grant(ledger, TOKENS[1], ["publish"], sessions=[session])
    assert allowed(path, "train") and not allowed(path, "publish"), "nobody else can name it again"
    agreeing.withdraw(ledger, SUBJECTS[0], TOKENS[0])
    assert not allowed(path, "train")


def test_a_branch_is_as_private_as_what_it_repeats(tmp_path: Path, folder: Path, ledger: Ledger) -> None:
    path = record(
        folder, 1, persons(("walker_0", 0, "s")) | {"human": {"agent": "walker_0"}}, "wayfinding", 50, walkers=2, episode_steps=50
    )
    other = branch(path, 5, "walker_0", Swap("random"), folder / "branches")
    for one in (*other.originals, *other.branches):
        assert not allowed(one.path, "train")
    agreeing.grant(ledger, TOKENS[0], ["train"])
    assert allowed(other.branches[0].path, "train")


def test_a_use_is_entered_and_nobody_can_withdraw_in_between(played: Played, ledger: Ledger) -> None:
    told = Transcript.open(played(0, 0, "train", session="s"))
    gate = Gate("train")
    making = Making(data_hash([told.digest]), {told.digest: gate.look(told)})
    with gate.using(TRAINING, [making]):
        pass
    use = ledger.entries[-1].word
    assert isinstance(use, Use) and use.data == data_hash([told.digest]) and use.purpose == "train"
    assert use.episodes == {told.digest: ((SUBJECTS[0], "s", ("actions", "motion", "observations", "speech")),)}
    agreeing.withdraw(Ledger(ledger.path), SUBJECTS[0], TOKENS[0])
    with pytest.raises(PrivateError, match="has withdrawn consent meanwhile"), gate.using(TRAINING, [making]):
        pytest.fail("used all the same")
    assert len(ledger.entries) == 3


def test_several_ledgers_each_learn_of_their_own(tmp_path: Path, templates: list[Path]) -> None:
    gate, permits = Gate("train"), {}
    for k in range(2):
        place = tmp_path / str(k)
        place.mkdir()
        agreeing.grant(Ledger(place / NAME), TOKENS[k], ["train"])
        told = Transcript.open(with_extra(templates[k], place / "x.avt", persons(("pilot_0", k, "s"))))
        permits[told.digest] = gate.look(told)
    with gate.using(TRAINING, [Making(data_hash(permits), permits)]):
        pass
    uses = [Ledger(tmp_path / str(k) / NAME).entries[-1].word for k in range(2)]
    assert all(isinstance(use, Use) and use.data == data_hash(permits) for use in uses)
    assert [[persons[0][0] for persons in use.episodes.values()] for use in uses if isinstance(use, Use)] == [[SUBJECTS[0]], [SUBJECTS[1]]]
