"""Passwords are kept as hashes that say how they were made."""

from time import perf_counter

from argon2 import PasswordHasher

from stratoform.secrets import _NOBODYS, hash_password, outdated, token_hash, verify_password


def test_a_password_is_verified_against_its_hash():
    kept = hash_password("grüße ☃")

    assert "grüße" not in kept
    assert kept.startswith("$argon2id$")
    assert verify_password(kept, "grüße ☃")
    assert not verify_password(kept, "grüße")
    assert hash_password("grüße ☃") != kept


def test_who_has_no_password_cannot_log_in_and_takes_as_long_to_refuse():
    kept = hash_password("secret")
    times = []
    for hashed in (kept, None):
        begin = perf_counter()
        for _ in range(5):
            assert not verify_password(hashed, "wrong")
        times.append(perf_counter() - begin)

    assert 0.3 < times[0] / times[1] < 3
    assert not outdated(_NOBODYS)
    assert not verify_password("", "")
    assert not verify_password("no hash", "no hash")


def test_hashes_of_weaker_parameters_are_told():
    assert not outdated(hash_password("secret"))
    assert outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("secret"))


def test_a_tokens_hash_is_always_the_same():
    assert token_hash("a") == token_hash("a") != token_hash("b")
    assert len(token_hash("\udcff")) == 64
