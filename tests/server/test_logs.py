"""A log line is one JSON object, whatever is handed to it, and shows nothing that is hidden."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from server.logs import written
from server.web.json import JSONResponse


@dataclass
class _Opened:
    user: str
    token: str = field(repr=False)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Zoë", "Zoë"),
        ("half a pair: \ud800", "half a pair: \ud800"),
        (2**70, 2**70),
        (_Opened("alice", "s3cret"), "_Opened(user='alice')"),
        ({1}, "{1}"),
    ],
)
def test_a_line_says_what_can_be_said(value: object, told: object) -> None:
    assert json.loads(written({"event": "x", "value": value})) == {"event": "x", "value": told}


def test_an_answer_never_shows_an_object_by_mistake() -> None:
    with pytest.raises(TypeError):
        JSONResponse({"session": _Opened("alice", "s3cret")})
    assert JSONResponse({"a": [1, "ö"]}).body == '{"a":[1,"ö"]}'.encode()


@pytest.mark.parametrize(("closed", "lines"), [("", 2), ("2>&-", 0)])
def test_both_sorts_of_line_go_to_stderr_or_nowhere(closed: str, lines: int) -> None:
    code = (
        "import logging, structlog; from server import logs; logs.configure();"
        "structlog.get_logger().info('ours', number=1); logging.getLogger('x').warning('theirs')"
    )
    ran = subprocess.run(
        f'"{sys.executable}" -c "{code}" {closed}', shell=True, capture_output=True, check=True
    )
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in told] == ["ours", "theirs"][:lines]
