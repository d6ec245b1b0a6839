"""Whatever is done to the file of a ledger shows, or changes nothing of what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.agents.consent import chain
from avatarium.agents.consent.chain import BEGINNING, BrokenError, parse


def written(count: int) -> bytes:
    """A chain of some lines."""
    previous, out = BEGINNING, b""
    for number in range(1, count + 1):
        line = chain.sealed({"number": number, "previous": previous, "said": f"word {number} ü", "until": None, "list": [number, [True]]})
        previous, out = line["hash"], out + chain.written(line)
    return out


WHOLE = written(5)
LINES = WHOLE.splitlines(keepends=True)


def reads(data: bytes) -> list[dict[str, object]] | None:
    """What a file says; None where it is found out."""
    try:
        return parse(data).lines
    except BrokenError:
        return None


def test_what_is_written_is_read() -> None:
    found = parse(WHOLE)
    assert [line["number"] for line in found.lines] == [1, 2, 3, 4, 5] and found.whole == len(WHOLE) and not found.unended
    assert parse(WHOLE[len(LINES[0]) :], 1, found.lines[0]["hash"]).lines == found.lines[1:]


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, change: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= change
    assert reads(bytes(data)) in (None, parse(WHOLE).lines), "found out, or (the end of the last line) without effect"


@given(st.permutations(range(5)).filter(lambda order: order != [0, 1, 2, 3, 4]))
def test_lines_cannot_change_places(order: list[int]) -> None:
    assert reads(b"".join(LINES[k] for k in order)) is None


@given(st.integers(0, 4), st.integers(0, 4))
def test_no_line_can_be_put_in_again_or_be_taken_out(which: int, where: int) -> None:
    assert reads(b"".join([*LINES[:where], LINES[which], *LINES[where:]])) is None
    if which < 4:
        assert reads(b"".join(LINES[:which] + LINES[which + 1 :])) is None


@given(st.integers(0, len(WHOLE)))
def test_what_a_crash_leaves_of_the_last_line_is_passed_over(cut: int) -> None:
    found = parse(WHOLE[:cut])
    ends = [0, *(len(b"".join(LINES[: k + 1])) for k in range(5))]
    whole = max(k for k in range(6) if ends[k] <= cut)
    complete = whole + (cut + 1 in ends[1:])  # but for its end
    assert len(found.lines) == complete and found.unended == (complete > whole) and found.whole == ends[whole]
    assert parse(WHOLE[:cut] + b"\0" * 100).lines == found.lines


@pytest.mark.parametrize("text", [b"\n", b"{}\n", b"[1]\n", b"null\n", b"[" * 100_000 + b"\n", b"\xff\n", b'{"number":1}\n', b'{"a":1} x'])
def test_rubbish_is_no_line(text: bytes) -> None:
    assert reads(text) is None
    assert reads(WHOLE + text) is None


def test_rubbish_at_the_end_that_no_entry_begins_with_is_passed_over() -> None:
    assert reads(WHOLE + b"[" * 100_000) == reads(WHOLE)


@given(st.binary(max_size=200))
def test_any_bytes_are_told_apart_from_entries(data: bytes) -> None:
    assert reads(data) in (None, [])
