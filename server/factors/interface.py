"""The one interface that every second factor stands behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from sqlalchemy import Connection

from .kinds import DeviceKind

Prompt = Mapping[str, object]
"""What a person is asked with, as it stands in answers: `{"challenge": "123456"}`."""

APPROVAL = "_approval"
"""The part of a prompt that names the login to the phone that is asked."""

State = TypeVar("State")


def shown(prompt: Prompt) -> Prompt:
    """Return what whoever logs in sees of a prompt: the parts whose names begin with `_` are not
    for him.
    """
    return {name: value for name, value in prompt.items() if not name.startswith("_")}


@dataclass(frozen=True)
class Question(Generic[State]):
    """A prompt, and the device's state once it has been asked."""

    prompt: Prompt
    state: State


@dataclass(frozen=True)
class Verdict(Generic[State]):
    """Whether an answer is right, and the device's state after it."""

    right: bool
    state: State


class Factor(ABC, Generic[State]):
    """One kind of second factor. `State` is what its devices keep, as a frozen dataclass."""

    kind: ClassVar[DeviceKind]

    @abstractmethod
    def offer(self, state: State) -> Question[State]:
        """Make a prompt; a state other than the given one has to be stored with it."""

    @abstractmethod
    def read(self, state: State, text: str) -> str:
        """Return the answer in its one spelling, or raise AnswerMalformed."""

    @abstractmethod
    def check(self, state: State, prompt: Prompt, answer: str, login_id: str) -> Verdict[State]:
        """Judge an answer to a prompt of the login `login_id`."""

    @abstractmethod
    def load(self, connection: Connection, device_id: int) -> State:
        """Read a device's state from the database."""

    @abstractmethod
    def move(self, connection: Connection, device_id: int, old: State, new: State) -> bool:
        """Store `new` where `old` still stands (compare-and-set); False where it does not."""

    def locked(self, connection: Connection, device_id: int) -> None:
        """Do what belongs to a device's lock by wrong answers; most kinds have nothing to do."""

    def asked(self, connection: Connection, device_id: int, login_id: str, prompt: Prompt) -> None:
        """Do what follows a prompt once a login, or a proof, waits for its answer; most kinds have
        nothing to do. What must leave from here leaves after the transaction (`after_commit`).
        """
