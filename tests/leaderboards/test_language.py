"""What words mean: mutual information of a code that says everything, of one that says nothing, and of one in between."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.agents import load
from avatarium.agents.play import play
from avatarium.leaderboards.language import entropy, information, language
from avatarium.worlds.core.errors import UserError


def test_a_code_that_names_every_wish_tells_all_there_is() -> None:
    assert information(1000 * np.eye(8, dtype=int)) == pytest.approx(3.0, abs=0.01)


def test_a_word_for_everything_tells_nothing() -> None:
    table = np.zeros((8, 17), int)
    table[:, 3] = 100
    assert information(table) == 0


def test_half_a_code_tells_what_is_worked_out_by_hand() -> None:
    """Two words for four wishes, each for two of them: one bit of two."""
    table = np.array([[500, 0], [500, 0], [0, 500], [0, 500]])
    bias = 3 * 1 / (2 * 2000 * np.log(2))
    assert information(table) == pytest.approx(1.0 - bias) and entropy(table.sum(axis=1)) == pytest.approx(2.0)


def test_chatter_by_chance_tells_nothing_in_spite_of_few_samples() -> None:
    rng = np.random.default_rng(0)
    found = [information(rng.multinomial(400, np.full(8 * 16, 1 / 128)).reshape(8, 16)) for _ in range(40)]
    assert np.mean(found) < 0.05


def test_transcripts_are_folded_into_a_language(tmp_path: Path) -> None:
    host = load("concierge/guide")
    plain, foreign, mute = (
        language(play("concierge", {"host": host, "visitor": load(f"concierge/{who}")}, range(12), tmp_path / who, {"visitors": 1}))
        for who in ("follower", "foreigner", "explorer")
    )
    assert plain.bits.value == pytest.approx(plain.most, abs=0.15) and 2 < plain.most <= 3
    assert (plain.table.argmax(axis=1) == np.arange(1, 9)).all() and (foreign.table.argmax(axis=1) == np.arange(16, 8, -1)).all()
    assert foreign.bits.value > 2, "a code nobody knows is a code"
    assert mute.bits.value == 0 and mute.table[:, 1:].sum() == 0
    assert plain.bits.low <= plain.bits.value <= plain.bits.high + 0.2


def test_a_world_without_wishes_is_refused(tmp_path: Path) -> None:
    (path,) = play("wayfinding", {"walker": load("random", "wayfinding", "walker")}, [0], tmp_path)
    with pytest.raises(UserError, match="nobody in wayfinding has wishes"):
        language([path])
    with pytest.raises(UserError, match="no transcripts"):
        language([])
