"""Branches: exact up to the step of the change, nothing but the change from there on, and clear about who goes on by what."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avatarium import worlds
from avatarium.agents import branching, load
from avatarium.agents.branching import REPLAY, Act, Say, Swap, branch
from avatarium.agents.exported import Manifest, StateShape, pack
from avatarium.agents.networks.actor_critic import ActorCritic, Architecture, Interface
from avatarium.agents.play import Seat, play, recorder_for
from avatarium.agents.policy import Memory, Policy, Turn
from avatarium.training.run.export import to_onnx
from avatarium.worlds import Batch, UserError, make_batch
from avatarium.worlds.core.spec import Role
from avatarium.worlds.core.transcript import Transcript, verify

STEPS, AT = 40, 20


def minds(world: str, batch: Batch, config: Mapping[str, Any]) -> dict[str, Policy]:
    name = "heuristic" if batch.spec.heuristic else "random"
    return {role: load(name, world, role, **config) for role in batch.roles}


def recorded(world: str, folder: Path, steps: int = STEPS, extra: Mapping[str, Any] | None = None, **config: Any) -> Path:
    """The first ``steps`` of an episode: whoever records may stop before it ends."""
    batch = make_batch(world, autoreset=False, **config)
    batch.reset([3])
    seats = minds(world, batch, config)
    recorder, seated = recorder_for(folder, batch, [3], seats, extra), [Seat(batch, role, policy, [3]) for role, policy in seats.items()]
    while len(seated) and batch.clock[0] < steps and not batch.episodes.over[0]:
        batch.step({seat.role: seat.act() for seat in seated})
        recorder.step()
    recorder.close()
    return recorder.paths[0]


def otherwise(role: Role, done: np.ndarray) -> Act:
    """Another choice of the first head, or another control, than that in ``done`` [heads]."""
    if role.continuous:
        low, high = role.span
        return Act({role.continuous[0]: low if done[0] > 0.5 * (low + high) else high})
    return Act({role.heads[0].name: (int(done[0]) + 1) % len(role.heads[0].choices)})


@pytest.mark.parametrize("world", worlds.names())
def test_any_world_can_be_branched(world: str, tmp_path: Path) -> None:
    path = recorded(world, tmp_path)
    told = Transcript.open(path)
    at = told.steps // 2
    role = next(iter(told.roles.values()))
    same = branch(path, at, f"{role.name}_0", None, tmp_path / "same")
    for future in (*same.originals, *same.branches):
        assert Transcript.open(future.path).digest == told.digest
    assert same.notes == []
    change = otherwise(role, told.actions(at)[role.name][0]) if not role.masked else Swap("random")
    found = branch(path, at, f"{role.name}_0", change, tmp_path / "other")
    assert Transcript.open(found.originals[0].path).digest == told.digest and verify(found.branches[0].path).ok
    other = Transcript.open(found.branches[0].path)
    for field in told.spec.frame_fields:
        assert other.frame(field)[: at + 1].tobytes() == told.frame(field)[: at + 1].tobytes()
    if isinstance(change, Act):
        differs = (other.data[f"actions.{role.name}"][: told.steps] != told.data[f"actions.{role.name}"]).any(axis=2)
        assert differs[at].tolist() == [True] + [False] * (role.count - 1) and not differs[:at].any()


def test_a_branch_says_what_it_is(tmp_path: Path) -> None:
    path = recorded("wayfinding", tmp_path)
    found = branch(path, AT, "walker_2", Act({"walk": "left", "turn": 1}, 3), tmp_path / "out")
    about = {"of": Transcript.open(path).digest, "at": AT, "agent": "walker_2"}
    (one,), (other,) = found.originals, found.branches
    assert (one.path, other.path) == (tmp_path / "out" / "original.avt", tmp_path / "out" / "branch.avt")
    assert Transcript.open(one.path).header["extra"] == {"branch": about | {"change": None}}
    told = {"action": {"walk": "left", "turn": 1}, "steps": 3}
    assert Transcript.open(other.path).header["extra"] == {"branch": about | {"change": told}}


def test_an_action_lasts_as_long_as_it_is_to_and_moves_one_avatar(tmp_path: Path) -> None:
    path = recorded("wayfinding", tmp_path)
    told = Transcript.open(path)
    found = branch(path, AT, "walker_1", Act({"walk": "back"}, 5), tmp_path / "out", others={"walker": REPLAY})
    done, was = Transcript.open(found.branches[0].path).data["actions.walker"], told.data["actions.walker"].copy()
    was[AT : AT + 5, 1, 0] = told.roles["walker"].heads[0].choices.index("back")
    assert np.array_equal(done, was)


def test_others_react_and_its_own_mind_takes_over(tmp_path: Path) -> None:
    """After the action, everybody does what their minds do in the world as it then is: the heuristic, asked from outside, agrees."""
    crowded = {"walkers": 16, "rooms_low": 2, "rooms_high": 2}
    path = recorded("wayfinding", tmp_path, steps=300, **crowded)
    found = branch(path, AT, "walker_1", Act({"walk": "back"}, 50), tmp_path / "out")
    other = Transcript.open(found.branches[0].path)
    batch = make_batch("wayfinding", autoreset=False, **crowded)
    batch.reset([3])
    heuristic = Seat(batch, "walker", load("heuristic", "wayfinding", "walker", **crowded), [3])
    for t in range(other.steps):
        free = np.ones(16, bool)
        free[1] = not AT <= t < AT + 50
        assert np.array_equal(heuristic.act()[0][free], other.actions(t)["walker"][free])
        batch.step({"walker": other.actions(t)["walker"][None]})
    assert np.delete(other.data["actions.walker"] != Transcript.open(path).data["actions.walker"], 1, axis=1).any()


def test_a_word_is_said_where_words_can_be_said(tmp_path: Path) -> None:
    path = recorded("concierge", tmp_path)
    found = branch(path, AT, "host_0", Say(4, 6), tmp_path / "out")
    words = Transcript.open(found.branches[0].path).frame("avatars")["word"][:, 0]
    assert (words[AT + 1 : AT + 7] == 4).all()
    assert branching.in_words(found.change) == "says 4 for 6 steps"


def test_what_was_paid_is_told_by_term(tmp_path: Path) -> None:
    path = recorded("wayfinding", tmp_path)
    found = branch(path, AT, "walker_0", Swap("random"), tmp_path / "out")
    for future in (*found.originals, *found.branches):
        told = Transcript.open(future.path)
        assert np.allclose(future.terms["walker"].sum(axis=1), told.rewards["walker"][AT:].sum(axis=0, dtype=float), atol=1e-4)


def lstm(world: str, role: Role, path: Path) -> Path:
    """An exported policy that acts by what it remembers, far from uniform."""
    torch.manual_seed(1)
    choices = tuple(len(head.choices) for head in role.heads)
    network = ActorCritic(Interface(role.observation_size, choices), Architecture("lstm", (16, 16), 8))
    with torch.no_grad():
        network.actor[-1].weight *= 300.0
    states = tuple(StateShape(name, (8,)) for name in network.state_names)
    manifest = Manifest("remembers", world, worlds.spec(world).version, role.name, role.signature(), choices, recurrent=states)
    return pack(path, to_onnx(network, role), manifest)


@pytest.fixture(scope="module")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An episode of a policy with memory, and that policy."""
    folder = tmp_path_factory.mktemp("remembered")
    role = make_batch("coordination").roles["mover"]
    zipped = lstm("coordination", role, folder / "remembers.zip")
    policy = load(str(zipped), "coordination", "mover")
    return play("coordination", {"mover": policy}, [5], folder)[0], zipped


def test_a_memory_is_brought_to_the_moment(remembered: tuple[Path, Path], tmp_path: Path) -> None:
    path, zipped = remembered
    told = Transcript.open(path)
    assert told.header["minds"] == {"mover": str(zipped)}
    found = branch(path, 30, "mover_0", None, tmp_path)
    assert Transcript.open(found.branches[0].path).digest == told.digest and found.notes == []
    assert Transcript.open(found.branches[0].path).readouts["mover"]["entropy"] == pytest.approx(told.readouts["mover"]["entropy"])
    batch = make_batch(
        "coordination", autoreset=False
    )  # the same mind without what came before decides otherwise: the test means something
    batch.reset([5])
    for t in range(30):
        batch.step({"mover": told.actions(t)["mover"][None]})
    fresh, same = Seat(batch, "mover", load(str(zipped), "coordination", "mover"), [5]), []
    for t in range(30, told.steps):
        same.append(np.array_equal(fresh.act()[0], told.actions(t)["mover"]))
        batch.step({"mover": told.actions(t)["mover"][None]})
    assert not all(same)


def test_a_policy_that_is_swapped_in_has_watched(remembered: tuple[Path, Path], tmp_path: Path) -> None:
    """Swapped in for itself, it changes nothing."""
    path, zipped = remembered
    found = branch(path, 30, "mover_1", Swap(str(zipped)), tmp_path)
    assert Transcript.open(found.branches[0].path).digest == Transcript.open(path).digest


def test_a_policy_is_found_beside_its_replay(remembered: tuple[Path, Path], tmp_path: Path) -> None:
    """As a run leaves them: recordings of earlier days do not say where their minds lie."""
    zipped = remembered[1]
    policy = load(str(zipped), "coordination", "mover")
    del policy.address  # type: ignore[attr-defined]
    (lone,) = play("coordination", {"mover": policy}, [5], tmp_path)
    (note,) = branch(lone, 9, "mover_0", None, tmp_path / "without").notes
    assert note.startswith("every mover goes on by the recorded actions, whatever happens (remembers cannot be loaded here)")
    (tmp_path / "policy.zip").write_bytes(zipped.read_bytes())
    assert branch(lone, 9, "mover_0", None, tmp_path / "with").notes == []


class Stubborn:
    """A policy that no name leads to."""

    name = "stubborn"

    def initial_state(self, rows: int) -> Memory:
        return ()

    def step(self, turn: Turn, state: Memory) -> tuple[np.ndarray, Memory]:
        return np.ones((len(turn.observation), 2), np.int32), ()


def test_without_a_mind_recorded_actions_go_on(tmp_path: Path) -> None:
    (path,) = play("wayfinding", {"walker": Stubborn()}, [3], tmp_path, {"episode_steps": 60})
    found = branch(path, AT, "walker_0", Act({"walk": "back"}, 2), tmp_path / "out")
    assert len(found.notes) == 1 and found.notes[0].startswith("every walker goes on by the recorded actions, whatever happens (stubborn")
    done, was = Transcript.open(found.branches[0].path).data["actions.walker"], Transcript.open(path).data["actions.walker"]
    assert np.array_equal(done[:, 1:], was[:, 1:]) and np.array_equal(done[AT + 2 :], was[AT + 2 :])
    with_mind = branch(path, AT, "walker_0", None, tmp_path / "mind", others={"walker": Stubborn()})
    assert with_mind.notes == [] and Transcript.open(with_mind.branches[0].path).digest == Transcript.open(path).digest


def test_a_header_cannot_have_code_imported(tmp_path: Path) -> None:
    policy = Stubborn()
    policy.address = "this.module.is_not:there"  # type: ignore[attr-defined]
    (path,) = play("wayfinding", {"walker": policy}, [3], tmp_path, {"episode_steps": 60})
    assert "this.module.is_not:there cannot be loaded here" in branch(path, AT, "walker_0", None, tmp_path / "out").notes[0]


def test_whoever_a_person_moved_goes_on_as_recorded(tmp_path: Path) -> None:
    """Their own actions too, which no mind would have chosen; with a mind for the role as well."""
    batch = make_batch("wayfinding", autoreset=False)
    batch.reset([3])
    seats = minds("wayfinding", batch, {})
    recorder, seat = recorder_for(tmp_path, batch, [3], seats, {"by_hand": "walker_0"}), Seat(batch, "walker", seats["walker"], [3])
    for t in range(STEPS):
        actions = seat.act()
        actions[0, 0] = (t % 5, t % 3)
        batch.step({"walker": actions})
        recorder.step()
    recorder.close()
    told = Transcript.open(recorder.paths[0])
    for others in ({}, {"walker": "heuristic"}):
        found = branch(recorder.paths[0], AT, "walker_1", Swap("random"), tmp_path / "out", others=others)
        done = Transcript.open(found.branches[0].path).data["actions.walker"]
        assert np.array_equal(done[:STEPS, 0], told.data["actions.walker"][:, 0])
        assert bool(found.notes) is not bool(others)
    assert branch(told, AT, "walker_1", None, tmp_path / "same").notes[0].startswith("walker_0 goes on by the recorded actions")
    other = branch(told, AT, "walker_0", Swap("random"), tmp_path / "other")
    assert [Transcript.open(future.path).by_hand for future in (*other.originals, *other.branches)] == ["walker_0", ""]


def test_a_branch_can_be_branched(tmp_path: Path) -> None:
    first = branch(recorded("wayfinding", tmp_path), 10, "walker_0", Swap("random"), tmp_path / "first").branches[0].path
    again = branch(first, 25, "walker_3", None, tmp_path / "again")
    assert Transcript.open(again.branches[0].path).digest == Transcript.open(first).digest
    assert again.notes[0].startswith("walker_0 goes on by the recorded actions")
    with pytest.raises(UserError, match="overwritten by its own branch"):
        branch(first, 25, "walker_3", None, first.parent)


def test_pairs_draw_from_keys_of_their_own(tmp_path: Path) -> None:
    seat = {"mover": load("random", "coordination", "mover")}
    (path,) = play("coordination", seat, [5], tmp_path)
    same = branch(path, 30, "mover_0", None, tmp_path / "same", repeat=3)
    one, other = ([Transcript.open(future.path).digest for future in some] for some in (same.originals, same.branches))
    assert one == other and len(set(one)) == 3 and one[0] == Transcript.open(path).digest
    changed = branch(path, 30, "mover_0", Act({"move": "stay"}, 40), tmp_path / "changed", repeat=3)
    for original, future in zip(changed.originals, changed.branches, strict=True):
        a, b = (Transcript.open(file.path).data["actions.mover"] for file in (original, future))
        assert np.array_equal(a[:, 1], b[:, 1]) and not b[30:, 0].any() and verify(future.path).ok
    assert [future.path.name for future in changed.branches] == [f"branch-{k:03d}.avt" for k in range(3)]


def test_only_open_choices_can_be_made(tmp_path: Path) -> None:
    path = recorded("masks", tmp_path)
    told = Transcript.open(path)
    allowed = told.frame("allowed")[10].reshape(-1)
    closed = next(k for k, name in enumerate(told.roles["operator"].heads[0].choices) if not allowed[k])
    with pytest.raises(UserError, match="is not open to operator_0 at step 10"):
        branch(path, 10, "operator_0", Act({"press": closed}), tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.avt"))


def test_what_cannot_be_branched_is_said_in_a_sentence(tmp_path: Path) -> None:
    path = recorded("wayfinding", tmp_path)
    cut = tmp_path / "cut.avt"
    cut.write_bytes(path.read_bytes()[:-40])
    wrong: list[tuple[str, Path, int, str, Any, dict[str, Any]]] = [
        ("did you mean 'walker_1'", path, AT, "waker_1", Swap("random"), {}),
        ("steps 0 to 39", path, STEPS, "walker_1", Swap("random"), {}),
        ("steps 0 to 39", path, -1, "walker_1", Swap("random"), {}),
        ("cannot speak here", path, AT, "walker_1", Say(3), {}),
        ("did you mean 'walk'", path, AT, "walker_1", Act({"wak": "left"}), {}),
        ("did you mean 'left'", path, AT, "walker_1", Act({"walk": "lefft"}), {}),
        ("for at least one step", path, AT, "walker_1", Act({"walk": "left"}, 0), {}),
        ("lives in museum", path, AT, "walker_1", Swap("museum/ant"), {}),
        ("there is no policy 'nobody'", path, AT, "walker_1", Swap("nobody"), {}),
        ("no role 'guest'", path, AT, "walker_1", None, {"others": {"guest": "random"}}),
        ("1 to 256 pairs", path, AT, "walker_1", None, {"repeat": 0}),
        ("was cut after step", cut, AT, "walker_1", None, {}),
    ]
    for match, file, at, agent, change, words in wrong:
        with pytest.raises(UserError, match=match):
            branch(file, at, agent, change, tmp_path / "out", **words)
    with pytest.raises(UserError, match="there is no word '31': they are silence to word_16"):
        branch(recorded("concierge", tmp_path / "c", steps=5), 2, "host_0", Say(31), tmp_path / "out")


def test_a_recording_that_is_not_what_the_world_does_is_not_branched(tmp_path: Path) -> None:
    """Forged with a right checksum: the world, not the file, finds it out."""
    batch = make_batch("coordination", autoreset=False)
    batch.reset([3])
    recorder = recorder_for(tmp_path, batch, [3], minds("coordination", batch, {}))
    for _ in range(10):
        batch.step({"mover": np.ones((1, 2, 1), np.int32)})
        batch.rewards["mover"][:] += 1.0
        recorder.step()
    recorder.close()
    with pytest.raises(UserError, match="a branch would not be exact, because the recording is not what its world does"):
        branch(recorder.paths[0], 5, "mover_0", None, tmp_path / "out")


def test_an_end_that_comes_later_is_reached_where_everybody_has_a_mind(tmp_path: Path) -> None:
    """An episode that ended by itself may be longer without what ended it; one that was stopped is not played on."""
    seats = (
        {"seeker": load("oracle", "keydoor", "seeker")}
        if worlds.spec("keydoor").oracle
        else {"seeker": load("random", "keydoor", "seeker")}
    )
    (path,) = play("keydoor", seats, [5], tmp_path)
    told = Transcript.open(path)
    found = branch(path, 0, "seeker_0", Act({"move": "stay"}, 1000), tmp_path / "out")
    assert Transcript.open(found.branches[0].path).steps >= told.steps
    stopped = recorded("keydoor", tmp_path / "stopped", steps=10)
    found = branch(stopped, 2, "seeker_0", Act({"move": "stay"}, 1000), tmp_path / "out")
    assert Transcript.open(found.branches[0].path).steps == 10
