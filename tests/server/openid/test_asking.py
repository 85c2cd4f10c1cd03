"""What a request may ask, what of it is refused, and whom a refusal reaches."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import pytest

from server.verifier import Verifier
from tests.server.browser import all_forms, forms
from tests.server.support import ToldClock

from .party import ISSUER, REDIRECT, Browser, Party, answered, register

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOT_REGISTERED = (
    "https://evil.example.net/callback",
    "https://app.example.com/callback/",
    "https://app.example.com/callback?x=1",
    "https://app.example.com/callback#x",
    "https://app.example.com@evil.example.net/callback",
    "https://APP.example.com/callback",
    "http://app.example.com/callback",
    "//evil.example.net",
    "javascript:alert(1)",
    'https://app.example.com/"callback',
    None,
)


@pytest.mark.parametrize("logged_in", [False, True])
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    party: Party, browser: Browser, logged_in: bool
) -> None:
    if logged_in:
        browser.through(party.query())
    for address in NOT_REGISTERED:
        for more in ({}, {"prompt": "none"}, {"scope": "none"}, {"response_type": "token"}):
            asked = party.query(redirect_uri=address, **more)
            pages = [
                browser.get(f"/openid/authorize?{asked}"),
                browser.client.post("/openid/authorize", content=asked, headers=FORM),
            ]
            for page in pages:
                assert page.status_code == 400, address
                assert "location" not in page.headers
                assert "evil" not in page.text.partition("<main")[2].partition("</main>")[0]
        page = browser.client.get("/login", params={"openid": asked})
        assert "openid" not in forms(page).get("/login", {})


def test_an_unknown_client_is_told_nothing(party: Party, browser: Browser) -> None:
    for client_id in ("nobody", "APP", "", "a" * 3_000, "app\0"):
        page = browser.get(f"/openid/authorize?{party.query(client_id=client_id)}")
        assert page.status_code == 400, client_id
        assert "location" not in page.headers


def test_what_comes_twice_is_not_read_at_all(party: Party, browser: Browser) -> None:
    for twice in ("state", "redirect_uri", "client_id", "nonce", "scope"):
        more = f"{twice}=https%3A%2F%2Fevil.example.net"
        page = browser.get(f"/openid/authorize?{party.query()}&{more}")
        assert page.status_code == 400, twice
        assert "location" not in page.headers


WRONG: tuple[tuple[dict[str, str | None], str], ...] = (
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": 'co"de'}, "invalid_request"),
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "dance"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"claims": "[" * 1_000}, "invalid_request"),
    ({"request": "eyJ"}, "request_not_supported"),
    ({"request_uri": "https://evil.example.net"}, "request_uri_not_supported"),
    ({"prompt": "none"}, "login_required"),
)


def test_what_is_wrong_is_told_to_the_client_with_state_and_issuer(
    party: Party, browser: Browser
) -> None:
    party.state = "a state & more ü"
    for more, error in WRONG:
        answer = browser.get(f"/openid/authorize?{party.query(**more)}")
        assert answer.status_code == 303, more
        told = answered(answer.headers["location"])
        assert (told["error"], told["state"], told["iss"]) == (error, party.state, ISSUER), more


def test_state_and_nonce_come_back_as_they_were(party: Party, browser: Browser) -> None:
    party.state, party.nonce = "s/&=+ %ü", 'n"/&=+ %ü'
    tokens = party.tokens(browser)
    assert party.claims(tokens["id_token"])["nonce"] == party.nonce


def test_a_request_may_come_by_a_form(party: Party, browser: Browser) -> None:
    page = browser.client.post(
        "/openid/authorize",
        content=party.query(),
        headers=FORM | {"Sec-Fetch-Site": "cross-site"},
    )
    assert page.status_code == 200
    assert party.code(browser.follow(page))


def test_a_browser_that_another_site_sends_comes_back_by_itself_with_its_cookies(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    browser.through(party.query())
    stranger = Browser(verifier, None)  # a Strict cookie is not sent from elsewhere
    page = stranger.get(f"/openid/authorize?{party.query()}", **{"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200
    stranger.client.cookies.update(browser.client.cookies)
    assert party.code(stranger.follow(page))


def test_the_login_keeps_the_request_through_wrong_passwords_and_the_back_button(
    party: Party, browser: Browser
) -> None:
    place = browser.get(f"/openid/authorize?{party.query()}").headers["location"]
    login = browser.get(place)
    assert "After this you go on to The Application." in login.text
    fields = forms(login)["/login"]
    refused = browser.client.post(
        "/login",
        data=fields | {"username": "alice", "password": "no"},
        headers={"Referer": f"http://testserver{place}", "Accept-Language": "en"},
    )
    assert refused.status_code == 401
    assert forms(refused)["/login"]["openid"] == fields["openid"]
    switch = all_forms(refused)["/language"] | {"language": "zh_Hant"}
    spoken = browser.client.post("/language", data=switch, headers={"Accept": "text/html"})
    assert spoken.headers["location"] == f"/login?{urlsplit(place).query}"
    begun = browser.answer(refused)
    assert begun.headers["location"].startswith("/login/")
    back = browser.answer(login)  # back to the password, and on from there
    assert party.code(browser.follow(back))


def test_a_login_that_is_over_begins_anew_with_the_request(
    party: Party, browser: Browser, clock: ToldClock
) -> None:
    login = browser.get(browser.get(f"/openid/authorize?{party.query()}").headers["location"])
    place = browser.answer(login).headers["location"]
    assert "openid=response_type" in browser.get(place).text  # "Cancel and start again"
    clock.advance(121)
    over = browser.get(place)
    assert over.status_code == 410
    again = html.unescape(re.findall(r'class="button" href="([^"]*)"', over.text)[0])
    assert party.code(browser.follow(browser.get(again)))


def test_a_login_in_another_tab_does_not_mix_requests_up(
    party: Party, browser: Browser, verifier: Verifier
) -> None:
    other = register(verifier, "other")
    other.state = "state-2"
    begun = [
        browser.answer(browser.get(browser.get(f"/openid/authorize?{q}").headers["location"]))
        for q in (party.query(), other.query())
    ]
    assert party.code(browser.follow(begun[0]))
    assert other.code(browser.follow(begun[1]))


def test_a_request_that_waited_too_long_is_over(
    party: Party, browser: Browser, verifier: Verifier, clock: ToldClock
) -> None:
    begun = browser.answer(
        browser.get(browser.get(f"/openid/authorize?{party.query()}").headers["location"])
    )
    done = browser.answer(browser.get(begun.headers["location"]))
    assert 'content="0;url=/openid/authorize/' in done.text
    place = done.text.partition('content="0;url=')[2].partition('"')[0]
    clock.advance(verifier.settings.openid_request_seconds)
    assert browser.get(place).status_code == 410
    assert browser.get("/openid/authorize/AAAAAAAAAAAAAAAAAAAAAA").status_code == 410
    assert browser.get("/openid/authorize/x").status_code == 410


def test_pages_of_the_provider_cannot_be_framed_and_reach_one_application_alone(
    verifier: Verifier, browser: Browser
) -> None:
    party = register(verifier, "foreign", first_party=False)
    browser.through(party.query())
    page = browser.get(f"/openid/authorize?{party.query(prompt='consent')}")
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' https://app.example.com;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    other = browser.get("/").headers["content-security-policy"]
    assert "form-action 'self';" in other


def test_other_sites_may_read_discovery_and_keys_and_nothing_else(
    party: Party, browser: Browser
) -> None:
    origin = {"Origin": "https://elsewhere.example.net"}
    for place in ("/.well-known/openid-configuration", "/openid/jwks"):
        answer = party.client.get(place, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=3600"
        assert "set-cookie" not in answer.headers
    tokens = party.tokens(browser)
    bearer = origin | {"Authorization": f"Bearer {tokens['access_token']}"}
    for answer in (
        party.client.get("/openid/userinfo", headers=bearer),
        party.client.post("/openid/token", data={"grant_type": "x"}, headers=origin),
        party.client.get(f"/openid/authorize?{party.query()}", headers=origin),
    ):
        assert "access-control-allow-origin" not in answer.headers


def test_discovery_says_what_there_is(party: Party) -> None:
    told = party.client.get("/.well-known/openid-configuration").json()
    assert told["issuer"] == ISSUER
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["id_token_signing_alg_values_supported"] == ["ES256"]
    assert "none" not in str(told["id_token_signing_alg_values_supported"])
    assert told["authorization_response_iss_parameter_supported"] is True
    for name, place in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert place.startswith(f"{ISSUER}/openid/"), name


BODIES = (
    b"",
    b"grant_type=password&username=alice&password=x",
    b"grant_type=implicit",
    b"grant_type=authorization_code&code=a&code=b",
    b"grant_type=authorization_code&code=\xff",
    b"grant_type=authorization_code&code=%ff%fe",
    b"grant_type=%22%5c",
    b"&" * 1_000,
    b"grant_type=refresh_token",
)


def test_what_a_client_sends_wrong_is_its_own_error(party: Party) -> None:
    for path in ("/openid/token", "/openid/revoke", "/openid/introspect"):
        for body in BODIES:
            for more in ({}, FORM, FORM | {"Authorization": "Basic /w=="}):
                answer = party.client.post(path, content=body, headers=more)
                assert answer.status_code in {400, 401}, (path, body)
                assert answer.json()["error"] in {
                    "invalid_request",
                    "invalid_client",
                    "unsupported_grant_type",
                }


def test_userinfo_asks_for_a_token(party: Party) -> None:
    for header in ("", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 5_000):
        answer = party.client.get("/openid/userinfo", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_guesser_at_secrets_is_slowed_down_and_nobody_else(
    party: Party, verifier: Verifier, clock: ToldClock
) -> None:
    party.secret = "wrong"
    for _ in range(verifier.settings.slow_after):
        assert party.redeem("no").status_code == 401
    assert clock.slept == []
    for _ in range(4):
        assert party.redeem("no").status_code == 401
    assert clock.slept == [1, 2, 4, 8]
    other = register(verifier, "other")
    assert other.redeem("no").json()["error"] == "invalid_grant"
    assert len(clock.slept) == 4


def test_an_application_is_never_told_of_a_weak_spot_by_a_server_error(
    party: Party, browser: Browser
) -> None:
    for name in ("state", "nonce", "scope", "prompt", "login_hint", "id_token_hint", "acr_values"):
        for value in ("\x7f", "‮", '"', "\\", "x" * 3_500, "%00", "ü", "{}", "[]"):
            answer = browser.get(f"/openid/authorize?{party.query(**{name: value})}")
            assert answer.status_code in {303, 400}, (name, value)
            place = answer.headers.get("location", "/")
            assert place.startswith(("/", f"{REDIRECT}?")), place
