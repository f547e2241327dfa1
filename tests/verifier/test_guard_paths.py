"""Each way in which a path could be read as two places, beside the nearest path that is one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits import Malformed, Misuse
from verifier.paths import MAX_PATH_OCTETS, check_prefix, lies_under, read_path


@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("clear", "ambiguous", "sentence"),
    [
        pytest.param(
            b"/" + b"a" * (MAX_PATH_OCTETS - 1), b"/" + b"a" * MAX_PATH_OCTETS, "too long", id="longer than is read"
        ),
        pytest.param(b"/v1/%CE%BB", b"/v1/\xce\xbb", "not ASCII", id="octets that ought to be encoded"),
        pytest.param(b"/v1/autonomous", b"/v1%2Fautonomous", "hides one", id="an encoded slash"),
        pytest.param(b"/v1/autonomous", b"/v1%EF%BC%8Fautonomous", "hides one", id="a slash's look-alike"),
        pytest.param(b"/v1/autonomous", b"/v1//autonomous", "empty segment", id="an empty segment"),
        pytest.param(b"/v1/autonomous/", b"/v1/autonomous/..", "dot segment", id="a step up at the end"),
        pytest.param(b"/v1/x/plan", b"/v1/../plan", "dot segment", id="a step up on the way"),
        pytest.param(b"/v1/autonomous/x", b"/v1/autonomous/;x", "dot segment", id="parameters of nothing at the end"),
    ],
)
def test_a_path_that_two_servers_could_read_as_two_places(clear: bytes, ambiguous: bytes, sentence: str) -> None:
    assert lies_under(read_path(clear), [clear.decode().replace("%CE%BB", "\N{GREEK SMALL LETTER LAMDA}")])
    with pytest.raises(Malformed, match=sentence):
        read_path(ambiguous)


@pytest.mark.requirement("R02")
@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("/v1/autonomous/", "write '/v1/autonomous', not"),
        ("/", "no slash at its end"),
        ("", "a plain path"),
        ("v1/autonomous", "a plain path"),
        ("//v1", "a plain path"),
        ("/v1//x", "a plain path"),
        ("/v1/x.", "a plain path"),
        ("/v1/../x", "a plain path"),
        ("/v1/a;b", "a plain path"),
        ("/v1/ x", "a plain path"),
        ("/v1/%61b", "a plain path"),
        ("/v1/caf\N{LATIN SMALL LETTER E WITH ACUTE}", "a plain path"),
        ("/v1/x?y", "a plain path"),
        ("/v1/x\n", "a plain path"),
        ("/v1/x/*", "no pattern"),
        ("/v1/{rest}", "no pattern"),
    ],
)
def test_a_prefix_that_protects_nothing(prefix: str, sentence: str) -> None:
    with pytest.raises(Misuse, match=sentence):
        check_prefix(prefix)


@given(st.lists(st.text("ab.;:% *~-", min_size=0, max_size=4), max_size=3).map(lambda parts: "/" + "/".join(parts)))
def test_a_prefix_that_is_taken_is_found(prefix: str) -> None:
    """In itself as a path, and in what lies below."""
    try:
        check_prefix(prefix)
    except Misuse:
        return
    for path in (prefix, prefix + "/", prefix + "/x", prefix.upper()):
        assert lies_under(read_path(path.encode()), [prefix])
