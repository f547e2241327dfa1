"""A secret shows nothing of what it holds, by any of the ways in which Python shows, copies or compares things."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, replace

import pytest

from circuits.secret import Secret

MARK = 1234567890123456789


@dataclass(frozen=True)
class Holder:
    """A record with a secret in it, as records have them."""

    name: str
    key: Secret[int]


@pytest.fixture
def box() -> Secret[int]:
    return Secret(MARK)


def test_expose_gives_the_value(box: Secret[int]) -> None:
    assert box.expose() == MARK
    held = [1, 2]
    assert Secret(held).expose() is held


SHOW: list[Callable[[Secret[int]], str]] = [
    repr,
    str,
    ascii,
    pprint.pformat,
    lambda box: f"{box}",
    lambda box: f"{box!r:>40}",
    lambda box: f"{box:x}",
    lambda box: f"{box:030d}",
    lambda box: format(box, ",.3f"),
    lambda box: f"{box}",
    lambda box: "%s and %r" % (box, box),  # noqa: UP031
    lambda box: str([box, {"k": box}, (box,)]),
    lambda box: repr(Holder("n", box)),
    lambda box: str(ValueError("wrong", box)),
    lambda box: repr(RuntimeError(box, Holder("n", box))),
    lambda box: str(vars(Holder("n", box))),
]


@pytest.mark.parametrize("show", SHOW)
def test_no_way_of_showing_shows_the_value(show: Callable[[Secret[int]], str], box: Secret[int]) -> None:
    shown = show(box)
    assert str(MARK) not in shown
    assert f"{MARK:x}" not in shown
    assert "redacted" in shown


def test_a_log_line_and_a_traceback_show_nothing(box: Secret[int], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("tests").warning("have %s, %r and %s", box, box, Holder("n", box))
    assert str(MARK) not in caplog.text
    try:
        raise ValueError(box)
    except ValueError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert str(MARK) not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int, box: Secret[int]) -> None:
    for value in (box, [box], Holder("n", box)):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(value, protocol)
        assert str(MARK) not in str(caught.value)


COPY: list[Callable[[Secret[int]], object]] = [
    copy.copy,
    copy.deepcopy,
    lambda box: copy.deepcopy([box]),
    lambda box: copy.deepcopy(Holder("n", box)),
    lambda box: asdict(Holder("n", box)),
    lambda box: astuple(Holder("n", box)),
    json.dumps,
    lambda box: json.dumps({"k": box}),
]


@pytest.mark.parametrize("make", COPY)
def test_a_secret_is_not_copied_or_turned_into_plain_data(
    make: Callable[[Secret[int]], object], box: Secret[int]
) -> None:
    with pytest.raises(TypeError) as caught:
        make(box)
    assert str(MARK) not in str(caught.value)


COMPARE: list[Callable[[Secret[int]], object]] = [
    lambda box: box == MARK,
    lambda box: box == box,
    lambda box: box == Secret(MARK),
    lambda box: box != MARK,
    lambda box: MARK == box,  # noqa: SIM300
    lambda box: box < MARK,  # type: ignore[operator]
    lambda box: box in [MARK],
    lambda box: Holder("n", box) == Holder("n", Secret(MARK)),
    hash,
    lambda box: {box},
    lambda box: {box: 1},
    lambda box: hash(Holder("n", box)),
    bool,
    lambda box: not box,
    lambda box: box and 1,
    int,  # type: ignore[list-item]
    lambda box: box + 1,  # type: ignore[operator]
    len,  # type: ignore[list-item]
    iter,  # type: ignore[list-item]
    bytes,  # type: ignore[list-item]
]


@pytest.mark.parametrize("use", COMPARE)
def test_a_secret_is_not_compared_hashed_tested_or_computed_with(
    use: Callable[[Secret[int]], object], box: Secret[int]
) -> None:
    with pytest.raises(TypeError) as caught:
        use(box)
    assert str(MARK) not in str(caught.value)


def test_a_secret_has_no_dict_and_takes_no_attributes(box: Secret[int]) -> None:
    assert not hasattr(box, "__dict__")
    with pytest.raises(AttributeError):
        box.note = 1  # type: ignore[attr-defined]


def test_object_state_is_not_given_out(box: Secret[int]) -> None:
    with pytest.raises(TypeError):
        box.__reduce_ex__(2)
    with pytest.raises(TypeError):
        box.__reduce__()
    with pytest.raises(TypeError):
        box.__getstate__()


def test_a_record_with_another_name_keeps_the_same_box(box: Secret[int]) -> None:
    assert replace(Holder("n", box), name="m").key is box
