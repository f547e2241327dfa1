"""The four ways of saying no: a stable code and a sentence, and one base to catch them by."""

from __future__ import annotations

import pytest

from circuits.errors import CircuitError, Malformed, Misuse, Rejected, Unsatisfiable


def test_octets_and_our_own_mistakes_have_fixed_codes() -> None:
    assert (Malformed("too short").code, Malformed("too short").sentence) == ("malformed", "too short")
    assert (Misuse("called twice").code, Misuse("called twice").sentence) == ("misuse", "called twice")


@pytest.mark.parametrize("kind", [Rejected, Unsatisfiable])
def test_the_others_carry_the_code_they_are_given(kind: type[CircuitError]) -> None:
    error = kind("non-revocation", "the licence is revoked")
    assert (error.code, error.sentence) == ("non-revocation", "the licence is revoked")
    assert str(error) == "non-revocation: the licence is revoked"


def test_none_of_the_four_is_another() -> None:
    kinds = [Malformed, Rejected, Unsatisfiable, Misuse]
    for kind in kinds:
        assert issubclass(kind, CircuitError)
        assert [other for other in kinds if issubclass(kind, other)] == [kind]
    assert not issubclass(CircuitError, ValueError)
