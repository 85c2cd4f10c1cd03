"""Templates to answers. Undefined names are errors, everything is escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from .. import language
from ..accounts.roles import Duty
from ..clock import written
from ..login.access import Right
from ..words import N_
from .fields import described
from .foot import foot
from .state_words import words_of

_TEMPLATES = Environment(
    extensions=["jinja2.ext.i18n"],
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


_TEMPLATES.policies["ext.i18n.trimmed"] = True
_TEMPLATES.install_gettext_callables(  # type: ignore[attr-defined]
    language.gettext, language.ngettext, newstyle=True
)


def _headed(words: str) -> str:
    """Begin with a capital, and leave the others as they are: "SMS code"."""
    return words[:1].upper() + words[1:]


_TEMPLATES.filters.update(day=language.day, moment=language.moment, written=written, headed=_headed)
_TEMPLATES.globals.update(
    html_language=language.html_language,
    language_switch=foot,
    said=language.said,
    described=described,
    words_of=words_of,
    Right=Right,
    Duty=Duty,
)


_AGAIN = N_("Start again")


def drawn(template: str, /, **values: object) -> str:
    """Return the HTML made of a template, given by its name."""
    return _TEMPLATES.get_template(f"{template}.html").render(**values)


def page(template: str, status: int = 200, /, **values: object) -> HTMLResponse:
    """Return the page made of a template, given by its name."""
    return HTMLResponse(drawn(template, **values), status)


def notice(
    status: int, title: str, text: str, *, link: str = "/login", link_text: str = _AGAIN
) -> HTMLResponse:
    """Return a page that says one thing, with one way on; `link_text` is in English."""
    link_text = language.gettext(link_text)
    return page("notice", status, title=title, text=text, link=link, link_text=link_text)


def bare(status: int) -> HTMLResponse:
    """Return the page for a bare status, such as 404 for an unknown address."""
    title, text = map(language.gettext, _BARE.get(status, _BARE[400]))
    return notice(status, title, text, link="/", link_text=N_("Go to the first page"))


_BARE = {
    400: (N_("Not understood"), N_("The request cannot be read. Go back, and try again.")),
    403: (
        N_("Please try again"),
        N_("The form was too old, or did not come from this site. Nothing was done."),
    ),
    404: (N_("Nothing here"), N_("There is nothing at this address.")),
    405: (N_("Nothing here"), N_("This address is not opened in this way.")),
    500: (
        N_("Something failed"),
        N_("Something failed here. Try again; if it stays, call the desk."),
    ),
    503: (
        N_("Not possible at this moment"),
        N_("Logging in is not possible at this moment. Wait a little, then try again."),
    ),
}
