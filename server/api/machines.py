"""What machines ask: alive, ready, numbers."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from .. import metrics
from ..db import migrate
from ..db.tables import audit_head
from ..notify import due
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.problems import problem


def routes(verifier: Verifier) -> APIRouter:
    """Return `/healthz`, `/readyz` and `/metrics`."""
    router = APIRouter(tags=["machines"])

    @router.get("/healthz", summary="This worker runs")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz", summary="The database answers and has its newest shape")
    def readyz() -> Response:
        try:
            with verifier.database.reading() as connection:
                current = migrate.can_be_used(connection)
        except SQLAlchemyError:
            return problem(503, "not-ready", "Not ready", "The database does not answer.")
        if not current:
            return problem(503, "not-ready", "Not ready", "The database is of another version.")
        return JSONResponse({"status": "ready"})

    @router.get("/metrics", summary="Numbers, in Prometheus' format")
    def numbers() -> Response:
        told = metrics.exposition()
        try:
            with verifier.database.reading() as connection:
                notices = due.counts(connection)
                late = due.overdue(connection, verifier.clock.now())
                head = connection.execute(select(audit_head)).one()
        except SQLAlchemyError:  # the other numbers are wanted most just then
            return Response(told, media_type=metrics.CONTENT_TYPE)
        fates = {"waiting": notices.waiting, "sent": notices.sent, "given_up": notices.given_up}
        fates["overdue"] = late
        told += metrics.gauge("challng_notices", "Notices in the outbox, by fate.", "fate", fates)
        rows = {"written": head.seq, "sealed": head.sealed_seq}
        told += metrics.gauge("challng_audit_rows", "Rows of the audit log.", "state", rows)
        return Response(told, media_type=metrics.CONTENT_TYPE)

    return router
