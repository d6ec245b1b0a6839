"""Demonstrations are what was seen, done and earned when they were recorded; what cannot be trusted is refused."""

import json
import shutil
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatarium import agents
from avatarium.agents.consent import agreeing
from avatarium.agents.consent.ledger import NAME, Ledger
from avatarium.agents.play import play
from avatarium.agents.policy import Memory, Turn
from avatarium.training.demos import retelling
from avatarium.training.demos.demonstrations import BY_HAND, Wanted, load
from avatarium.training.demos.tracks import Demonstrations
from avatarium.training.learn import kernels
from avatarium.training.play.rollout import Extras
from avatarium.worlds import UserError, make_batch, spec
from avatarium.worlds.core import blocks
from avatarium.worlds.core.recorder import Recorder
from avatarium.worlds.core.transcript import Transcript

LANES = "lanes:WORLD"
GAMMA = 0.9
F = np.float32


class Diary:
    """Goes its way, more or less, and keeps a diary: what each avatar of each seed saw and did in each step."""

    def __init__(self, name: str = "diarist", skill: float = 0.7) -> None:
        self.name, self._skill = name, skill
        self.pages: dict[tuple[str, int, int], list[tuple[np.ndarray, np.ndarray]]] = {}

    def initial_state(self, rows: int) -> Memory:
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        assert turn.batch is not None
        size = turn.batch.roles[turn.role].action_size
        right = (turn.keys >> np.uint64(11)).astype(float) * 2.0**-53 < self._skill
        actions = np.zeros((len(right), size), np.int32)
        actions[:, 0] = np.where(right, 1 + turn.observation[:, 1], 1)
        actions[:, -1] = actions[:, 0] if size == 1 else ~right
        for k, (env, avatar) in enumerate(zip(turn.envs.tolist(), turn.avatars.tolist(), strict=True)):
            if turn.batch.present[turn.role][env, avatar] and not turn.batch.episodes.over[env]:
                page = self.pages.setdefault((turn.role, env, avatar), [])
                page.append((turn.observation[k].copy(), actions[k].copy()))
        return actions, ()


def record(folder: Path, seeds: range, diary: Diary | None = None, **config: Any) -> list[Path]:
    """Episodes in lanes of both roles, one after the other."""
    seat = diary or Diary()
    return play(LANES, dict.fromkeys(("walker", "caller"), seat), list(seeds), folder, config)


def forged(path: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a transcript whose header was changed, with a right checksum."""
    out = bytearray(blocks.MAGIC)
    for tag, content in blocks.read(path):
        if tag == blocks.HEAD:
            head = json.loads(content)
            change(head)
            content = json.dumps(head).encode()
        packed = zlib.compress(content)
        out += struct.pack("<4sII", tag, len(packed), zlib.crc32(packed)) + packed
    to.write_bytes(out)
    return to


def rows_of(found: Demonstrations, track: np.void) -> slice:
    return slice(int(track["first"]), int(track["first"] + track["steps"]))


@pytest.fixture(scope="module")
def folder(outside: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five episodes in which whoever arrives leaves, and two longer ones of more avatars in which nobody does."""
    folder = tmp_path_factory.mktemp("demonstrations")
    record(folder / "leaving", range(5), leaving=True, callers=1)
    record(folder / "staying", range(2), walkers=3, callers=1, episode_steps=30)
    return folder


@pytest.fixture(scope="module")
def shown(folder: Path) -> Demonstrations:
    return load(folder, LANES, "walker", {"callers": 1}, GAMMA)


@pytest.mark.parametrize("role", ["walker", "caller"])
def test_they_are_what_was_seen_and_done_and_earned(tmp_path: Path, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary(skill=0.5)
    paths = record(tmp_path, range(5), diary, leaving=True, callers=2)
    monkeypatch.setattr(retelling, "AT_ONCE", 2)  # not all side by side, which must not matter
    found = load(paths, LANES, role, {"callers": 2})
    told = [Transcript.open(path) for path in paths]
    assert {(t["episode"], t["who"]) for t in found.tracks} == {(e, a) for r, e, a in diary.pages if r == role}
    for track in found.tracks:
        episode, who, rows = int(track["episode"]), int(track["who"]), rows_of(found, track)
        seen, done = map(np.array, zip(*diary.pages[role, episode, who], strict=True))
        assert found.columns.observations[rows].tobytes() == seen.tobytes()
        assert found.columns.actions[rows].tobytes() == done.tobytes()
        assert found.columns.rewards[rows].tobytes() == told[episode].rewards[role][: len(seen), who].tobytes()
        assert track["terminated"] == (len(seen) < 20)  # whoever arrives leaves
    assert 0 < np.count_nonzero(found.tracks["terminated"]) < len(found.tracks)
    assert found.finals[found.tracks["terminated"], 2].max() == 0  # gone
    assert found.finals[~found.tracks["terminated"], 2].min() == 1
    assert np.array_equal(np.sort(np.concatenate([np.r_[rows_of(found, t)] for t in found.tracks])), np.arange(found.decisions))


def test_configs_of_any_number_of_avatars_go_together(shown: Demonstrations) -> None:
    counts = {e: int(np.count_nonzero(shown.tracks["episode"] == e)) for e in shown.episodes}
    assert counts == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 3, 6: 3}
    assert shown.tracks["steps"].max() == 30
    assert shown.summary().startswith(f"{shown.decisions} decisions of walker in 7 episodes, ")


def test_a_masked_role_shows_what_was_open(tmp_path: Path) -> None:
    random = agents.load("random", "masks", "operator")
    play("masks", {"operator": random}, [1, 2], tmp_path)
    found = load(tmp_path, "masks", "operator")
    press, pull = found.columns.actions.T
    every = np.arange(found.decisions)
    assert found.columns.allowed[every, press].all() and found.columns.allowed[every, found.role.mask_slices()[1].start + pull].all()
    assert not found.columns.allowed.all()
    assert found.sequences(7).allowed.all(axis=-1)[-1, -1]  # nobody is there


def test_the_heuristic_of_a_world_can_be_recorded(tmp_path: Path) -> None:
    config = {"walkers": 3, "crowd": 2, "rooms_low": 2, "rooms_high": 3, "episode_steps": 50, "rays": {"noise": 0.1, "delay": 2}}
    play("wayfinding", {"walker": agents.load("heuristic", "wayfinding", "walker", **config)}, [1, 2, 3], tmp_path, config)
    found = load(tmp_path, "wayfinding", "walker")
    assert (found.decisions, len(found.tracks)) == (3 * 3 * 50, 9)
    heuristic, built = spec("wayfinding").heuristic, make_batch("wayfinding", **config).config
    assert heuristic is not None and np.array_equal(heuristic("walker", found.columns.observations, built), found.columns.actions)


def test_returns_are_discounted_sums(shown: Demonstrations) -> None:
    beyond = np.linspace(1, 2, len(shown.tracks)).astype(F)
    returns, known = shown.returns(beyond)
    usual, same = shown.returns()
    mean = shown.columns.rewards.mean() / (1 - GAMMA)
    assert np.array_equal(known, same)
    for track, worth in zip(shown.tracks, beyond.tolist(), strict=True):
        rewards = shown.columns.rewards[rows_of(shown, track)].astype(float)
        factors = GAMMA ** np.arange(len(rewards) + 1)
        for t in (0, len(rewards) // 2, len(rewards) - 1):
            seen, rest = (rewards[t:] * factors[: len(rewards) - t]).sum(), 0.0 if track["terminated"] else factors[len(rewards) - t]
            row = int(track["first"]) + t
            assert returns[row] == pytest.approx(seen + rest * worth, rel=1e-4)
            assert usual[row] == pytest.approx(seen + rest * mean, rel=1e-4, abs=1e-6)
            assert known[row] == pytest.approx(1 - rest, rel=1e-4)


def test_parts_of_a_split_share_no_episode(shown: Demonstrations) -> None:
    train, validation = shown.split(0.3, seed=1)
    assert len(validation.episodes) == 2
    assert sorted(train.episodes + validation.episodes) == shown.episodes
    assert train.decisions + validation.decisions == shown.decisions
    assert train.columns is shown.columns
    assert shown.split(0.3, seed=1)[1].episodes == validation.episodes
    assert len({tuple(shown.split(0.3, seed)[1].episodes) for seed in range(8)}) > 1
    assert len(shown.split(0.0, 0)[1].episodes) == 1
    with pytest.raises(UserError, match="2 recorded episodes are too few to hold 2 of them out"):
        validation.split(0.8, 0)


@pytest.mark.parametrize("length", [1, 7, 30, 64])
def test_sequences_are_the_tracks_in_pieces(shown: Demonstrations, length: int) -> None:
    found = shown.sequences(length)
    assert found.observations.shape == (length, len(found.track), 3)
    returns, known = shown.returns()
    for k, track in enumerate(shown.tracks):
        rows, mine = rows_of(shown, track), found.track == k
        here = found.present[:, mine].T.reshape(-1)
        assert here[: track["steps"]].all() and not here[track["steps"] :].any()
        whole = (*shown.columns.arrays(), returns, known)
        for piece, column in zip(found[:6], whole, strict=True):
            assert np.array_equal(np.concatenate(list(piece[:, mine].swapaxes(0, 1)))[here], column[rows])
        starts = found.starts[:, mine].T.reshape(-1)
        assert starts[0] and not starts[1:].any()
    assert not found.rewards[~found.present].any() and not found.observations[~found.present].any()


@pytest.mark.parametrize(("steps", "slots"), [(32, 4), (64, 64), (12, 3), (7, 2)])
def test_fragments_hold_every_decision_once(shown: Demonstrations, steps: int, slots: int) -> None:
    kept, ends = [], 0
    for fragment, returns, known in shown.fragments(steps, slots, np.random.default_rng(3), Extras(2, 5)):
        assert fragment.observations.shape == (steps + 1, slots, 3) and fragment.state.shape == (2, slots, 5)
        there = fragment.present
        kept.append(np.column_stack([fragment.observations[:-1][there], fragment.actions[there], fragment.rewards[there], returns[there]]))
        assert not (there[1:] & ~there[:-1]).any()  # slots are filled from the beginning
        over = fragment.terminations | fragment.truncations
        assert np.array_equal(fragment.starts[1:-1], over[:-1] & there[1:]) and np.array_equal(fragment.starts[0], there[0])
        assert np.array_equal(np.argwhere(over), np.column_stack([fragment.final_steps, fragment.final_slots])[_by_step(fragment)])
        last = there & np.append(~there[1:], np.ones((1, slots), bool), axis=0)
        assert over[last].all() and not over[~there].any()
        assert (known[over & fragment.terminations] == 1).all()
        ends += len(fragment.final_steps)
    together = np.concatenate(kept)
    whole = np.column_stack([*(c for c in shown.columns.arrays() if c.dtype != bool), shown.returns()[0]])
    assert np.array_equal(together[np.lexsort(together.T)], whole[np.lexsort(whole.T)])
    assert ends == np.ceil(shown.tracks["steps"] / steps).sum()


def _by_step(fragment: Any) -> np.ndarray:
    return np.lexsort((fragment.final_slots, fragment.final_steps))


def test_what_follows_the_end_of_a_fragment_is_what_was_seen_next(shown: Demonstrations) -> None:
    """One step per slot: what was seen next is in the final observations, also where a track was cut into pieces."""
    after = {}
    for track, final in zip(shown.tracks, shown.finals, strict=True):
        seen = shown.columns.observations[rows_of(shown, track)]
        after |= {row.tobytes() + following.tobytes(): True for row, following in zip(seen, [*seen[1:], final], strict=True)}
    for fragment, _, _ in shown.fragments(1, 16):
        pairs = zip(fragment.final_slots, fragment.final_observations, strict=True)
        assert all(fragment.observations[0, slot].tobytes() + final.tobytes() in after for slot, final in pairs)


def test_a_learner_finds_the_same_returns_in_fragments(shown: Demonstrations) -> None:
    """Generalised advantages with lambda 1 of a critic that knows only what comes after the end are the returns."""
    beyond = np.full(len(shown.tracks), 2.0, F)
    expected = shown.returns(beyond)[0]
    unlike = dict(zip(shown.returns()[0].tolist(), expected.tolist(), strict=True))
    for fragment, returns, _ in shown.fragments(32, 8):
        finals, found = np.zeros(fragment.rewards.shape, F), np.zeros(fragment.rewards.shape, F)
        finals[fragment.final_steps, fragment.final_slots] = 2.0
        values = np.zeros((33, 8), F)
        ends = (fragment.terminations, fragment.truncations)
        kernels.estimate_advantages(fragment.rewards, values, *ends, finals, fragment.present, F(GAMMA), F(1), found, 0, found.shape[1])
        wanted = [unlike[r] for r in returns[fragment.present].tolist()]
        assert found[fragment.present] == pytest.approx(wanted, abs=1e-4)


def test_a_cut_file_is_learnt_from_up_to_the_cut(tmp_path: Path, folder: Path) -> None:
    (path,) = record(tmp_path, range(1), walkers=2, callers=1, episode_steps=200)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.8)])
    found = load(path, LANES, "walker", {"callers": 1})
    assert set(found.tracks["steps"]) == {128} and not found.tracks["terminated"].any()
    assert np.array_equal(found.finals[:, 0], Transcript.open(path).frame("place")[128, :2])


def test_only_those_are_taken_who_are_wanted(tmp_path: Path, folder: Path) -> None:
    record(tmp_path / "good", range(4), Diary("good", 0.9), callers=1)
    record(tmp_path / "poor", range(4), Diary("poor", 0.1), callers=1)
    found = {name: load(tmp_path, LANES, "walker", {"callers": 1}, wanted=wanted) for name, wanted in WANTED.items()}
    assert found["everybody"].episodes == list(range(8))
    assert found["good"].episodes == found["best"].episodes == found["least"].episodes == [0, 1, 2, 3]
    assert found["poor"].episodes == [4, 5, 6, 7]
    with pytest.raises(UserError, match="none of 8 transcripts holds an episode by nobody or anybody: ask for less, or record more"):
        load(tmp_path, LANES, "walker", wanted=Wanted(policies=("nobody", "anybody")))
    with pytest.raises(UserError, match="holds an episode that reaches episode_return 3"):
        load(tmp_path, LANES, "walker", wanted=Wanted(least=3))
    with pytest.raises(UserError, match="best is 0, but it has to be a share"):
        load(tmp_path, LANES, "walker", wanted=Wanted(best=0))


WANTED: Mapping[str, Wanted] = {
    "everybody": Wanted(),
    "good": Wanted(policies=("good",)),
    "poor": Wanted(policies=("poor", "nobody")),
    "best": Wanted(best=0.5),
    "least": Wanted(least=0.5),
}


def test_a_person_can_be_told_from_the_others(tmp_path: Path) -> None:
    batch = make_batch(LANES, autoreset=False)
    batch.reset([3])
    recorder = Recorder(tmp_path, batch, [3], {"walker": "random"}, {"by_hand": "walker_1"})
    while not batch.ended[0]:
        batch.step({"walker": np.zeros((1, 2, 2), np.int32)})
        recorder.step()
    agreeing.grant(Ledger(tmp_path / NAME), "a" * 32, ["train"], sessions=[Transcript.open(recorder.paths[0]).digest])
    person, others = (load(tmp_path, LANES, "walker", wanted=Wanted(policies=(name,))) for name in (BY_HAND, "random"))
    assert (person.tracks["who"].tolist(), others.tracks["who"].tolist()) == ([1], [0])


REFUSALS: Mapping[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "world": (lambda head: head.update(world="wayfinding"), "was recorded in wayfinding, not in lanes: give transcripts of lanes"),
    "version": (lambda head: head.update(version=7), "version 7 of lanes, this is version 1: record it again"),
    "beginning": (lambda head: head.update(seed=99), "the world begins differently from what it says: record it again"),
    "rules": (lambda head: head["config"].update(episode_steps=10), "the world ends after 10 of its 20 steps"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_cannot_be_trusted_is_refused_or_left_out(folder: Path, tmp_path: Path, what: str) -> None:
    good = sorted((folder / "leaving").glob("*.avt"))
    change, complaint = REFUSALS[what]
    bad = forged(good[0], tmp_path / "bad.avt", change)
    with pytest.raises(UserError, match=complaint):
        load([bad, *good[1:]], LANES, "walker", {"callers": 1})
    found = load([bad, *good[1:]], LANES, "walker", {"callers": 1}, strict=False)
    assert len(found.skipped) == 1 and complaint in found.skipped[0] and "\n" not in found.skipped[0]
    assert found.episodes == [1, 2, 3, 4]
    assert found.summary().endswith("; 1 files were left out")
    alone = load(good[1:], LANES, "walker", {"callers": 1})
    assert all(one.tobytes() == two.tobytes() for one, two in zip(found.columns.arrays(), alone.columns.arrays(), strict=True))
    with pytest.raises(UserError, match=f"none of 1 transcripts can be learnt from; the first of 1 that were left out: .*{complaint}"):
        load(bad, LANES, "walker", {"callers": 1}, strict=False)


def test_rewards_that_do_not_come_out_are_found(folder: Path, tmp_path: Path) -> None:
    path = shutil.copy(next(iter(sorted((folder / "staying").glob("*.avt")))), tmp_path / "bad.avt")
    told = Transcript.open(path)
    first = int(np.argmax(told.rewards["caller"][:, 0] != 0))
    out = bytearray(blocks.MAGIC)
    for tag, content in blocks.read(path):
        if tag == blocks.STEPS:
            content = bytearray(content)
            at = 4 + sum(told.data[f"{part}.walker"].nbytes for part in ("actions", "rewards")) + told.data["actions.caller"].nbytes
            content[at + first] ^= 1  # the lowest byte of one reward of the other role
        packed = zlib.compress(bytes(content))
        out += struct.pack("<4sII", tag, len(packed), zlib.crc32(packed)) + packed
    path.write_bytes(out)
    with pytest.raises(UserError, match=rf"bad.avt cannot be learnt from, at step {first} the world gives other rewards \(caller\)"):
        load(path, LANES, "walker", {"callers": 1})


def test_another_signature_is_explained(folder: Path, tmp_path: Path) -> None:
    complaint = "was recorded with control=discrete, under which a walker senses or does other things: record it again with the settings"
    with pytest.raises(UserError, match=complaint):
        load(folder, LANES, "walker", {"control": "continuous", "episode_steps": 40})
    record(tmp_path, range(1))
    with pytest.raises(UserError, match="was recorded with callers=0, under which a caller senses or does other things"):
        load(tmp_path, LANES, "caller", {"callers": 1})
    with pytest.raises(UserError, match="has no role 'caller': its roles are walker"):
        load(folder, LANES, "caller")


def test_what_is_not_there_is_asked_for(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"there are no transcripts .* record some, for example by avatarium evaluate lanes:WORLD heuristic"
    ):
        load(tmp_path, LANES, "walker")
    with pytest.raises(UserError, match="cannot read"):
        load(tmp_path / "absent.avt", LANES, "walker")
    complaint = f"hold {2 * 3 * 30 + 5 * 2 * 20} decisions of walker, about 0.0 GB, and 100 are taken at most: give fewer, or the best 26 %"
    with pytest.raises(UserError, match=complaint):
        load(folder, LANES, "walker", {"callers": 1}, most=100)


def test_progress_is_told(folder: Path) -> None:
    told: list[int] = []
    decisions = load(folder, LANES, "walker", {"callers": 1}, progress=told.append).decisions
    assert sum(told) == decisions and len(told) == 2
