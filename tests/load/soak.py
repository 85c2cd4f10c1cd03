"""Logins for a long time: memory, files and the write-ahead log stay as they are."""

from __future__ import annotations

import os
from collections.abc import Callable

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from tests.bench.server.measuring import under_load
from tests.bench.server.people import Person
from tests.bench.server.stage import Side, Stage
from tests.load.process import held

LOGINS = int(os.environ.get("SOAK", "800"))
CLIENTS, PARTS = 4, 4
_MEBIBYTE = 1 << 20


def test_a_soak_leaves_memory_files_and_log_flat(
    made: Stage, served: Side, people: list[Person], told: Callable[[str], None]
) -> None:
    trips = LOGINS // PARTS // CLIENTS
    under_load(served, people, CLIENTS, trips)  # warm: caches and pools are filled
    log = made.settings.data / "challng.db-wal"
    seen = [held(served.pid)]
    sizes = [log.stat().st_size if log.exists() else 0]
    for _ in range(PARTS):
        under_load(served, people, CLIENTS, trips)
        seen.append(held(served.pid))
        sizes.append(log.stat().st_size if log.exists() else 0)
        told(f"{trips * CLIENTS} more logins: {seen[-1]}, write-ahead log {sizes[-1]} bytes")
    assert seen[-1].kilobytes < 1.15 * seen[0].kilobytes + 8_192
    assert seen[-1].files <= seen[0].files + 2 * CLIENTS
    assert max(sizes) < 32 * _MEBIBYTE
    verifier = made.verifier
    report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
    assert report.problem is None
    told(f"the audit log is in order: {report.rows} rows, {report.seals} seals")
