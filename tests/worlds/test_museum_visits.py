"""The museum as it is visited: by chance, by the heuristic, the oracle and the crowd; and the golden transcript."""

from pathlib import Path
from typing import Any

import numpy as np

from avatarium.agents import load
from avatarium.agents.play import play
from avatarium.worlds import Batch, make_batch
from avatarium.worlds.core.chance import random_actions
from avatarium.worlds.core.transcript import Transcript
from avatarium.worlds.museum import WORLD
from avatarium.worlds.museum.visiting import ANT, BUTTERFLY, FISH, GRASSHOPPER

EVENT = {event.name: k for k, event in enumerate(WORLD.events)}


def fresh(num_envs: int, seed: int = 0, **config: Any) -> Batch:
    """Museums at the beginning of a visit."""
    batch = make_batch("museum", num_envs=num_envs, autoreset=False, **config)
    batch.reset(seed)
    return batch


def bounds(policy: str, num_envs: int = 12, **config: Any) -> dict[str, float]:
    """What the visitors of a policy see, find and open in one visit each."""
    batch = fresh(num_envs, 1, **config)
    visitors, rng = batch.num_agents["visitor"], np.random.default_rng(0)
    envs, avatars = np.repeat(np.arange(num_envs), visitors), np.tile(np.arange(visitors), num_envs)
    for _ in range(batch.config.episode_steps):
        rows = batch.observations["visitor"].reshape(num_envs * visitors, -1)
        assert WORLD.heuristic is not None and WORLD.oracle is not None
        if policy == "random":
            batch.step(random_actions(batch, rng))
        else:
            acts = WORLD.oracle(batch, "visitor", envs, avatars) if policy == "oracle" else WORLD.heuristic("visitor", rows, batch.config)
            batch.step({"visitor": acts.reshape(num_envs, visitors, 3)})
    tally = batch.events.tally
    found = {name: tally["value"][:, EVENT[name]].sum() / len(envs) for name in ("seen", "seen_hidden", "discovered")}
    return found | {"wing": (tally["count"][:, EVENT["wing_opened"]] > 0).mean()}


def test_the_heuristic_is_between_chance_and_the_oracle_in_held_out_museums() -> None:
    chance, heuristic, oracle = (bounds(policy, split="held-out") for policy in ("random", "heuristic", "oracle"))
    assert chance["seen"] < 0.1 and 0.15 < heuristic["seen"] < 0.6
    assert oracle["seen"] > 0.98 and oracle["seen_hidden"] > 0.95 and oracle["discovered"] > 0.95 and oracle["wing"] > 0.95


def test_a_fixed_gaze_or_a_wall_is_no_shortcut() -> None:
    """Spinning where one begins, and walking straight on, see next to nothing."""
    for action in ((0, 1, 1), (1, 0, 1)):
        batch = fresh(16)
        for _ in range(600):
            batch.step({"visitor": np.full((16, 4, 3), action, np.int32)})
        assert batch.events.tally["value"][:, EVENT["seen"]].sum() / 64 < 0.1


def test_the_crowd_visits_in_four_styles() -> None:
    batch = fresh(8, crowd=8, visitors=1, episode_steps=2500)
    avatars = batch.state.avatars
    walking, near, sets = np.zeros((8, 8)), np.zeros((8, 8)), np.zeros((8, 8), np.uint32)
    for _ in range(2400):
        batch.step({"visitor": np.zeros((8, 1, 3), np.int32)})
        walking += np.hypot(avatars["vx"], avatars["vy"])[:, 1:] > 0.3
        near += avatars["attends"][:, 1:] > 0
        sets |= avatars["attends"][:, 1:]
    styles = batch.state.styles[0, 1:]
    assert styles.tolist() == [ANT, FISH, GRASSHOPPER, BUTTERFLY] * 2
    share = {style: walking[:, styles == style].mean() / 2400 for style in range(4)}
    close = {style: near[:, styles == style].mean() / 2400 for style in range(4)}
    seen = {style: np.mean([int(s).bit_count() for s in sets[:, styles == style].ravel()]) for style in range(4)}
    assert share[FISH] > 2 * max(share[ANT], share[GRASSHOPPER]) and close[FISH] < 0.5 * min(close[ANT], close[GRASSHOPPER])
    assert seen[GRASSHOPPER] < min(seen[ANT], seen[BUTTERFLY])


def test_the_golden_transcript_is_still_what_this_version_does(tmp_path: Path) -> None:
    """When this fails on purpose, the world has changed: raise its version, then write the new digest here and in the card."""
    path = play("museum", {"visitor": load("heuristic", "museum", "visitor")}, [2026], tmp_path, {"crowd": 2})[0]
    digest = Transcript.open(path).digest
    card = Path(__file__).parents[2] / "worlds" / "museum" / "README.md"
    assert digest in card.read_text()
