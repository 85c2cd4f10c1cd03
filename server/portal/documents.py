"""The page of an account's documents, and each document to view and print."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..documents.shelf import Document, DocumentKind
from ..login.access import Access, Right
from ..verifier import Verifier
from .shell import Shell, Visit


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages under `/documents`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)

    def show_all(visit: Visit) -> Response:
        found = verifier.documents.all_of_them(visit.session)
        return visit.page(
            "documents",
            closed=visit.session.access is Access.READ_ONLY,
            statements=_titled(found, DocumentKind.STATEMENT),
            tax_forms=_titled(found, DocumentKind.TAX_FORM),
        )

    def show(visit: Visit) -> Response:
        name = visit.part("document")
        content = verifier.documents.draw(visit.session, name)
        return Response(
            content,
            media_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
        )

    shell.show(router, "/documents", show_all, right=Right.DOCUMENTS)
    shell.show(router, "/documents/{document}", show, right=Right.DOCUMENTS)
    return router


def _titled(found: tuple[Document, ...], kind: DocumentKind) -> list[dict[str, str]]:
    style = "month" if kind is DocumentKind.STATEMENT else "year"
    return [
        {"id": each.id, "title": f"{getattr(language, style)(each.first)} (PDF)"}
        for each in found
        if each.kind is kind
    ]
