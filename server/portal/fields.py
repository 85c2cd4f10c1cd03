"""What a form's field says of itself to those who cannot see the page."""

from __future__ import annotations

from markupsafe import Markup

from ..errors import NotTaken


def described(refusal: NotTaken | None, name: str, hint: str = "") -> Markup:
    """Return the attributes of the field `name`: its problem, where it has one, and its hint.

    The problem stands in the element `NAME-problem`; `hint` is the id of another element.
    """
    if refusal is not None and refusal.field == name:
        by = f"{name}-problem {hint}".strip()
        return Markup('aria-invalid="true" aria-describedby="{}"').format(by)
    return Markup('aria-describedby="{}"').format(hint) if hint else Markup("")
