"""All pages, a module per topic."""

from __future__ import annotations

from ..mobile import pages as mobile_pages
from ..openid import calls as openid_calls
from ..openid import pages as openid_pages
from . import (
    activation,
    card_request,
    code_cards,
    confirmations,
    desk,
    desk_deposits,
    desk_openid,
    desk_orders,
    desk_returns,
    devices,
    documents,
    help,
    home,
    lost_in_post,
    mobile_key,
    pages,
    pin,
    returns,
    settings_pages,
    share,
    sms_code,
    switch,
)

PAGES = (
    pages.routes,
    home.routes,
    switch.routes,
    help.routes,
    devices.routes,
    activation.routes,
    pin.routes,
    code_cards.routes,
    card_request.routes,
    returns.routes,
    lost_in_post.routes,
    share.routes,
    mobile_key.routes,
    sms_code.routes,
    settings_pages.routes,
    documents.routes,
    confirmations.routes,
    desk.routes,
    desk_orders.routes,
    desk_returns.routes,
    desk_deposits.routes,
    desk_openid.routes,
    mobile_pages.routes,
    openid_pages.routes,
    openid_calls.routes,
)
