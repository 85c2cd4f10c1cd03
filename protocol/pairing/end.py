"""What both ends do alike: cut frames, keep the transcript, end for good at the first error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from . import messages
from .agreement import Transcript
from .errors import AbortReason, PairingError
from .frames import Deframer, Frame
from .messages import Abort, Message

Step = TypeVar("Step")


class End(ABC, Generic[Step]):
    """One end of the cable. After the first error, and after the end, it holds no secret."""

    def __init__(self) -> None:
        self._deframer = Deframer()
        self._transcript = Transcript()
        self._ended: PairingError | None = None

    def receive(self, data: bytes) -> list[Step]:
        """Take bytes off the cable, in any pieces; return what is to be done, in order.

        Raises PairingError, then and at every later call; the steps of that call are void.
        """
        self._check_alive()
        try:
            return list(self._steps(data))
        except PairingError as error:
            self._end(error)
            raise

    def abort(self, reason: AbortReason) -> bytes:
        """The frame that tells the other end; this end is over."""
        if self._ended is None:
            self._end(PairingError(reason))
        return messages.encode(Abort(reason))

    def _steps(self, data: bytes) -> Iterator[Step]:
        for frame in self._deframer.feed(data):
            message = messages.decode(frame)
            if isinstance(message, Abort):
                raise PairingError(message.reason, told=True)
            yield from self._take(message, frame)
            if self._has_all():
                return  # what comes after the last message is no part of pairing

    @abstractmethod
    def _take(self, message: Message, frame: Frame) -> Iterator[Step]:
        """Act on one message; raises PairingError where another was due."""

    @abstractmethod
    def _has_all(self) -> bool:
        """Whether no further message is due."""

    @abstractmethod
    def _forget(self) -> None:
        """Drop every secret."""

    def _send(self, message: Message) -> bytes:
        frame = messages.encode(message)
        self._transcript.add(frame)
        return frame

    def _out_of_order(self) -> PairingError:
        error = PairingError(AbortReason.ORDER)
        self._end(error)
        return error

    def _check_alive(self) -> None:
        if self._ended is not None:
            raise PairingError(self._ended.reason, told=True)

    def _end(self, error: PairingError) -> None:
        self._ended = error
        self._forget()
