"""Where cards are sent back to: one address for each region of the world, as settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .words import N_


class Region(BaseModel):
    """One region; `countries` (ISO 3166-1 alpha-2) are those that it is offered to first."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=64)
    address: tuple[str, ...] = Field(min_length=2, max_length=8)
    phone: str = Field(min_length=1, max_length=32)
    contact: str = Field(min_length=1, max_length=128)
    """Whom to write to about a card in the post."""
    countries: tuple[str, ...] = ()


_EUROPE = (
    *("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR"),
    *("HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE"),
    *("SI", "SK"),
)


def default_regions() -> dict[str, Region]:
    """Return the five regions with places for the operator's own addresses.

    The names are keys of the catalogues; the addresses are to be replaced by real ones.
    """
    return {
        "us": _place(N_("United States and Canada"), "1", ("US", "CA"), "+1 555 010 0100"),
        "europe": _place(N_("Europe"), "2", _EUROPE, "+44 1632 960100"),
        "hong_kong": _place(N_("Hong Kong"), "3", ("HK", "MO", "TW", "CN", "SG"), "+852 0000 0100"),
        "australia": _place(N_("Australia"), "4", ("AU", "NZ"), "+61 3 5550 0100"),
        "japan": _place(N_("Japan"), "5", ("JP",), "+81 3 0000 0100"),
    }


def _place(name: str, number: str, countries: tuple[str, ...], phone: str) -> Region:
    return Region(
        name=name,
        address=("Card returns", f"P.O. Box {number}", "the operator's town", name),
        phone=phone,
        contact=f"returns-{number}@example.com",
        countries=countries,
    )


def region_of(regions: dict[str, Region], country: str) -> str:
    """Return the region of a country, the first one where no region names it."""
    return next(
        (key for key, region in regions.items() if country in region.countries), next(iter(regions))
    )
