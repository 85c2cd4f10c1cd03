"""The app where a phone's browser gets it: its page, its files, its service worker.

All of it is the same for everybody. Without `public_url` none of it is there.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..portal.help import topic
from ..portal.render import bare, page
from ..verifier import Verifier
from . import files
from .files import ROOT, SHELL, File

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


def routes(verifier: Verifier) -> APIRouter:
    """Return the app's addresses."""
    router = APIRouter(include_in_schema=False)
    if verifier.settings.public_url is None:
        return router
    help_at = f"{verifier.settings.help_url.rstrip('/')}/{topic(SHELL)}"

    def shell() -> Response:
        response = page("mobile_key")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    def worker() -> Response:
        return _answer(files.worker())

    def worker_list() -> Response:
        return _answer(files.worker_list(help_at))

    def countries(locale: str) -> Response:
        return _answer(files.countries(locale)) if locale in language.LOCALES else bare(404)

    def file(room: str, name: str) -> Response:
        return _file(f"{ROOT}/{room}/{name}")

    def manifest() -> Response:
        return _file(f"{ROOT}/manifest.webmanifest")

    for path, answer in (
        (SHELL, shell),
        (f"{ROOT}/sw.js", worker),
        (f"{ROOT}/files.js", worker_list),
        (f"{ROOT}/manifest.webmanifest", manifest),
        (f"{ROOT}/countries/{{locale}}.json", countries),
        (f"{ROOT}/{{room}}/{{name}}", file),
    ):
        router.add_api_route(path, answer, methods=["GET"])
    return router


def _file(address: str) -> Response:
    found = files.files().get(address)
    return bare(404) if found is None else _answer(found)


def _answer(file: File) -> Response:
    response = Response(file.content, media_type=file.media_type)
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
