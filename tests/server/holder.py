"""A person with devices of several kinds, over the API: logs in, prints, activates."""

from __future__ import annotations

from typing import Any

from server.verifier import Verifier

from . import counter
from .printed import Print, read
from .support import Api, Card

PERMANENT, ONLINE = "code-card", "online-code-card"


class Holder:
    """One user; `token` is the session in use."""

    def __init__(self, verifier: Verifier, card: Card, user: str = "alice") -> None:
        self.verifier = verifier
        self.card = card
        self.user = user
        self.api = Api(verifier)
        self.token = ""
        self.code = ""
        self.prints: dict[str, Print] = {}

    # --- logging in

    def begin(self, label: str | None = None) -> Any:
        """Give the password and choose a device by its label; returns the login."""
        begun = self.api.password(self.user).json()
        if label is None or "login" not in begun:
            return begun
        path = f"/api/v1/login/{begun['login']}/factor"
        return self.api.client.post(path, json={"factor": label}).json()

    def log_in(self, label: str | None = None) -> Any:
        """Log in with a device, or with the password alone; returns what the answer says."""
        begun = self.begin(label)
        if "login" not in begun:
            self.token = begun["session"]
            return begun
        answered = self.api.answer(begun["login"], self.answer(begun["factor"], begun["prompt"]))
        content = answered.json()
        assert answered.status_code == 200, content
        self.token = content["session"]
        return content

    def answer(self, label: str, prompt: Any) -> str:
        """Return the right answer of a device to a prompt."""
        if "challenge" in prompt:
            return self.card.shows(prompt["challenge"])
        if "code" in prompt:
            return self.code
        return self.prints[label].answer(prompt)

    def is_given_a_code(self) -> None:
        self.code = counter.issue(self.verifier, self.user)

    # --- code cards

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.api.client.request(method, f"/api/v1/{path}", json=body, headers=headers)

    def make(self, kind: str, **body: Any) -> Any:
        return self.call("POST", kind, body)

    def prints_it(self, kind: str, card_id: int, size: str = "a4") -> Any:
        answered = self.call("GET", f"{kind}/{card_id}/{size}.pdf")
        if answered.status_code == 200:
            self.prints[kind] = read(answered.content)
        return answered

    def activate(self, kind: str) -> Any:
        asked = self.call("POST", f"{kind}/activation").json()
        answer = self.prints[kind].answer(asked["prompt"])
        return self.call("POST", f"{kind}/activation/{asked['proof']}/answer", {"answer": answer})

    def gets(self, kind: str) -> Any:
        """Make, print and activate a code card; returns what activating says."""
        made = self.make(kind)
        assert made.status_code == 200, made.text
        assert self.prints_it(kind, made.json()["id"]).status_code == 200
        activated = self.activate(kind)
        assert activated.status_code == 200, activated.text
        return activated.json()

    def access(self) -> str:
        answered = self.api.session(self.token)
        return str(answered.json().get("access", answered.status_code))

    def devices(self) -> list[Any]:
        listed: list[Any] = self.call("GET", "devices").json()["devices"]
        return listed
