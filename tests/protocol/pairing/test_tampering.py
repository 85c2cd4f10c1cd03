"""Every message altered, cut, repeated, exchanged, made too long, or replaced by anything."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.pairing import frames, messages
from protocol.pairing.card_end import CardEnd
from protocol.pairing.errors import AbortReason, PairingError
from protocol.pairing.frames import Deframer
from protocol.pairing.host_end import HostEnd
from tests.protocol.pairing.ends import FRAMES, TO_CARD, Pair, Through


def run(through: Through) -> tuple[Pair, PairingError | None]:
    """A pairing over a bad cable, and the error of whichever end found it."""
    pair = Pair(through=through)
    try:
        pair.run()
    except PairingError as error:
        return pair, error
    return pair, None


def at(place: str, change: Callable[[bytes], list[bytes]]) -> Through:
    """A cable that does this to one frame."""
    return lambda name, frame: change(frame) if name == place else [frame]


def no_key(pair: Pair, place: str) -> None:
    """What each end may have after the frame `place` went wrong.

    Until the host's confirmation has arrived whole, the card has nothing. The host learns the key
    with the card's confirmation; whether it was stored, only with the last frame.
    """
    if FRAMES.index(place) <= FRAMES.index("host confirm"):
        assert pair.card_key is None
    if FRAMES.index(place) <= FRAMES.index("card confirm"):
        assert pair.host_key is None
    assert not pair.stored


@pytest.mark.parametrize("place", FRAMES)
def test_any_flipped_bit_is_found(place: str) -> None:
    length = len(good_frames()[place])
    for bit in range(0, 8 * length, 3):
        through = at(place, lambda frame, bit=bit: [flip(frame, bit)])
        pair, _error = run(through)
        no_key(pair, place)


@pytest.mark.parametrize("place", FRAMES)
def test_any_changed_body_is_found_even_under_a_right_checksum(place: str) -> None:
    """The CRC protects against nobody: here it is computed anew after the change."""
    for index in range(len(good_frames()[place]) - 9):
        through = at(place, lambda frame, index=index: [resealed(frame, index)])
        pair, _error = run(through)
        no_key(pair, place)


@pytest.mark.parametrize("place", FRAMES)
def test_a_frame_that_is_cut_short_or_lost_leaves_nobody_with_half_a_key(place: str) -> None:
    length = len(good_frames()[place])
    for kept in (0, 1, 2, 4, 5, length // 2, length - 1):
        pair, _error = run(at(place, lambda frame, kept=kept: [frame[:kept]] if kept else []))
        no_key(pair, place)


@pytest.mark.parametrize("place", [name for name in FRAMES if "hello" not in name])
def test_a_frame_that_comes_twice_at_once_is_refused(place: str) -> None:
    """But the last one of each way: what follows it is no part of pairing any more."""
    pair, error = run(at(place, lambda frame: [frame + frame]))
    if place in ("host confirm", "done"):
        assert pair.stored
        assert pair.card_key == pair.host_key
        return
    assert error is not None
    assert error.reason is AbortReason.ORDER
    no_key(pair, place)


@pytest.mark.parametrize("place", FRAMES)
@pytest.mark.parametrize("instead", FRAMES)
def test_a_frame_at_another_place_is_refused(place: str, instead: str) -> None:
    if place == instead:
        return
    other = good_frames()[instead]
    pair, error = run(at(place, lambda frame: [other]))
    no_key(pair, place)
    if error is None:  # a hello that answers nothing is the one frame that may come again
        assert "hello" in instead
    else:
        assert error.reason in (AbortReason.ORDER, AbortReason.CONFIRMATION)


@pytest.mark.parametrize("place", FRAMES[2:])
def test_a_frame_of_another_pairing_is_refused(place: str) -> None:
    other = good_frames()[place]
    pair, _error = run(at(place, lambda frame: [other]))
    no_key(pair, place)


@pytest.mark.parametrize("place", FRAMES)
def test_a_frame_that_is_too_long_is_refused_before_it_is_read(place: str) -> None:
    long = frames.MAGIC + good_frames()[place][2:3] + (frames.MAX_BODY + 1).to_bytes(2, "big")
    pair, error = run(at(place, lambda frame: [long]))
    assert error is not None
    assert error.reason is AbortReason.GARBAGE
    no_key(pair, place)


@pytest.mark.parametrize("place", FRAMES)
@pytest.mark.parametrize("more", [b"\0", b"\0" * 100])
def test_a_longer_or_shorter_body_is_refused(place: str, more: bytes) -> None:
    for change in (lambda body: body + more, lambda body: body[:-1], lambda body: b""):
        through = at(
            place, lambda frame, change=change: [frames.encode(frame[2], change(frame[5:-4]))]
        )
        pair, error = run(through)
        assert error is not None
        assert error.reason is AbortReason.GARBAGE
        no_key(pair, place)


@pytest.mark.parametrize("kind", sorted(set(range(256)) - set(messages.KINDS)))
def test_an_unknown_kind_is_refused(kind: int) -> None:
    with pytest.raises(PairingError) as caught:
        CardEnd("", {}).receive(frames.encode(kind, b""))
    assert caught.value.reason is AbortReason.GARBAGE


@pytest.mark.parametrize("place", FRAMES)
@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=700), framed=st.sampled_from([None, *messages.KINDS]))
def test_whatever_comes_instead_only_a_pairing_error_comes_out(
    place: str, junk: bytes, framed: int | None
) -> None:
    data = junk if framed is None else frames.encode(framed, junk[: frames.MAX_BODY])
    pair, _error = run(at(place, lambda frame: [data]))
    no_key(pair, place)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8))
def test_whatever_pieces_come_the_deframer_takes_or_refuses_them(pieces: list[bytes]) -> None:
    for end in (CardEnd("", {}), HostEnd()):
        failed = False
        for piece in pieces:
            if failed:
                with pytest.raises(PairingError):
                    end.receive(piece)
                continue
            try:
                end.receive(piece)
            except PairingError:
                failed = True


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(messages.KINDS)), st.binary(max_size=120))
def test_every_message_has_exactly_one_encoding(kind: int, body: bytes) -> None:
    raw = frames.encode(kind, body)
    try:
        message = messages.decode(next(Deframer().feed(raw)))
    except PairingError:
        return
    assert messages.encode(message) == raw


@given(
    st.lists(st.tuples(st.sampled_from(sorted(messages.KINDS)), st.binary(max_size=80))), st.data()
)
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    sent: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(frames.encode(kind, body) for kind, body in sent)
    deframer, got = Deframer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        got += [(frame.kind, frame.body) for frame in deframer.feed(stream[:cut])]
        stream = stream[cut:]
    assert got == sent


def test_the_directions_are_what_the_names_say() -> None:
    assert [name in TO_CARD for name in FRAMES] == [True, False] * 4


def good_frames() -> dict[str, bytes]:
    """The frames of a pairing that went well."""
    pair = Pair()
    pair.run()
    return pair.frames


def flip(frame: bytes, bit: int) -> bytes:
    """One bit of a frame, the other way."""
    data = bytearray(frame)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def resealed(frame: bytes, index: int) -> bytes:
    """One byte of a body changed, under its right CRC."""
    body = bytearray(frame[5:-4])
    body[index] ^= 1
    return frames.encode(frame[2], bytes(body))
