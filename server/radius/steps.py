"""Has the verifier do what a request asks for: the same steps as behind the pages and the API.

A login begun here belongs to the client that began it, and its State is sealed for that client and
user: nobody else takes it on, whatever he overhears. The session that a login opens has done its
work when it is accepted or refused, and ends in the same transaction that writes that down.

Each step is one transaction, and one that the database undid is done again by itself (`db.again`):
the client sees nothing of it, and what an earlier step has decided stands.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, and_, or_, select

from ..accounts import groups, names, users
from ..audit.events import Event
from ..crypto.secrets_table import LOOKUP
from ..db.again import again, tries
from ..db.tables import logins
from ..errors import (
    AnswerMalformed,
    AnswerWrong,
    LoginDecided,
    LoginError,
    NoUsableDevice,
    SealBroken,
)
from ..login.judge import LOCKED
from ..login.ledger import LoginState, Purpose
from ..login.offers import Offered
from ..login.password import Then
from ..login.sessions import Opened
from ..login.standing import Proven
from ..login.whence import Whence
from ..threads import aside
from ..verifier import Verifier
from . import attributes, core, texts
from .clients import Client
from .codec import Code, Reply, Request

T = TypeVar("T")


class Steps:
    """Decides requests, each for one client."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._wait = timedelta(seconds=verifier.settings.radius_wait_seconds)
        self._look = verifier.settings.radius_look_seconds

    async def decide(self, request: Request, client: Client, address: str) -> Reply:
        """Return the reply to a request of a client, which came from `address`."""
        step = core.step(request, client.rules)
        if isinstance(step, core.Say):
            return step.reply
        asking = _Asking(self._verifier, client, core.caller(request, client, address))
        try:
            if isinstance(step, core.GivePassword):
                return await self._password(asking, step)
            if isinstance(step, core.GiveBoth):
                return await self._both(asking, step)
            return await self._answer(asking, step)
        except LoginError as refusal:
            return core.refused(refusal)

    # --- a client that can be challenged

    async def _password(self, asking: _Asking, step: core.GivePassword) -> Reply:
        outcome = await self._right(asking, step.user, step.password, asking.begin)
        if isinstance(outcome, NoUsableDevice):
            raise outcome
        if isinstance(outcome, Opened):
            return await aside.run(asking.settle, outcome)
        return asking.challenge(outcome)

    async def _answer(self, asking: _Asking, step: core.GiveAnswer) -> Reply:
        login_id = asking.opened_state(step.user, step.state)
        if login_id is None:
            return core.rejected(texts.START_AGAIN)
        if not step.text.strip():  # an approval of the last second outlives the challenge
            opened = await aside.run(asking.finish, login_id)
            if opened is not None:
                return await aside.run(asking.settle, opened)
        offered = await aside.run(asking.show, login_id)
        move = core.move(step.text, offered)
        if isinstance(move, core.Choose):
            chosen = await aside.run(asking.choose, login_id, move.factor)
            return asking.challenge(chosen)
        if isinstance(move, core.Wait):
            opened = await self._approval(asking, login_id)
            if opened is None:
                return asking.challenge(offered, texts.NOT_APPROVED)
            return await aside.run(asking.settle, opened)
        try:
            opened = await aside.run(asking.judge, login_id, move.text)
        except (AnswerWrong, AnswerMalformed) as refusal:
            before = core.again(refusal)
            return core.refused(refusal) if before is None else asking.challenge(offered, before)
        return await aside.run(asking.settle, opened)

    async def _approval(self, asking: _Asking, login_id: str) -> Opened | None:
        """Wait for the phone, for as long as a request may; None where it has said nothing."""
        clock = self._verifier.clock
        until = clock.now() + self._wait
        while True:
            opened = await aside.run(asking.finish, login_id)
            if opened is not None or clock.now() >= until:
                return opened
            await clock.sleep(self._look)

    # --- one that cannot

    async def _both(self, asking: _Asking, step: core.GiveBoth) -> Reply:
        def then(connection: Connection, user: Proven) -> str | Offered | Opened | NoUsableDevice:
            waiting = asking.waiting(connection, user.id, answered=bool(step.answer))
            return waiting or asking.begin(connection, user)

        found = await self._right(asking, step.user, step.password, then)
        if isinstance(found, NoUsableDevice):
            raise found
        if isinstance(found, Opened):
            return await aside.run(asking.settle, found)
        return await aside.run(self._second, asking, found, step.answer)

    def _second(self, asking: _Asking, found: str | Offered, answer: str) -> Reply:
        """Go on with a login that waits, or has just begun: the answer, or the phone's approval."""
        if isinstance(found, str) and not answer:
            opened = asking.finish(found)
            if opened is not None:
                return asking.settle(opened)
        new = isinstance(found, Offered)
        offered = found if isinstance(found, Offered) else asking.show(found)
        if not answer:
            return asking.tell(offered, "" if new else texts.NOT_APPROVED)
        move = core.move(answer, offered)
        if isinstance(move, core.Choose):
            return asking.tell(asking.choose(offered.login_id, move.factor))
        if new and not core.can_be_judged(offered):
            return asking.tell(offered)
        try:
            return asking.settle(asking.judge(offered.login_id, answer))
        except (AnswerWrong, AnswerMalformed) as refusal:
            before = core.again(refusal)
            if before is None:
                raise
            return asking.tell(offered, before)

    async def _right(self, asking: _Asking, user: str, password: str, then: Then[T]) -> T:
        """Return what follows a right password."""
        for one in tries():
            with one:
                return await self._verifier.passwords.check(user, password, asking.caller, then)
        raise AssertionError("unreachable")


class _Asking:
    """A client that asks, and whoever logs in through it."""

    def __init__(self, verifier: Verifier, client: Client, caller: str) -> None:
        self._verifier = verifier
        self._client = client
        self.caller = caller
        self.agent = f"RADIUS {client.name}"
        self.belongs = verifier.secrets.mac(LOOKUP, "radius client", str(client.id), client.name)

    # --- the State of a challenge

    def challenge(self, offered: Offered, before: str = "") -> Reply:
        if offered.factor.locked:
            return core.rejected(LOCKED)
        state = self._verifier.keyring.seal(
            offered.login_id.encode("ascii"), self._place(offered.user)
        )
        return core.challenged(offered, state, self._verifier.clock.now(), before)

    def opened_state(self, user: str, state: bytes) -> str | None:
        """Return the login of a State; None where it is another client's or user's, or none."""
        try:
            place = self._place(names.spelled(user) or "")
            return self._verifier.keyring.open(state, place).decode("ascii")
        except SealBroken:
            return None

    def _place(self, user: str) -> str:
        return f"radius.state:{self._client.id}:{user}"

    def tell(self, offered: Offered, before: str = "") -> Reply:
        """Refuse, and say how the next request answers."""
        if offered.factor.locked:
            return core.rejected(LOCKED)
        return core.rejected(texts.told(offered, self._client.rules.separator or "", before))

    # --- a login, from its beginning to its end

    def begin(self, connection: Connection, user: Proven) -> Offered | Opened | NoUsableDevice:
        whence = Whence(self.caller, self.agent)
        return self._verifier.logins.begin(connection, user, self.belongs, whence)

    def waiting(self, connection: Connection, user_id: int, *, answered: bool) -> str | None:
        """Return the latest login that this client began for a user and that is not over.

        Without an answer just one that a phone was asked about: of any other the challenge was
        not seen, or is asked for again.
        """
        now: datetime = self._verifier.clock.now()
        since = now - self._verifier.settings.challenge_lifetime
        row = connection.execute(
            select(logins.c.id, logins.c.approval_id)
            .where(
                logins.c.user_id == user_id,
                logins.c.purpose == Purpose.LOGIN.value,
                logins.c.browser == self.belongs,
                or_(
                    and_(logins.c.state == LoginState.OPEN.value, logins.c.expires_at > now),
                    and_(logins.c.state == LoginState.APPROVED.value, logins.c.decided_at > since),
                ),
            )
            .order_by(logins.c.begun_at.desc())
            .limit(1)
        ).one_or_none()
        if row is None or (row.approval_id is None and not answered):
            return None
        login_id: str = row.id
        return login_id

    def judge(self, login_id: str, text: str) -> Opened:
        """Have an answer decided; where the phone has approved meanwhile, that counts."""
        try:
            return again(lambda: self._verifier.logins.answer(login_id, text, self.belongs))
        except LoginDecided:
            opened = self.finish(login_id)
            if opened is None:
                raise
            return opened

    def finish(self, login_id: str) -> Opened | None:
        return again(lambda: self._verifier.finishing.finish(login_id, self.belongs))

    def show(self, login_id: str) -> Offered:
        return again(lambda: self._verifier.logins.show(login_id, self.belongs))

    def choose(self, login_id: str, factor: str) -> Offered:
        return again(lambda: self._verifier.logins.choose(login_id, factor, self.belongs))

    def settle(self, opened: Opened) -> Reply:
        """End the session, and let its user in as far as this client takes its access level."""
        return again(lambda: self._settle(opened))

    def _settle(self, opened: Opened) -> Reply:
        rules = self._client.rules
        let_in = opened.access in rules.accepts
        event = Event.RADIUS_ACCEPTED if let_in else Event.RADIUS_REFUSED
        with self._verifier.database.writing() as connection:
            self._verifier.sessions.end(connection, opened.token)
            user = users.get(connection, opened.user)
            of_user = groups.of_user(connection, user.id)
            self._verifier.audit.write(
                connection,
                self._verifier.clock.now(),
                event,
                f"user:{opened.user}",
                opened.user,
                client=self._client.name,
                access=opened.access,
                address=self.caller,
            )
        if not let_in:
            return core.rejected(texts.NOT_LET_IN)
        told = attributes.told(rules.attributes, of_user, opened.access)
        return Reply(Code.ACCESS_ACCEPT, told)
