"""The codes on the glass: one for everything that can go wrong, each with its sentence."""

import inspect

import pytest

from device import errors
from device.errors import DeviceError, StoreError, SuiteUnsuitable
from device.faults import Fault
from device.glyphs.large import LARGE
from device.glyphs.small import SMALL
from device.layout import layout_for
from device.suites import Form, form_of
from protocol.ocra import DEFAULT_SUITE


def test_codes_are_counted_through_and_never_used_twice() -> None:
    assert [fault.code for fault in Fault] == [f"E{n:02d}" for n in range(1, len(Fault) + 1)]


@pytest.mark.parametrize("fault", Fault)
def test_each_code_has_words_that_the_glass_can_show_and_a_sentence(fault: Fault) -> None:
    assert set(fault.code) <= set(LARGE.glyphs)
    assert set(fault.words) <= {*SMALL.glyphs, " "}
    assert all(len(fault.words) <= layout_for(128, height).words.cells for height in (64, 32))
    assert fault.sentence.endswith(".")
    assert len(fault.sentence) > 40


def test_the_errors_of_the_store_have_their_codes() -> None:
    leaves = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, StoreError) and kind is not StoreError
    ]
    by_kind = {kind.__name__: Fault.of(kind("x")) for kind in leaves}
    assert by_kind["SlotEmpty"] is Fault.NO_KEY
    assert by_kind["StoreDamaged"] is Fault.STORE_DAMAGED
    assert by_kind["CounterNotWritten"] is Fault.COUNTER_NOT_WRITTEN
    assert by_kind["SealingKeyMissing"] is Fault.SEALING_KEY
    assert by_kind["SealingKeyWrong"] is Fault.SEALING_KEY
    assert by_kind["StoreExposed"] is Fault.STORE_UNREADABLE
    assert by_kind["CounterExhausted"] is Fault.COUNTER_EXHAUSTED
    assert Fault.of(SuiteUnsuitable("x")) is Fault.SUITE


def test_an_error_refines_the_builtin_that_it_is() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(kind, DeviceError)
        if name not in ("DeviceError", "StoreError"):
            builtins = [base for base in kind.__mro__ if base.__module__ == "builtins"]
            assert builtins[0] is not Exception, f"{name} refines no builtin"


def test_the_default_suite_fits() -> None:
    assert form_of(DEFAULT_SUITE) == Form(challenge_length=6, response_length=8)


@pytest.mark.parametrize(
    ("suite", "form"),
    [
        ("OCRA-1:HOTP-SHA1-6:C-QN04-PSHA1", Form(4, 6)),
        ("OCRA-1:HOTP-SHA512-10:C-QN10-PSHA512", Form(10, 10)),
    ],
)
def test_other_suites_that_fit(suite: str, form: Form) -> None:
    assert form_of(suite) == form


@pytest.mark.parametrize(
    ("suite", "reason"),
    [
        ("OCRA-1:HOTP-SHA1-6:QN08-PSHA1", "no counter"),
        ("OCRA-1:HOTP-SHA1-6:C-QA08-PSHA1", "not digits"),
        ("OCRA-1:HOTP-SHA1-6:C-QH08-PSHA1", "not digits"),
        ("OCRA-1:HOTP-SHA1-6:C-QN11-PSHA1", "over 10 digits"),
        ("OCRA-1:HOTP-SHA1-6:C-QN08", "no PIN"),
        ("OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-S064", "session"),
        ("OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1-T1M", "clock"),
        ("OCRA-1:HOTP-SHA1-0:C-QN08-PSHA1", "not cut to digits"),
        ("TOTP", "not one of RFC 6287"),
    ],
)
def test_a_suite_that_the_card_cannot_compute_is_refused_with_the_reason(
    suite: str, reason: str
) -> None:
    with pytest.raises(SuiteUnsuitable, match=reason):
        form_of(suite)
