"""Two ends that pair, and what each of them refuses."""

import ast
import inspect
import subprocess
import sys

import pytest

from protocol.errors import OcraError, ProtocolError
from protocol.ocra import DEFAULT_SUITE
from protocol.pairing import agreement, card_end, frames, messages
from protocol.pairing.card_end import HELLOS, CardEnd, Compare, Send
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.host_end import HostEnd, Met
from protocol.pairing.messages import Abort, CardHello, CardShare, HostHello
from tests.protocol.pairing.ends import FRAMES, OTHER_SERIAL, SERIAL, Pair


def refused(pair: Pair) -> AbortReason:
    """Run a pairing that must not come to an end; why it did not."""
    with pytest.raises(PairingError) as caught:
        pair.run()
    assert pair.card_key is None
    return caught.value.reason


def test_both_ends_show_the_same_number_and_have_the_same_key() -> None:
    pair = Pair()
    pair.run()
    assert pair.numbers["card"] == pair.numbers["host"]
    assert pair.numbers["card"].isdecimal()
    assert len(pair.numbers["card"]) == 6
    assert pair.card_key == pair.host_key is not None
    assert pair.stored
    assert tuple(pair.frames) == FRAMES


@pytest.mark.parametrize(("hash", "length"), [("SHA1", 20), ("SHA256", 32), ("SHA512", 64)])
def test_the_key_is_as_long_as_the_hash_of_its_suite(hash: str, length: int) -> None:
    pair = Pair(suite=f"OCRA-1:HOTP-{hash}-8:C-QN06-PSHA256")
    pair.run()
    assert pair.card_key is not None
    assert len(pair.card_key) == length


def test_no_two_pairings_have_the_same_key_or_share() -> None:
    pairs = [Pair(), Pair()]
    for pair in pairs:
        pair.run()
    assert pairs[0].card_key != pairs[1].card_key
    assert pairs[0].frames["share"] != pairs[1].frames["share"]
    assert pairs[0].frames["offer"] != pairs[1].frames["offer"]


def test_the_key_and_the_secrets_never_go_over_the_cable() -> None:
    pair = Pair()
    pair.run()
    assert pair.card_key is not None
    everything = b"".join(pair.frames.values())
    assert pair.card_key not in everything
    assert pair.card_key[:8] not in everything


def test_frames_may_come_in_any_pieces() -> None:
    pair = Pair(through=lambda name, frame: [bytes([byte]) for byte in frame])
    pair.run()
    assert pair.stored


def test_noise_of_a_modem_manager_before_the_first_frame_is_skipped() -> None:
    noise = b"AT\r\n~\xc5AT+GCAP\r\n\xc5"
    pair = Pair(through=lambda name, frame: [noise + frame] if "hello" in name else [frame])
    pair.run()
    assert pair.stored


def test_noise_after_the_first_frame_is_refused() -> None:
    pair = Pair(through=lambda name, frame: [b"AT\r" + frame] if name == "offer" else [frame])
    assert refused(pair) is AbortReason.GARBAGE


def test_more_noise_than_a_probe_makes_is_refused() -> None:
    card = CardEnd("", {})
    assert card.receive(b"x" * frames.MAX_NOISE) == []
    with pytest.raises(PairingError) as caught:
        card.receive(b"x")
    assert caught.value.reason is AbortReason.GARBAGE


def test_a_hello_that_is_sent_again_gets_the_same_answer_and_changes_nothing() -> None:
    host, card = HostEnd(), CardEnd(SERIAL, {})
    first = card.receive(host.hello() + host.hello())
    assert first[0] == first[1]
    assert isinstance(first[0], card_end.Send)
    met = host.receive(first[0].data + first[0].data)
    assert [type(step) for step in met] == [Met]
    pair = Pair(card=card, host=host)
    pair._carry("offer", host.offer("A", SERIAL, "", DEFAULT_SUITE, replace=False))
    assert pair.stored


def test_a_card_tells_which_keys_it_has() -> None:
    slots = {"A": b"12345678", "C": messages.UNREADABLE}
    pair = Pair(card=CardEnd(SERIAL, slots), slot="B")
    pair.run()
    hello = messages.decode(next(frames.Deframer().feed(pair.frames["card hello"])))
    assert hello == CardHello(1, SERIAL, slots)


def test_a_taken_slot_is_refused_unless_it_is_to_be_replaced() -> None:
    assert refused(Pair(card=CardEnd(SERIAL, {"A": b"12345678"}))) is AbortReason.SLOT_TAKEN
    pair = Pair(card=CardEnd(SERIAL, {"A": b"12345678"}), replace=True)
    pair.run()
    assert pair.stored


def test_an_offer_for_another_serial_is_refused() -> None:
    assert refused(Pair(card=CardEnd(OTHER_SERIAL, {}))) is AbortReason.OTHER_SERIAL


def test_a_suite_that_the_card_cannot_use_is_refused() -> None:
    def none_fits(suite: str) -> int:
        raise OcraError("not this one")

    assert refused(Pair(card=CardEnd("", {}, none_fits))) is AbortReason.SUITE


def test_the_host_offers_no_suite_that_fits_no_card() -> None:
    host, card = HostEnd(), CardEnd("", {})
    (answer,) = card.receive(host.hello())
    assert isinstance(answer, card_end.Send)
    host.receive(answer.data)
    with pytest.raises(OcraError, match="clock"):
        host.offer("A", SERIAL, "", "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-T1M", replace=False)


@pytest.mark.parametrize(("lowest", "highest"), [(2, 9), (0, 0)])
def test_a_host_of_another_version_is_refused(lowest: int, highest: int) -> None:
    with pytest.raises(PairingError) as caught:
        CardEnd("", {}).receive(messages.encode(HostHello(lowest, highest)))
    assert caught.value.reason is AbortReason.VERSION


def test_a_host_that_speaks_a_later_version_too_gets_the_common_one() -> None:
    (answer,) = CardEnd("", {}).receive(messages.encode(HostHello(1, 7)))
    assert isinstance(answer, card_end.Send)
    assert messages.decode(next(frames.Deframer().feed(answer.data))) == CardHello(1, "", {})


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_card_of_another_version_is_refused(version: int) -> None:
    with pytest.raises(PairingError) as caught:
        HostEnd().receive(messages.encode(CardHello(version, "", {})))
    assert caught.value.reason is AbortReason.VERSION


def test_talking_the_versions_down_changes_the_number() -> None:
    """A hello that somebody altered on the way is another transcript on each side."""
    lowered = messages.encode(HostHello(0, 1))
    pair = Pair(through=lambda name, frame: [lowered if name == "hello" else frame])
    assert refused(pair) is AbortReason.CONFIRMATION
    assert pair.numbers["card"] != pair.numbers["host"]


@pytest.mark.parametrize("reason", AbortReason)
def test_the_reason_of_one_end_reaches_the_other(reason: AbortReason) -> None:
    card = CardEnd("", {})
    with pytest.raises(PairingError) as caught:
        card.receive(HostEnd().abort(reason))
    assert caught.value.reason is reason
    assert caught.value.told
    assert str(caught.value) == reason.sentence


# X25519 points of small order (RFC 7748 section 6.1): zero, one, the two of order 8, p-1, p, p+1.
SMALL = [
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ec" + "ff" * 30 + "7f"),
    bytes.fromhex("ed" + "ff" * 30 + "7f"),
    bytes.fromhex("ee" + "ff" * 30 + "7f"),
]


@pytest.mark.parametrize("point", SMALL, ids=lambda point: point.hex()[:6])
def test_a_point_that_gives_no_secret_is_refused_by_the_host(point: bytes) -> None:
    share = messages.encode(CardShare(point, bytes(32)))
    pair = Pair(through=lambda name, frame: [share if name == "share" else frame])
    assert refused(pair) is AbortReason.POINT


@pytest.mark.parametrize("point", SMALL, ids=lambda point: point.hex()[:6])
def test_a_point_that_gives_no_secret_is_refused_by_the_card(point: bytes) -> None:
    host, card = HostEnd(), CardEnd("", {})
    card.receive(host.hello())
    commitment = agreement.committed(point, bytes(32))
    card.receive(messages.encode(messages.Offer("A", SERIAL, "", DEFAULT_SUITE, False, commitment)))
    with pytest.raises(PairingError) as caught:
        card.receive(messages.encode(messages.Reveal(point, bytes(32))))
    assert caught.value.reason is AbortReason.POINT


def test_a_confirmation_that_is_sent_back_confirms_nothing() -> None:
    """The card's own confirmation, returned as the host's, fits neither key nor transcript."""

    def reflected(name: str, frame: bytes) -> list[bytes]:
        if name != "host confirm":
            return [frame]
        confirm = messages.decode(next(frames.Deframer().feed(pair.frames["card confirm"])))
        assert isinstance(confirm, messages.CardConfirm)
        return [messages.encode(messages.HostConfirm(confirm.mac))]

    pair = Pair(through=reflected)
    assert refused(pair) is AbortReason.CONFIRMATION


def test_an_end_that_is_over_stays_over_and_has_no_key() -> None:
    host, card = HostEnd(), CardEnd("", {})
    card.abort(AbortReason.CANCELLED)
    for call in (lambda: card.receive(host.hello()), card.consent, card.stored):
        with pytest.raises(PairingError) as caught:
            call()
        assert caught.value.reason is AbortReason.CANCELLED
    host.receive(messages.encode(CardHello(1, "", {})))
    for call in (host.key, host.confirm):
        with pytest.raises(PairingError):
            call()


def test_the_card_gives_no_consent_before_the_number_and_no_done_before_the_key() -> None:
    for too_early in (CardEnd.consent, CardEnd.stored):
        card = CardEnd("", {})
        with pytest.raises(PairingError) as caught:
            too_early(card)
        assert caught.value.reason is AbortReason.ORDER


def test_a_host_that_confirms_before_the_owner_has_consented_is_refused() -> None:
    """The keys are there, the mac could be right: without a hold of OK there is no key."""
    pair = Pair(through=lambda name, frame: [] if name == "card confirm" else [frame])
    card = pair.card
    card.consent = lambda: b""  # type: ignore[method-assign]
    pair.run()
    stage = card._stage
    assert isinstance(stage, card_end._Comparing)
    mac = agreement.mac(stage.keys.host_confirm, card._transcript.digest())
    with pytest.raises(PairingError) as caught:
        card.receive(messages.encode(messages.HostConfirm(mac)))
    assert caught.value.reason is AbortReason.ORDER


def test_macs_and_commitments_are_compared_in_constant_time() -> None:
    for module in (agreement, card_end):
        tree = ast.parse(inspect.getsource(module))
        for compare in (node for node in ast.walk(tree) if isinstance(node, ast.Compare)):
            if any(isinstance(op, ast.Eq | ast.NotEq) for op in compare.ops):
                names = ast.dump(compare)
                assert not any(word in names for word in ("mac", "commit", "secret", "key"))
    assert "compare_digest" in inspect.getsource(agreement.check_mac)
    assert "compare_digest" in inspect.getsource(CardEnd._check_commitment)


def test_no_repr_has_a_secret() -> None:
    pair = Pair()
    seen: list[object] = []
    take = pair._do

    def note(name: str, step: object) -> None:
        seen.append(step)
        seen.extend([pair.card._stage, pair.host._stage, pair.card, pair.host])
        take(name, step)
        seen.extend([pair.card._stage, pair.host._stage])

    pair._do = note  # type: ignore[method-assign]
    pair.run()
    text = repr(seen)
    assert pair.card_key is not None
    for secret in (pair.card_key, pair.frames["reveal"][5:-4]):
        for shape in (repr(secret)[2:-1], secret.hex(), repr(secret[:8])[2:-1]):
            assert shape not in text
    assert "Agreed(offer=" in text


def test_every_number_is_as_likely() -> None:
    """By construction: 256 bits modulo a million. Here: every digit in every place turns up."""
    numbers = [agreement.number(bytes([i % 256, i // 256])) for i in range(5000)]
    assert len(set(numbers)) > 4900
    for place in range(6):
        counts = [sum(number[place] == digit for number in numbers) for digit in "0123456789"]
        assert 350 < min(counts) <= max(counts) < 650


def test_every_error_is_one_of_the_protocols() -> None:
    assert issubclass(PairingError, ProtocolError)
    assert {str(PairingError(reason)) for reason in AbortReason} == {
        reason.sentence for reason in AbortReason
    }
    assert messages.encode(Abort(AbortReason.TIMEOUT))[5:6] == bytes([AbortReason.TIMEOUT])


def test_times_and_reasons_load_no_cryptography() -> None:
    """A card that is not pairing does not pay for it."""
    code = (
        "import sys, protocol.pairing.times, protocol.pairing.errors, protocol.pairing.messages\n"
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_another_hello_after_the_first_is_refused() -> None:
    card = CardEnd("", {})
    card.receive(messages.encode(HostHello(1, 1)))
    with pytest.raises(PairingError) as caught:
        card.receive(messages.encode(HostHello(0, 1)))
    assert caught.value.reason is AbortReason.ORDER


def test_both_parts_of_a_share_are_new_each_time() -> None:
    shares = [agreement.Share() for _ in range(20)]
    assert len({share.public for share in shares}) == len({share.nonce for share in shares}) == 20
    assert all(len(share.public) == len(share.nonce) == 32 for share in shares)


def test_a_host_that_says_hello_without_end_is_refused() -> None:
    host, card = HostEnd(), CardEnd(SERIAL, {})
    for _ in range(1 + HELLOS):
        (answer,) = card.receive(host.hello())
        assert isinstance(answer, Send)
    with pytest.raises(PairingError) as refused:
        card.receive(host.hello())
    assert refused.value.reason is AbortReason.ORDER


@pytest.mark.parametrize("again", ["hello", "offer", "reveal"])
def test_one_card_end_makes_one_number_whatever_comes_again(again: str) -> None:
    """So that one gesture is one try for a machine in the middle."""
    host, card = HostEnd(), CardEnd("", {})
    sent = {"hello": host.hello()}
    host.receive(steps_of(card, sent["hello"]))
    sent["offer"] = host.offer("A", SERIAL, "Example", DEFAULT_SUITE, replace=False)
    (reveal, _) = host.receive(steps_of(card, sent["offer"]))
    assert isinstance(reveal, Send)
    sent["reveal"] = reveal.data
    (compare,) = card.receive(reveal.data)
    assert isinstance(compare, Compare)
    with pytest.raises(PairingError):
        card.receive(sent[again])
    for frame in sent.values():
        with pytest.raises(PairingError):
            card.receive(frame)
    with pytest.raises(PairingError):
        card.consent()


def steps_of(card: CardEnd, frame: bytes) -> bytes:
    """What the card answers."""
    (answer,) = card.receive(frame)
    assert isinstance(answer, Send)
    return answer.data
