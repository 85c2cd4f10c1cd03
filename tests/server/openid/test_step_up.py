"""How sure a client wants to be: by device, by age, by asking again, and never by a window."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from sqlalchemy import insert

from server.db.tables import devices, mobile_keys
from server.factors.kinds import DeviceKind
from server.openid import claims
from server.openid.asked import Asked, Proved, Step, decide
from server.openid.levels import OF_KIND, Level, kinds_for, methods, suffices
from server.verifier import Verifier
from tests.server import counter
from tests.server.browser import forms
from tests.server.support import Card, ToldClock

from .party import Browser, Party, answered, register

CARD = "urn:challng:card"


class CodeHolder(Browser):
    """Somebody with a card, and a temporary code of the desk's beside it; he chooses one."""

    code = ""
    chooses = "temporary-code"

    def answer(self, response: Any) -> Any:
        found = forms(response)
        place = next((each for each in found if re.fullmatch(r"/login/[^/]+", each)), None)
        if place is None:
            return super().answer(response)
        if f'value="{self.chooses}" selected' not in response.text:
            fields = found[f"{place}/factor"] | {"factor": self.chooses}
            return self.client.post(f"{place}/factor", data=fields)
        if self.chooses == "card":
            return super().answer(response)
        return self.client.post(place, data=found[place] | {"answer": self.code})


@pytest.fixture
def holder(verifier: Verifier, card: Card) -> CodeHolder:
    made = CodeHolder(verifier, card)
    made.code = counter.issue(verifier)
    return made


def test_a_weaker_device_has_to_give_way_to_a_strong_enough_one(
    party: Party, holder: CodeHolder
) -> None:
    weak = party.claims(party.tokens(holder)["id_token"])
    assert (weak["acr"], weak["amr"]) == ("urn:challng:temporary", ["pwd", "otp"])
    page = holder.get(f"/openid/authorize?{party.query(acr_values=CARD)}")
    assert "A stronger login is needed" in page.text
    assert "Card" in page.text.partition('id="kinds"')[2]
    silent = holder.get(f"/openid/authorize?{party.query(acr_values=CARD, prompt='none')}")
    assert answered(silent.headers["location"])["error"] == "unmet_authentication_requirements"

    login = html.unescape(re.findall(r'class="button" href="([^"]*)"', page.text)[0])
    again = holder.follow_to_stop(holder.get(login))  # with the code once more
    assert "A stronger login is needed" in again.text

    holder.chooses = "card"
    strong = party.redeem(party.code(holder.follow(holder.get(login)))).json()
    told = party.claims(strong["id_token"])
    assert (told["acr"], told["amr"]) == (CARD, ["pwd", "otp", "hwk"])


def test_whoever_has_no_stronger_device_goes_back_with_that(
    party: Party, holder: CodeHolder
) -> None:
    party.tokens(holder)
    page = holder.get(f"/openid/authorize?{party.query(acr_values=CARD)}")
    fields = forms(page)["/openid/consent"] | {"decision": "deny"}
    answer = holder.client.post("/openid/consent", data=fields)
    told = answered(answer.headers["location"])
    assert told["error"] == "unmet_authentication_requirements"
    assert told["state"] == party.state
    allowed = holder.client.post("/openid/consent", data=fields | {"decision": "allow"})
    assert "A stronger login is needed" in allowed.text  # to agree is not to be strong


def test_a_level_is_asked_for_as_at_least_this(party: Party, holder: CodeHolder) -> None:
    party.tokens(holder)
    for acr_values, met in (
        ("urn:challng:temporary", True),
        ("urn:challng:pwd urn:challng:card", True),
        ("urn:example:other", True),  # not essential, and none of ours
        ("urn:challng:code", False),
        ("urn:challng:mobile urn:example:other", False),
    ):
        query = party.query(acr_values=acr_values, prompt="none")
        answer = holder.get(f"/openid/authorize?{query}")
        assert ("code" in answered(answer.headers["location"])) is met, acr_values


def test_an_essential_level_may_be_asked_for_by_claims(party: Party, holder: CodeHolder) -> None:
    party.tokens(holder)
    for values, error in (
        ([CARD], "unmet_authentication_requirements"),
        (["urn:example:other"], "unmet_authentication_requirements"),
    ):
        wanted = json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})
        answer = holder.get(f"/openid/authorize?{party.query(claims=wanted, prompt='none')}")
        assert answered(answer.headers["location"])["error"] == error


def test_a_user_without_a_device_is_let_into_nothing(party: Party, verifier: Verifier) -> None:
    nobody = Browser(verifier, None)
    page = nobody.follow_to_stop(nobody.get(f"/openid/authorize?{party.query()}"))
    assert page.status_code == 403
    assert "password alone" in page.text


def test_a_login_that_is_too_old_is_made_anew(
    party: Party, browser: Browser, clock: ToldClock
) -> None:
    first = party.claims(party.tokens(browser)["id_token"])
    clock.advance(300)
    again = party.claims(party.tokens(browser, max_age="600")["id_token"])
    assert again["auth_time"] == first["auth_time"]
    silent = browser.get(f"/openid/authorize?{party.query(max_age='299', prompt='none')}")
    assert answered(silent.headers["location"])["error"] == "login_required"
    anew = party.claims(party.tokens(browser, max_age="299")["id_token"])
    assert anew["auth_time"] == first["auth_time"] + 300
    assert party.tokens(browser, max_age="0")


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_who_is_to_log_in_again_does_so_once(
    party: Party, browser: Browser, clock: ToldClock, prompt: str
) -> None:
    party.tokens(browser)
    clock.advance(1)
    asked = browser.get(f"/openid/authorize?{party.query(prompt=prompt)}")
    assert asked.headers["location"].startswith("/login?")
    begun = browser.answer(browser.get(asked.headers["location"]))
    done = browser.answer(browser.get(begun.headers["location"]))
    place = done.text.partition('content="0;url=')[2].partition('"')[0]
    assert party.code(browser.get(place).headers["location"])
    again = browser.get(place)  # the back button: that login has counted
    assert again.headers["location"].startswith("/login?")


def test_a_fresh_login_counts_for_its_own_request_alone(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    """Somebody else's finished login does not make this browser's session a fresh one."""
    party.tokens(browser)
    other = Browser(verifier, browser.card)
    asked = other.get(f"/openid/authorize?{party.query(prompt='login')}")
    begun = other.answer(other.get(asked.headers["location"]))
    done = other.answer(other.get(begun.headers["location"]))
    place = done.text.partition('content="0;url=')[2].partition('"')[0]
    assert browser.get(place).headers["location"].startswith("/login?")


def test_a_hint_at_another_user_is_minded(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    hint = party.tokens(browser)["id_token"]
    assert party.tokens(browser, id_token_hint=hint)
    head, _, rest = hint.partition(".")
    for bad in ("nonsense", f"{head}.{rest[:-6]}AAAAAA"):
        silent = browser.get(f"/openid/authorize?{party.query(id_token_hint=bad, prompt='none')}")
        assert answered(silent.headers["location"])["error"] == "login_required"


def test_silently_where_one_is_logged_in(party: Party, browser: Browser) -> None:
    party.tokens(browser)
    answer = browser.get(f"/openid/authorize?{party.query(prompt='none')}")
    assert party.redeem(party.code(answer.headers["location"])).status_code == 200


def test_silently_and_without_consent_is_refused(verifier: Verifier, browser: Browser) -> None:
    browser.through(register(verifier).query())
    party = register(verifier, "foreign", first_party=False)
    answer = browser.get(f"/openid/authorize?{party.query(prompt='none')}")
    assert answered(answer.headers["location"])["error"] == "consent_required"


def test_the_levels_follow_the_protection_of_devices() -> None:
    assert set(OF_KIND) == set(DeviceKind)
    assert kinds_for([Level.MOBILE]) == (DeviceKind.CARD, DeviceKind.MOBILE_KEY)
    assert DeviceKind.NONE not in kinds_for([])
    assert methods(DeviceKind.SMS_CODE) == ("pwd", "sms")
    assert methods(DeviceKind.MOBILE_KEY, "pin") == ("pwd", "swk", "pin")
    assert methods(DeviceKind.MOBILE_KEY, "webauthn") == ("pwd", "swk", "user")
    assert methods(DeviceKind.MOBILE_KEY, "webauthn", hardware=True) == ("pwd", "hwk", "user")
    assert suffices(Level.PASSWORD, [])
    assert not suffices(Level.PASSWORD, [Level.CARD, Level.CODE])


def test_no_session_is_strong_enough_by_agreeing(clock: ToldClock) -> None:
    asked = Asked(levels=(Level.CARD,))
    for level in Level:
        proved = Proved(level, clock.now(), fresh=True, agreed=True)
        expected = Step.ISSUE if level is Level.CARD else Step.STRONGER
        assert decide(asked, proved, clock.now()) is expected
    assert decide(asked, None, clock.now()) is Step.LOG_IN


@pytest.mark.parametrize(
    ("element", "backed_up", "attestation", "amr"),
    [
        ("pin", None, "none", ("pwd", "swk", "pin")),
        ("webauthn", False, "none", ("pwd", "swk", "user")),
        ("webauthn", True, "direct", ("pwd", "swk", "user")),
        ("webauthn", False, "direct", ("pwd", "hwk", "user")),
    ],
)
def test_a_mobile_key_says_how_it_was_unlocked_and_no_more_than_it_can_prove(
    verifier: Verifier, element: str, backed_up: bool | None, attestation: str, amr: tuple[str, ...]
) -> None:
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        device = connection.execute(
            insert(devices)
            .values(
                kind="mobile_key",
                state="active",
                serial="MK1",
                owner_id=1,
                label="mobile-key",
                wrong_run=0,
                added_at=now,
                activated_at=now,
            )
            .returning(devices.c.id)
        ).scalar_one()
        connection.execute(
            insert(mobile_keys).values(
                device_id=device,
                installation="i",
                phone="A phone",
                element=element,
                suite="s",
                counter=0,
                sign_key=b"k",
                backed_up=backed_up,
            )
        )
        kind = DeviceKind.MOBILE_KEY
        token = verifier.sessions.open(connection, now, 1, "alice", kind, device).token
    session = verifier.sessions.find(token, now)
    settings = verifier.settings.model_copy(update={"attestation": attestation})
    with verifier.database.reading() as connection:
        assert claims.proved_by(connection, settings, session) == amr
