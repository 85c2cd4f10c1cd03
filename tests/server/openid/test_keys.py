"""Signing keys come of age, are published before they sign, and are kept while they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.errors import JoseError
from sqlalchemy import select

from server.crypto import keyring, rotation
from server.crypto.keyring import Keyring, KeySource
from server.db.tables import openid_keys
from server.errors import MasterKeyMissing
from server.openid.keys import KeyState, SigningKeys
from server.verifier import Verifier
from tests.server.support import Card, ToldClock, add_card, add_user, make_verifier

from .party import ISSUER, Browser, Party, register

DAY = 86_400


def states(verifier: Verifier) -> list[KeyState]:
    return [row.state for row in verifier.openid.keys.rows()]


def published(verifier: Verifier) -> set[str]:
    return {key["kid"] for key in verifier.openid.keys.jwks()["keys"]}


def test_a_key_comes_of_age_by_the_clock_alone(verifier: Verifier, clock: ToldClock) -> None:
    keys = verifier.openid.keys
    first, _ = keys.signing()
    assert keys.signing()[0] == first
    clock.advance(89 * DAY - 1)
    assert states(verifier) == [KeyState.CURRENT]
    clock.advance(1)
    assert states(verifier) == [KeyState.NEXT, KeyState.CURRENT]  # a day before it signs
    assert len(published(verifier)) == 2
    assert keys.signing()[0] == first
    clock.advance(DAY)
    second, _ = keys.signing()
    assert second != first
    assert states(verifier) == [KeyState.CURRENT, KeyState.RETIRED]
    assert published(verifier) == {first, second}  # what the first has signed is looked at yet
    clock.advance(verifier.settings.openid_token_seconds + 601)
    assert published(verifier) == {second}


def test_whoever_was_asleep_still_publishes_first(verifier: Verifier, clock: ToldClock) -> None:
    first, _ = verifier.openid.keys.signing()
    clock.advance(400 * DAY)
    assert verifier.openid.keys.signing()[0] == first
    assert states(verifier) == [KeyState.NEXT, KeyState.CURRENT]
    clock.advance(DAY)
    assert verifier.openid.keys.signing()[0] != first


def test_tokens_of_before_a_rotation_are_still_believed(
    party: Party, browser: Browser, verifier: Verifier, clock: ToldClock
) -> None:
    verifier.openid.keys.rotate("cli:test")
    clock.advance(DAY - 60)
    old = party.tokens(browser)["id_token"]
    clock.advance(120)
    new = party.tokens(browser)["id_token"]
    assert old.partition(".")[0] != new.partition(".")[0]  # another kid
    assert party.claims(old)["sub"] == party.claims(new)["sub"]


def test_rotating_twice_makes_one_key(verifier: Verifier) -> None:
    keys = verifier.openid.keys
    assert keys.rotate("cli:test") == keys.rotate("cli:test")
    assert states(verifier) == [KeyState.NEXT, KeyState.CURRENT]


def test_after_a_theft_nothing_of_the_old_keys_is_believed(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    old = party.tokens(browser)["id_token"]
    verifier.openid.keys.rotate("cli:test", at_once=True)
    with pytest.raises((JoseError, ValueError)):
        party.claims(old)
    assert states(verifier) == [KeyState.CURRENT, KeyState.GONE]
    assert party.claims(party.tokens(browser)["id_token"])
    page = browser.get(f"/openid/end-session?id_token_hint={old}")
    assert page.status_code == 200  # asked, not done
    with verifier.database.reading() as connection:
        sealed = connection.execute(
            select(openid_keys.c.private_sealed).order_by(openid_keys.c.number)
        ).scalars()
        assert [each is None for each in sealed] == [True, False]


def test_two_workers_make_one_key(verifier: Verifier, clock: ToldClock) -> None:
    other = SigningKeys(
        verifier.database, clock, verifier.settings, verifier.audit, verifier.keyring
    )
    assert verifier.openid.keys.signing()[0] == other.signing()[0]
    clock.advance(90 * DAY)
    assert verifier.openid.keys.jwks() == other.jwks()


def test_a_key_of_a_worker_whose_clock_is_a_moment_ahead_signs_at_once(
    verifier: Verifier, clock: ToldClock
) -> None:
    ahead = ToldClock()
    ahead.time = clock.now() + timedelta(seconds=2)
    parts = (verifier.settings, verifier.audit, verifier.keyring)
    made = SigningKeys(verifier.database, ahead, *parts).signing()[0]
    assert verifier.openid.keys.signing()[0] == made
    stolen = SigningKeys(verifier.database, ahead, *parts).rotate("cli:test", at_once=True)
    assert verifier.openid.keys.signing()[0] == stolen.kid


def test_a_rotation_of_the_master_key_takes_the_signing_keys_along(
    verifier: Verifier, clock: ToldClock, tmp_path: Path
) -> None:
    kid, key = verifier.openid.keys.signing()
    path = tmp_path / "data" / "master.key"
    before = path.read_text()
    keyring.add_key(path)
    assert rotation.reseal_all(verifier.database, Keyring(KeySource("master.key", path=path))) > 0
    lines = path.read_text().splitlines(keepends=True)

    def reader(text: str) -> SigningKeys:
        source = Keyring(KeySource("text", text=text))
        return SigningKeys(verifier.database, clock, verifier.settings, verifier.audit, source)

    found, opened = reader(lines[-1]).signing()
    assert (found, opened.as_dict(private=True)) == (kid, key.as_dict(private=True))
    with pytest.raises(MasterKeyMissing):
        reader(before).signing()


@pytest.fixture
def rsa(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path / "rsa", clock, public_url=ISSUER, openid_algorithm="RS256")
    add_user(made)
    yield made
    made.close()


def test_rs256_for_applications_that_know_nothing_else(rsa: Verifier) -> None:
    card = Card()
    add_card(rsa, card)
    party = register(rsa)
    assert party.claims(party.tokens(Browser(rsa, card))["id_token"])["acr"] == "urn:challng:card"
    key = party.client.get("/openid/jwks").json()["keys"][0]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert not {"d", "p", "q"} & set(key)


def test_the_public_keys_have_no_private_part(party: Party) -> None:
    for key in party.client.get("/openid/jwks").json()["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
