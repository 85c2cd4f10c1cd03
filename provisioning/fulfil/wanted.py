"""An order as the verifier tells it to whoever makes the card; the PIN is not among it."""

from __future__ import annotations

from dataclasses import dataclass

from provisioning.errors import VerifierRefused


@dataclass(frozen=True)
class Pending:
    """The card that was begun for it before; whether it has its key was never told."""

    serial: str
    key_id: str


@dataclass(frozen=True)
class Wanted:
    """One order: whom the card goes to, and where it is sent back to one day."""

    id: int
    user: str
    address: tuple[str, ...]
    shipping: str
    ships_by: str
    return_to: tuple[str, ...]
    return_phone: str
    return_contact: str
    pending: Pending | None


def read(told: dict[str, object]) -> Wanted:
    """Return what the verifier told, or raise VerifierRefused where it is no order."""
    try:
        back = _part(told["return_to"])
        card = told.get("card")
        begun = None if card is None else _part(card)
        return Wanted(
            id=int(str(told["id"])),
            user=str(told["user"]),
            address=_lines(told["address"]),
            shipping=str(told["shipping"]),
            ships_by=str(told.get("ships_by") or ""),
            return_to=_lines(back["address"]),
            return_phone=str(back["phone"]),
            return_contact=str(back["contact"]),
            pending=None if begun is None else Pending(str(begun["serial"]), str(begun["key_id"])),
        )
    except (KeyError, TypeError, ValueError):
        raise VerifierRefused(
            "the verifier tells of an order in words that are not known here: bring both to the "
            "same version"
        ) from None


def _part(told: object) -> dict[str, object]:
    if not isinstance(told, dict):
        raise TypeError
    return told


def _lines(told: object) -> tuple[str, ...]:
    if not isinstance(told, list):
        raise TypeError
    return tuple(str(line) for line in told if str(line))
