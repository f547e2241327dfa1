"""Each way in which a path could be read as two places, beside the nearest path that is one place."""

from __future__ import annotations

import pytest

from circuits import Malformed
from verifier.paths import MAX_PATH_OCTETS, lies_under, read_path


@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("clear", "ambiguous", "sentence"),
    [
        pytest.param(
            b"/" + b"a" * (MAX_PATH_OCTETS - 1), b"/" + b"a" * MAX_PATH_OCTETS, "too long", id="longer than is read"
        ),
        pytest.param(b"/v1/caf%C3%A9", b"/v1/caf\xc3\xa9", "not ASCII", id="octets that ought to be encoded"),
        pytest.param(b"/v1/autonomous", b"/v1%2Fautonomous", "hides one", id="an encoded slash"),
        pytest.param(b"/v1/autonomous", b"/v1%EF%BC%8Fautonomous", "hides one", id="a slash's look-alike"),
        pytest.param(b"/v1/autonomous", b"/v1//autonomous", "empty segment", id="an empty segment"),
        pytest.param(b"/v1/autonomous/", b"/v1/autonomous/..", "dot segment", id="a step up at the end"),
        pytest.param(b"/v1/autonomous/x", b"/v1/autonomous/;x", "dot segment", id="parameters of nothing at the end"),
    ],
)
def test_a_path_that_two_servers_could_read_as_two_places(clear: bytes, ambiguous: bytes, sentence: str) -> None:
    assert lies_under(read_path(clear), [clear.decode().replace("%C3%A9", "\N{LATIN SMALL LETTER E WITH ACUTE}")])
    with pytest.raises(Malformed, match=sentence):
        read_path(ambiguous)
