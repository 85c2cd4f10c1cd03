"""All calls of the JSON API, a module per topic."""

from __future__ import annotations

from . import (
    activation,
    approvals,
    card_requests,
    code_cards,
    confirmations,
    desk,
    desk_deposits,
    desk_orders,
    devices,
    login,
    machines,
    mobile_life,
    mobile_registration,
    orders,
    people,
    provisioning,
    returns,
    session,
)

CALLS = (
    login.routes,
    session.routes,
    approvals.routes,
    machines.routes,
    devices.routes,
    activation.routes,
    code_cards.routes,
    card_requests.routes,
    returns.routes,
    people.routes,
    desk.routes,
    desk_orders.routes,
    desk_deposits.routes,
    provisioning.routes,
    orders.routes,
    mobile_registration.routes,
    mobile_life.routes,
    confirmations.routes,
)
