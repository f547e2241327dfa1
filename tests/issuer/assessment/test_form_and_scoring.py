from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.assessment.bank import Item, decode_answers, decode_bank, starter_octets
from issuer.assessment.form import make_form, question
from issuer.assessment.policy import ExamPolicy, Topic
from issuer.assessment.scoring import score
from issuer.errors import Unavailable

BANK = decode_bank(starter_octets()[0])
KEY = decode_answers(starter_octets()[1], BANK)
POLICY = ExamPolicy()
SEEDS = st.binary(min_size=32, max_size=32)


def _form(seed: bytes, seen: dict[str, int] | None = None) -> tuple[str, ...]:
    return tuple(asked.item.id for asked in make_form(BANK.items, seed, seen or {}, 6))


@pytest.mark.requirement("R20")
@given(SEEDS)
def test_every_form_has_six_items_of_each_topic_one_of_them_core_and_no_enemies(seed: bytes) -> None:
    form = make_form(BANK.items, seed, {}, 6)
    assert Counter(asked.item.topic for asked in form) == dict.fromkeys(Topic, 6)
    assert {asked.item.topic for asked in form if asked.item.must_answer} == set(Topic)
    groups = [asked.item.enemy_group for asked in form if asked.item.enemy_group]
    assert len(groups) == len(set(groups))
    assert len({asked.item.id for asked in form}) == 36
    assert all(sorted(asked.order) == list(range(len(asked.item.options))) for asked in form)


@given(SEEDS)
def test_a_form_is_remade_from_its_seed_whatever_the_order_of_the_bank(seed: bytes) -> None:
    shuffled = sorted(BANK.items, key=lambda item: hashlib.sha256(item.id.encode()).digest())
    assert make_form(shuffled, seed, {}, 6) == make_form(BANK.items, seed, {}, 6)


def test_the_form_of_a_known_seed_never_changes() -> None:
    """An appeal years later remakes the form: whoever changes the derivation breaks this on purpose."""
    form = make_form(BANK.items, bytes(range(32)), {}, 6)
    text = ";".join(f"{asked.item.id}:{asked.order}" for asked in form)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "d43df3c5b0fbeefa"


@given(SEEDS, SEEDS)
def test_a_second_form_repeats_nothing_where_the_bank_allows(first: bytes, second: bytes) -> None:
    seen = dict.fromkeys(_form(first), 1)
    again = [BANK.item(item_id) for item_id in set(seen) & set(_form(second, seen))]
    # A topic whose core items were all in the first form has to show one of them again; nothing else repeats.
    assert all(item.must_answer for item in again)
    assert len({item.topic for item in again}) == len(again)


def test_six_forms_show_every_item_before_they_wear_out() -> None:
    seen: Counter[str] = Counter()
    for attempt in range(6):
        seen.update(_form(hashlib.sha256(bytes([attempt])).digest(), seen))
    assert max(seen.values()) <= 4
    assert len(seen) == len(BANK.items)


def test_a_topic_that_cannot_fill_its_places_stops_the_start() -> None:
    few = [item for item in BANK.items if item.topic is not Topic.CARE or item.id in {"car-01", "car-03"}]
    with pytest.raises(Unavailable, match="bank-too-small"):
        make_form(few, bytes(32), {}, 6)


def test_options_are_shuffled_and_the_right_one_moves() -> None:
    places = Counter(
        question(item, bytes([seed]) * 32).order.index(KEY[item.id]) for item in BANK.items for seed in range(40)
    )
    share = sum(places.values()) / 4
    assert all(abs(count - share) < share * 0.12 for count in places.values())


def _right(item: Item, order: tuple[int, ...]) -> int:
    return order.index(KEY[item.id])


@given(SEEDS, st.fixed_dictionaries({topic: st.integers(0, 6) for topic in Topic}))
def test_the_pass_rule(seed: bytes, right: dict[Topic, int]) -> None:
    form = make_form(BANK.items, seed, {}, 6)
    left = dict(right)
    answers = {}
    for number, asked in enumerate(form, start=1):
        place = _right(asked.item, asked.order)
        answers[number] = place if left[asked.item.topic] > 0 else (place + 1) % len(asked.order)
        left[asked.item.topic] -= 1
    scored = score(form, KEY, answers, POLICY)
    assert scored.topics == right
    assert scored.passed == (sum(right.values()) >= 29 and min(right.values()) >= 4)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("topics", "passed"),
    [
        ((6, 6, 6, 6, 6, 6), True),
        ((4, 5, 5, 5, 5, 5), True),
        ((4, 4, 5, 5, 5, 5), False),
        ((6, 6, 6, 6, 6, 3), False),
        ((6, 6, 6, 6, 6, 0), False),
        ((0, 0, 0, 0, 0, 0), False),
    ],
)
def test_the_edges_of_the_pass_rule(topics: tuple[int, ...], passed: bool) -> None:
    form = make_form(BANK.items, bytes(32), {}, 6)
    left = dict(zip(Topic, topics, strict=True))
    answers = {}
    for number, asked in enumerate(form, start=1):
        if left[asked.item.topic] > 0:
            answers[number] = _right(asked.item, asked.order)
            left[asked.item.topic] -= 1
    assert score(form, KEY, answers, POLICY).passed is passed


def test_an_empty_hand_in_scores_nothing() -> None:
    scored = score(make_form(BANK.items, bytes(32), {}, 6), KEY, {}, POLICY)
    assert (scored.total, scored.passed) == (0, False)


@pytest.mark.requirement("R30")
def test_the_scorer_sees_no_identity() -> None:
    import inspect

    assert list(inspect.signature(score).parameters) == ["form", "key", "answers", "policy"]


@pytest.mark.requirement("R20")
def test_guessing_by_length_or_place_does_not_pass() -> None:
    """Ways to pass without reading: always the longest, the shortest, the middle, or one place."""
    for pick in (max, min, lambda lengths: sorted(lengths)[1], lambda lengths: sorted(lengths)[-2]):
        hits = sum(
            (lengths := [len(option) for option in item.options]).index(pick(lengths)) == KEY[item.id]
            for item in BANK.items
        )
        assert hits / len(BANK.items) < 0.45
