"""`radius client add|list|remove|secret` and `radius serve`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
from argparse import Namespace
from pathlib import Path

from prometheus_client import start_http_server

from .. import logs
from ..audit.events import Event
from ..errors import RadiusClientRefused, SettingsRefused
from ..login.access import Access
from ..radius import clients
from ..radius.attributes import check as check_attributes
from ..radius.clients import Rules
from ..radius.radsec import RadSec, context
from ..radius.server import RadiusServer
from ..sdnotify import Notifier
from ..settings import Settings
from ..verifier import Verifier, open_verifier
from .context import complain, operator, port, read_secret, say

_RISK = (
    "requests and replies of {name} are not protected by Message-Authenticator. Who can change "
    "packets on the way can turn a Reject into an Accept (CVE-2024-3596): let them travel over "
    "loopback or a VPN alone."
)


def add(verifier: Verifier, given: Namespace) -> int:
    """Add a client."""
    secret = clients.check_secret(read_secret(given.secret_file, "secret"))
    rules = Rules(
        signed=not given.without_message_authenticator,
        names_caller=given.trust_calling_station,
        separator=None if given.together is None else clients.check_separator(given.together),
        accepts=frozenset(given.accept or [Access.FULL]),
        attributes=_attributes(given.attributes),
    )
    where = clients.network(given.address)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        clients.add(connection, verifier.keyring, given.name, where, secret, rules, now)
        verifier.audit.write(
            connection,
            now,
            Event.RADIUS_CLIENT_ADDED,
            operator(),
            given.name,
            network=str(where),
            signed=rules.signed,
            accepts=",".join(sorted(rules.accepts)),
        )
    if not rules.signed:
        complain("warning: " + _RISK.format(name=given.name))
    if rules.accepts - {Access.FULL}:
        others = ", ".join(sorted(rules.accepts - {Access.FULL}))
        complain(f"warning: {given.name} lets in {others}, for which the password alone can do.")
    say(f"The RADIUS client {given.name} at {where} is added.")
    return 0


def show(verifier: Verifier, _given: Namespace) -> int:
    """List the clients, without their secrets."""
    with verifier.database.reading() as connection:
        for each in clients.all_of_them(connection):
            rules = each.rules
            say(
                "\t".join(
                    [
                        each.name,
                        str(each.network),
                        "signed" if rules.signed else "without-message-authenticator",
                        "names-caller" if rules.names_caller else "-",
                        f"together={rules.separator}" if rules.separator else "challenged",
                        ",".join(sorted(rules.accepts)),
                    ]
                )
            )
    return 0


def remove(verifier: Verifier, given: Namespace) -> int:
    """Forget a client and its secret."""
    with verifier.database.writing() as connection:
        clients.remove(connection, given.name)
        verifier.audit.write(
            *(connection, verifier.clock.now(), Event.RADIUS_CLIENT_REMOVED, operator()),
            given.name,
        )
    say(f"The RADIUS client {given.name} is removed.")
    return 0


def secret(verifier: Verifier, given: Namespace) -> int:
    """Give a client another secret."""
    fresh = read_secret(given.secret_file, "secret")
    with verifier.database.writing() as connection:
        clients.set_secret(connection, verifier.keyring, given.name, fresh)
        verifier.audit.write(
            *(connection, verifier.clock.now(), Event.RADIUS_CLIENT_SECRET_SET, operator()),
            given.name,
        )
    say(f"The secret of the RADIUS client {given.name} is set.")
    return 0


def serve(settings: Settings, given: Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    logs.configure()
    verifier = open_verifier(settings)
    try:
        asyncio.run(_serve(verifier, given))
        verifier.audit.seal(verifier.clock.now())
    finally:
        verifier.close()
    return 0


async def _serve(verifier: Verifier, given: Namespace) -> None:
    loop, ended, notifier = asyncio.get_running_loop(), asyncio.Event(), Notifier()
    host, port, tls = given.host, given.port, _tls(given)
    server = RadiusServer(verifier)
    radsec = RadSec(server, verifier.settings.radius_at_once)
    try:
        await loop.create_datagram_endpoint(lambda: server, local_addr=(host, port))
        if tls is not None:
            await radsec.begin(host, given.tls_port, tls)
        if given.metrics_port is not None:
            start_http_server(given.metrics_port, "127.0.0.1")
    except OSError as error:
        raise SettingsRefused(
            f"Nothing can listen at {host} port {port} ({error.strerror or error}): "
            "choose another --host, --port, --tls-port or --metrics-port."
        ) from None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    say(f"RADIUS is served at {host} port {port}.")
    notifier.ready()
    while not ended.is_set():
        # From the loop that answers: one that hangs feeds no more.
        notifier.alive()
        try:
            await asyncio.wait_for(ended.wait(), notifier.interval)
        except TimeoutError:
            continue
    notifier.stopping()
    await server.end()
    radsec.end()


def _tls(given: Namespace) -> ssl.SSLContext | None:
    files = (given.tls_certificate, given.tls_key, given.tls_authority)
    if given.tls_port is None and not any(files):
        return None
    if given.tls_port is None or not all(files):
        raise SettingsRefused(
            "RadSec needs --tls-port, --tls-certificate, --tls-key and --tls-authority: give all."
        )
    return context(*files)


def _attributes(name: str | None) -> str:
    if name is None:
        return "{}"
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise RadiusClientRefused(
            f"The attributes' file {name} cannot be read: check its name."
        ) from None
    return check_attributes(text)


# --- the command line


def parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    radius = commands.add_parser(
        "radius", help="logins over RADIUS", description="Logins over RADIUS."
    ).add_subparsers(metavar="COMMAND", required=True)
    text = "answer RADIUS clients over UDP"
    each = radius.add_parser("serve", help=text, description=f"{text.capitalize()}.")
    each.set_defaults(on_settings=serve)
    each.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    each.add_argument("--port", type=port, default=1812, help="the UDP port to listen at")
    each.add_argument(
        "--metrics-port", type=port, help="a TCP port of 127.0.0.1 with the numbers of /metrics"
    )
    each.add_argument("--tls-port", type=port, help="serve RadSec too (RFC 6614: 2083)")
    for option, what in (
        ("--tls-certificate", "its certificate, with those between it and its root"),
        ("--tls-key", "the certificate's private key"),
        ("--tls-authority", "who signs the clients' certificates, and nobody else's"),
    ):
        each.add_argument(option, type=Path, metavar="FILE", help=f"PEM: {what}")
    client = radius.add_parser(
        "client", help="who may ask by RADIUS", description="Who may ask by RADIUS."
    ).add_subparsers(metavar="COMMAND", required=True)
    _add_parser(client)
    each = client.add_parser("list", help="list the clients", description="List the clients.")
    each.set_defaults(on_verifier=show)
    for name, text, action in (
        ("remove", "forget a client and its secret", remove),
        ("secret", "give a client another secret", secret),
    ):
        each = client.add_parser(name, help=text, description=f"{text.capitalize()}.")
        each.set_defaults(on_verifier=action)
        each.add_argument("name", metavar="NAME")
    _secret(each)


def _add_parser(client: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    each = client.add_parser("add", help="add a client", description="Add a client.")
    each.set_defaults(on_verifier=add)
    each.add_argument("name", metavar="NAME", help="what the logs call it, such as vpn-1")
    each.add_argument("address", metavar="ADDRESS", help="its address, or a network such as ::/0")
    _secret(each)
    each.add_argument(
        "--without-message-authenticator",
        action="store_true",
        help="take unsigned requests of an old client. RISK: whoever can change packets on the "
        "way can make a Reject an Accept (CVE-2024-3596); over loopback or a VPN alone",
    )
    each.add_argument(
        "--trust-calling-station",
        action="store_true",
        help="believe its Calling-Station-Id: password guessing is slowed down by it, not for "
        "everybody behind this client",
    )
    each.add_argument(
        "--together",
        metavar="SEPARATOR",
        help="it cannot be challenged: password and answer come in one, with this between them",
    )
    each.add_argument(
        "--accept",
        action="append",
        choices=[*Access],
        metavar="LEVEL",
        help=f"let in this access level ({', '.join(Access)}); may be given several times; "
        "without it full alone, which needs a second factor",
    )
    each.add_argument(
        "--attributes", metavar="FILE", help="JSON: which attributes an Accept tells of whom"
    )


def _secret(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secret-file",
        required=True,
        metavar="FILE",
        help="a file with the shared secret; - is standard input",
    )
