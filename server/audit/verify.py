"""Read the whole log and say whether it is what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Row, select

from ..db import tables
from ..db.again import again
from ..db.engine import Database
from ..db.reports import Reports
from . import chain
from .anchor import Anchor, AnchorFile
from .cut import START, is_genuine
from .cut import read as read_cut


@dataclass(frozen=True)
class Report:
    """What was found; `problem` is None for a log in order, else one sentence."""

    rows: int
    """The number of the last row; those up to `cut` are gone."""
    seals: int
    unsealed: int
    problem: str | None = None
    cut: int = 0


def verify(database: Database | Reports, key: bytes, anchor_file: AnchorFile) -> Report:
    """Check every row, every seal, and the anchor; stops at the first that is wrong."""
    anchor = anchor_file.read()  # before the snapshot: the log may grow past it, not behind it

    def look() -> Report:
        if isinstance(database, Reports):
            held = database.reading(anchor.seq if anchor else 0)
        else:
            held = database.reading()
        with held as connection:
            return verify_within(connection, key, anchor)

    return again(look)  # a replica ends what reads for long when it has to clear away


def verify_within(connection: Connection, key: bytes, anchor: Anchor | None) -> Report:
    """Check the log as one transaction sees it, against an anchor that was read before."""
    seals = {seal.seq: seal for seal in connection.execute(select(tables.audit_seals))}
    cut = read_cut(connection)
    rows, mac, sealed, last_seal = START
    if cut is not None:
        rows, mac, sealed, last_seal = cut.seq, cut.row_mac, cut.sealed_seq, cut.seal_mac
    begin = rows

    def bad(problem: str) -> Report:
        return Report(rows, len(seals), rows - sealed, problem, begin)

    if cut is not None:
        if not is_genuine(connection, key, cut):
            return bad("where it begins was set by another hand")
        kept = seals.get(sealed)
        if kept is None or kept.mac != last_seal or min(seals) < sealed:
            return bad(f"the seal at row {sealed}, before which it was cut, is not the one")
    log = tables.audit_log
    whole = select(log).order_by(log.c.seq)
    stream = connection.execute(whole, execution_options={"yield_per": 1000})
    for row in stream:
        if row.seq <= begin:
            return bad(f"row {row.seq} stands before where the log begins")
        if row.seq != rows + 1:
            return bad(f"row {rows + 1} is missing")
        expected = chain.row_mac(
            key, mac, row.seq, row.at, row.event, row.actor, row.subject, row.detail
        )
        if row.mac != expected:
            return bad(f"row {row.seq} is not what was written")
        rows, mac = row.seq, expected
        seal = seals.get(rows)
        if seal is not None:
            last_seal = chain.seal_mac(key, last_seal, rows, seal.at, mac)
            if seal.mac != last_seal:
                return bad(f"the seal at row {rows} is not what was written")
            sealed = rows
    found = Report(rows, len(seals), rows - sealed, cut=begin)
    return _check_end(connection, found, mac, seals, anchor)


def _check_end(
    connection: Connection,
    found: Report,
    mac: bytes,
    seals: Mapping[int, Row[tuple[object, ...]]],
    anchor: Anchor | None,
) -> Report:
    def bad(problem: str) -> Report:
        return replace(found, problem=problem)

    furthest = max([*seals, anchor.seq if anchor else 0])
    if furthest > found.rows:
        return bad(f"row {found.rows + 1} is missing: the log was sealed up to row {furthest}")
    head = connection.execute(select(tables.audit_head)).one_or_none()
    if head is None:
        return bad("the row that holds its end is missing")
    if head.seq > found.rows:
        return bad(f"row {found.rows + 1} is missing: the log ends too early")
    if head.seq < found.rows or head.mac != mac:
        return bad(f"row {head.seq + 1} was added by another hand")
    if anchor is None:
        return bad("the file audit.anchor is missing or not readable, so the end is not known")
    seal = seals.get(anchor.seq)
    gone = anchor.seq < min(seals, default=0) and found.cut  # this machine has not sealed for long
    if not gone and (seal is None or seal.mac != anchor.mac):
        return bad(f"the seal at row {anchor.seq} is not the one in the file audit.anchor")
    if head.sealed_seq != found.rows - found.unsealed:
        return bad(f"the seal at row {head.sealed_seq} is missing")
    return found
