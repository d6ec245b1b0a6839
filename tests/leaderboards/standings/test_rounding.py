"""What is stored of a number is JSON, and the same wherever it was added up."""

import json
import math

from avatarium.leaderboards.standings.rounding import interval, rounded
from avatarium.leaderboards.stats import Interval


def test_nothing_hangs_on_last_bits_or_on_the_sign_of_nothing():
    assert rounded(0.1 + 0.2) == rounded(0.3) == 0.3
    assert json.dumps([rounded(-1e-9), rounded(1e-9), rounded(-0.004, 2)]) == "[0.0, 0.0, 0.0]"


def test_where_there_is_no_score_there_is_null():
    assert rounded(math.nan) is None
    assert interval(Interval(0.123456789, -1.0, math.nan), 2) == {"value": 0.12, "low": -1.0, "high": None}
