"""Everything that the API's own description allows: never a 5xx.

`SCHEMA_EXAMPLES` (`make test-schema`) enlarges the number of requests for each call, and has what
the description does not allow sent too; drawing that takes minutes. `test_junk` sends some always.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.verifier import Verifier

from ..phones import PUBLIC_URL, give_phone
from ..support import Api, Card, ToldClock, add_card, add_user, make_verifier

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
MODES = [GenerationMode.POSITIVE]
if "SCHEMA_EXAMPLES" in os.environ:
    MODES.append(GenerationMode.NEGATIVE)


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Any:
    made = make_verifier(tmp_path, clock, api_docs=True, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


OTHERS = ("/validate/", "/token/", "/auth")
"""The API that plug-ins of privacyIDEA know has errors of its own shape."""

_EXPECTED = {
    GenerationMode.POSITIVE: {200, 201, 401, 403, 404, 422},
    GenerationMode.NEGATIVE: {401, 403, 422},
}


def session(api: Api, card: Card) -> str:
    login, challenge = api.login()
    return str(api.answer(login, card.shows(challenge)).json()["session"])


def ask(api: Api, token: str, case: Any) -> int:
    """Send one request, in a session; returns its status."""
    request = case.as_transport_kwargs(base_url="http://testserver")
    headers = dict(request.pop("headers", {})) | {"Authorization": f"Bearer {token}"}
    answered = api.client.request(**request, headers=headers)
    assert answered.status_code < 500, (case.method, case.path, answered.text)
    if answered.status_code >= 400 and not case.path.startswith(OTHERS):
        assert answered.headers["content-type"] == "application/problem+json"
    return int(answered.status_code)


def ask_much(api: Api, token: str, cases: Any) -> Counter[int]:
    """Send the requests that are drawn for one call; returns how often each status came."""
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def drawn(case: Any) -> None:
        statuses[ask(api, token, case)] += 1

    # A call that has nothing to get wrong has nothing to be drawn.
    with structlog.testing.capture_logs(), suppress(Unsatisfiable):
        drawn()
    return statuses


@pytest.mark.parametrize("mode", MODES)
def test_no_call_of_the_api_ends_in_a_5xx(verifier: Verifier, mode: GenerationMode) -> None:
    card = Card()
    add_card(verifier, card)
    api = Api(verifier)
    give_phone(verifier, api.client)
    schema = openapi.from_dict(api.client.get("/api/openapi.json").json())
    token = ""
    statuses: Counter[int] = Counter()
    for result in schema.get_all_operations():
        if api.session(token).status_code != 200:  # the call before has logged out
            token = session(api, card)
        statuses += ask_much(api, token, result.ok().as_strategy(generation_mode=mode))
    assert set(statuses) >= _EXPECTED[mode]  # it got further than the door
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
