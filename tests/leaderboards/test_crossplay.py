"""Cross-play: the matrix holds who played with whom, and the gap is what one works out from it."""

from pathlib import Path

import numpy as np
import pytest

from avatarium.leaderboards.crossplay import crossplay, gaps
from avatarium.worlds.cli import main
from avatarium.worlds.core.errors import UserError

PLAIN, FOREIGN = ("concierge/guide", "concierge/follower"), ("concierge/guide", "concierge/foreigner")


def test_the_gap_is_between_the_diagonal_and_the_rest() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.3, 0.8, 0.4], [0.0, 0.2, 1.0]])
    together, apart, gap = gaps(scores)
    assert (together.value, apart.value, gap.value) == pytest.approx((0.9, 0.2, 0.7))
    assert 0.8 <= together.low <= together.high <= 1.0
    assert gap.low < 0.7 < gap.high and gap.low > 0.3


def test_pairs_that_are_all_alike_have_no_gap() -> None:
    gap = gaps(np.full((4, 4), 0.5))[2]
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)


def test_who_speaks_a_code_of_its_own_is_not_understood(tmp_path: Path) -> None:
    found = crossplay("concierge", {"plain": PLAIN, "foreign": FOREIGN}, range(8), tmp_path, {"split": "held-out"})
    assert found.names == ("plain", "foreign") and found.roles == ("host", "visitor") and found.metric.name == "success"
    assert (found.scores[:, 0] > 0.6).all() and (found.scores[:, 1] < 0.2).all(), "rows are hosts, columns are visitors"
    assert found.scores[0, 0] == found.scores[1, 0], "the same two, playing the same episodes"
    assert len(list((tmp_path / "plain+foreign").glob("*.avt"))) == 8


@pytest.mark.parametrize(
    ("world", "pairs", "sentence"),
    [
        ("concierge", {"plain": PLAIN}, "two pairs or more"),
        ("wayfinding", {"a": ("random", "random"), "b": ("random", "random")}, "a world of two roles; wayfinding has walker"),
    ],
)
def test_what_is_no_cross_play_is_refused(world: str, pairs: dict[str, tuple[str, str]], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        crossplay(world, pairs, [0], tmp_path)


def test_the_matrix_and_the_dictionary_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["crossplay", "concierge", "heuristic", "+".join(FOREIGN), "--episodes", "2", "--out", str(tmp_path)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "host \\ visitor" in told and "guide+foreigner" in told and "gap" in told
    assert main(["language", *map(str, (tmp_path / "heuristic+heuristic").glob("*.avt"))]) == 0
    assert "bits of the" in capsys.readouterr().out
    assert main(["crossplay", "concierge", str(tmp_path), "heuristic"]) == 2
    assert "has no policy_host.zip" in capsys.readouterr().err
