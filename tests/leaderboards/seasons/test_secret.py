"""Seeds that nobody can choose or know beforehand, and everybody can compute afterwards."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatarium.leaderboards.seasons import secret as secrets
from avatarium.worlds.core.errors import UserError

SECRETS = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(SECRETS, st.integers(0, 40), st.integers(0, 40))
def test_more_seeds_never_change_those_before(secret, few, more):
    assert secrets.seeds(secret, "ranked", "museum", few + more)[:few] == secrets.seeds(secret, "ranked", "museum", few)


@given(SECRETS)
def test_tracks_and_worlds_have_seeds_of_their_own_that_fit_every_database(secret):
    found = [seed for track in ("ranked", "final") for world in ("museum", "commons") for seed in secrets.seeds(secret, track, world, 64)]
    assert len(set(found)) == len(found)
    assert all(0 <= seed < 2**62 for seed in found)


@given(SECRETS, SECRETS)
def test_the_commitment_tells_secrets_apart_and_does_not_tell_them(one, other):
    assert (secrets.commitment(one) == secrets.commitment(other)) == (one == other)
    assert one not in secrets.commitment(one)


def test_a_known_secret_gives_known_seeds():
    """So that seasons of the past stay what they were: these numbers follow from HMAC-SHA-256 and never change."""
    assert secrets.commitment("00" * 32) == "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
    assert secrets.seeds("00" * 32, "ranked", "museum", 2) == [1269228234562979167, 6052629673305458]


def test_secrets_are_kept_from_others_and_never_overwritten(tmp_path):
    path, secret = tmp_path / "deep" / "s.secret", secrets.draw()
    secrets.write(path, secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets.read(path, secrets.commitment(secret)) == secret
    with pytest.raises(UserError, match="holds a secret already"):
        secrets.write(path, secrets.draw())
    assert path.read_text().strip() == secret


def test_another_secret_is_refused(tmp_path):
    path = tmp_path / "s.secret"
    secrets.write(path, secrets.draw())
    with pytest.raises(UserError, match="not the secret whose hash was published"):
        secrets.read(path, secrets.commitment(secrets.draw()))
    path.write_text("rubbish")
    with pytest.raises(UserError, match="64 hexadecimal digits"):
        secrets.read(path, secrets.commitment(secrets.draw()))
    with pytest.raises(UserError, match="give its file"):
        secrets.read(tmp_path / "none.secret", "00")
