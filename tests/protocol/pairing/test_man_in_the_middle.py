"""Somebody between card and computer, who runs a pairing of his own with each."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import pytest

from protocol.ocra import DEFAULT_SUITE
from protocol.pairing import agreement, frames, messages
from protocol.pairing.agreement import Share, Transcript
from protocol.pairing.card_end import CardEnd, Compare, Send
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.host_end import HostEnd
from protocol.pairing.messages import CardHello, CardShare, HostHello, Offer, Reveal
from tests.protocol.pairing.ends import SERIAL

FEW = 50


class TrustingCard(CardEnd):
    """A card that shows its number without having looked at the commitment."""

    def _check_commitment(self, offer: Offer, reveal: Reveal) -> None:
        """Not here."""


def only(steps: list[object]) -> bytes:
    """The bytes that the one step sends."""
    (step,) = steps
    assert isinstance(step, Send)
    return step.data


def message(frame: bytes) -> messages.Message:
    """What a frame says."""
    return messages.decode(next(frames.Deframer().feed(frame)))


@dataclass
class Attack:
    """Both numbers, and how many shares were tried to make them equal."""

    at_host: str
    at_card: str
    tries: int


def attack(card: CardEnd, *, search: int) -> Attack:
    """Pair with the host as a card, then with the card as a host.

    The host's number is known once its share is revealed. Up to `search` shares of our own are
    then tried for the one that gives the card the same number; the commitment allows only one.
    """
    host = HostEnd()
    mine = Share()
    host.receive(messages.encode(CardHello(1, "", {})))
    host.offer("A", SERIAL, "", DEFAULT_SUITE, replace=False)
    steps = host.receive(messages.encode(CardShare(mine.public, mine.nonce)))
    compare = steps[1]
    assert isinstance(compare, Compare)

    transcript, share = Transcript(), Share()

    def sent(frame: bytes) -> bytes:
        transcript.add(frame)
        return frame

    sent(only(card.receive(sent(messages.encode(HostHello(1, 1))))))
    commitment = agreement.committed(share.public, share.nonce)
    offer = Offer("A", SERIAL, "", DEFAULT_SUITE, False, commitment)
    sent(only(card.receive(sent(messages.encode(offer)))))

    reveal = messages.encode(Reveal(share.public, share.nonce))
    tries = 1
    while tries <= search and number_after(transcript, reveal) != compare.number:
        reveal = messages.encode(Reveal(share.public, secrets.token_bytes(32)))
        tries += 1
    (shown,) = card.receive(reveal)
    assert isinstance(shown, Compare)
    return Attack(compare.number, shown.number, tries)


def number_after(transcript: Transcript, frame: bytes) -> str:
    """The number that the card would show after this frame."""
    ahead = Transcript()
    ahead._hash = transcript._hash.copy()
    ahead.add(frame)
    return agreement.number(ahead.digest())


@pytest.fixture
def few_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world in which only fifty numbers can be compared."""
    monkeypatch.setattr(agreement, "NUMBERS", FEW)


def test_the_numbers_of_two_pairings_differ() -> None:
    caught = attack(CardEnd("", {}), search=0)
    assert caught.at_card != caught.at_host


@pytest.mark.usefixtures("few_numbers")
def test_without_the_commitment_the_numbers_can_be_made_equal() -> None:
    """Shows that the search below is one that would succeed."""
    caught = attack(TrustingCard("", {}), search=100 * FEW)
    assert caught.at_card == caught.at_host


@pytest.mark.usefixtures("few_numbers")
def test_with_the_commitment_every_other_share_is_refused() -> None:
    """So there is one try in a pairing: one chance in as many numbers as there are."""
    refused = 0
    for _ in range(20):
        try:
            won = attack(CardEnd("", {}), search=100 * FEW)
        except PairingError as error:
            assert error.reason is AbortReason.COMMITMENT  # noqa: PT017
            refused += 1
        else:
            assert won.tries == 1  # the one chance in fifty
    assert refused > 0


@pytest.mark.usefixtures("few_numbers")
def test_one_try_wins_about_as_often_as_there_are_numbers() -> None:
    attacks = [attack(CardEnd("", {}), search=0) for _ in range(1000)]
    wins = sum(caught.at_card == caught.at_host for caught in attacks)
    assert 2 <= wins <= 60


def test_the_card_does_not_see_the_hosts_share_before_it_has_sent_its_own() -> None:
    """The commitment hides: it is a hash with 32 random bytes, and fits one share alone."""
    host = HostEnd()
    host.receive(messages.encode(CardHello(1, "", {})))
    frame = host.offer("A", SERIAL, "", DEFAULT_SUITE, replace=False)
    offer = message(frame)
    assert isinstance(offer, Offer)
    mine = Share()
    steps = host.receive(messages.encode(CardShare(mine.public, mine.nonce)))
    assert isinstance(steps[0], Send)
    reveal = message(steps[0].data)
    assert isinstance(reveal, Reveal)
    assert reveal.public not in frame
    assert reveal.nonce not in frame
    assert agreement.committed(reveal.public, reveal.nonce) == offer.commitment
    assert agreement.committed(reveal.nonce, reveal.public) != offer.commitment


def test_whoever_only_passes_frames_on_learns_no_key() -> None:
    """A listener has every frame; the key needs one of the two private keys."""
    one, other = Share(), Share()
    transcript = bytes(32)
    secret = one.secret_with(other.public)
    assert secret == other.secret_with(one.public)
    listener = Share()
    assert listener.secret_with(one.public) != secret
    keys = agreement.derive(secret, transcript, 32)
    assert len({keys.card, keys.card_confirm, keys.host_confirm, keys.done}) == 4
    assert agreement.derive(secret, b"\1" * 32, 32).card != keys.card
