from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.errors import Conflict, Denied, Invalid, NotFound, Refused
from issuer.permits.matrix import IMPLIES, MATRIX, Requirement, Tier, check_requirements
from issuer.permits.ratio import RatioPolicy, check_operators
from issuer.permits.service import PERMIT_DAYS, Permits
from issuer.permits.states import TRANSITIONS, PermitAction, PermitState, next_state
from tests.issuer.assessment.exam_world import DAY, NOON, Revocations, Setting

TODAY = NOON // DAY


@pytest.fixture
def revocations() -> Revocations:
    return Revocations()


@pytest.fixture
def permits(setting: Setting, revocations: Revocations) -> Permits:
    return Permits(setting.world, revoker=revocations)


def _code(call: object, *arguments: object) -> str:
    with pytest.raises(Refused) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.requirement("R39")
@pytest.mark.parametrize("tier", Tier)
def test_the_matrix_every_requirement_missing_in_turn(tier: Tier) -> None:
    whole = MATRIX[tier]
    check_requirements(tier, whole)
    check_requirements(tier, frozenset(Requirement))
    for count in (1, 2):
        for missing in combinations(sorted(whole), count):
            with pytest.raises(Denied) as caught:
                check_requirements(tier, whole - set(missing))
            assert caught.value.code == "requirements-missing"
            assert caught.value.extra["missing"] == list(missing)


@pytest.mark.requirement("R39")
def test_the_greater_requirement_stands_for_the_lesser() -> None:
    check_requirements(Tier.PROFESSIONAL, (MATRIX[Tier.PROFESSIONAL] - set(IMPLIES.values())) | set(IMPLIES))
    with pytest.raises(Denied):
        check_requirements(Tier.ENTERPRISE, (MATRIX[Tier.ENTERPRISE] - set(IMPLIES)) | set(IMPLIES.values()))
    assert set(MATRIX) == set(Tier)
    assert all(MATRIX.values())


@pytest.mark.requirement("R38")
@pytest.mark.parametrize(
    ("systems", "agents", "required"),
    [
        ({}, 0, 1),
        ({"customer-service": 1}, 3, 1),
        ({"customer-service": 5}, 50, 1),
        ({"customer-service": 6}, 50, 2),
        ({"customer-service": 5}, 51, 2),
        ({"business-automation": 1}, 1, 2),
        ({"trading": 12}, 0, 12),
        ({"trading": 1, "customer-service": 10}, 10, 12),
    ],
)
def test_the_ratio(systems: dict[str, int], agents: int, required: int) -> None:
    assert RatioPolicy().required(systems, agents) == required


@given(st.dictionaries(st.sampled_from(sorted(RatioPolicy().class_factors)), st.integers(0, 100)), st.integers(0, 5000))
def test_the_ratio_never_falls_when_something_is_added(systems: dict[str, int], agents: int) -> None:
    policy = RatioPolicy()
    needed = policy.required(systems, agents)
    assert needed >= 1
    assert policy.required(systems, agents + 1) >= needed
    assert policy.required(systems | {"trading": systems.get("trading", 0) + 1}, agents) >= needed


def test_what_is_not_in_the_ratio_table_is_refused() -> None:
    assert _code(RatioPolicy().required, {"fortune-telling": 1}, 0) == "unknown-class"
    assert _code(RatioPolicy().required, {"trading": -1}, 0) == "negative-count"
    assert _code(RatioPolicy().required, {}, -1) == "negative-count"
    with pytest.raises(Denied) as caught:
        check_operators(RatioPolicy(), {"trading": 12}, 0, 2)
    assert caught.value.extra == {"required": 12, "present": 2}


def test_the_state_table_is_closed() -> None:
    for state in PermitState:
        for action in PermitAction:
            if (state, action) in TRANSITIONS:
                assert next_state(state, action) is TRANSITIONS[state, action]
            else:
                with pytest.raises(Conflict, match="permit-state"):
                    next_state(state, action)
    assert {action for (state, action) in TRANSITIONS if state is PermitState.ENDED} == {PermitAction.END}


@pytest.mark.requirement("R34")
def test_a_natural_person_gets_a_sole_permit_and_the_same_again(setting: Setting, permits: Permits) -> None:
    person = setting.person("p")
    assert permits.current(person) is None
    permit = permits.apply_sole(person)
    assert permit.id.startswith("P-")
    assert (permit.kind, permit.until_day) == ("sole", TODAY + PERMIT_DAYS)
    assert permits.apply_sole(person) == permit == permits.current(person)
    assert _code(permits.apply_corporate, person, "01234567", "Acme") == "has-permit"


def test_a_permit_runs_out_after_its_last_day_and_can_be_renewed(setting: Setting, permits: Permits) -> None:
    person = setting.person("p")
    permit = permits.apply_sole(person)
    setting.clock.seconds = permit.until_day * DAY + DAY - 1
    assert permits.current(person) == permit
    setting.clock.seconds += 1
    assert permits.current(person) is None
    renewed = permits.apply_sole(person)
    assert (renewed.id, renewed.until_day) == (permit.id, permit.until_day + 1 + PERMIT_DAYS)
    assert permits.current(person) == renewed


@pytest.mark.requirement("R37")
def test_a_company_has_one_permit_and_colleagues_join_by_invitation(setting: Setting, permits: Permits) -> None:
    ada, bob, eve = (setting.person(name) for name in ("ada", "bob", "eve"))
    permit = permits.apply_corporate(ada, "01234567", "Acme")
    assert permit.kind == "corporate"
    assert permits.apply_corporate(ada, "01234567", "Acme") == permit
    assert _code(permits.apply_corporate, bob, "01234567", "Acme") == "company-has-permit"
    assert _code(permits.apply_corporate, bob, "01234567", "Acme", "guess") == "invitation"
    code = permits.invite(ada, "a-ada")
    assert permits.apply_corporate(bob, "01234567", "Acme", code) == permit
    assert _code(permits.apply_corporate, eve, "01234567", "Acme", code) == "invitation"
    late = permits.invite(bob, "a-bob")
    setting.clock.seconds += 7 * DAY
    assert _code(permits.apply_corporate, eve, "01234567", "Acme", late) == "invitation"
    other = permits.apply_corporate(eve, "SC123456", "Other")
    assert other.id != permit.id
    assert permits.operators(permit.id) == (ada, bob)
    assert _code(permits.apply_corporate, eve, "01234567", "Acme", permits.invite(ada, "a-ada")) == "has-permit"


def test_an_invitation_is_for_its_own_company(setting: Setting, permits: Permits) -> None:
    ada, bob, eve = (setting.person(name) for name in ("ada", "bob", "eve"))
    permits.apply_corporate(ada, "01234567", "Acme")
    permits.apply_corporate(bob, "SC123456", "Other")
    assert _code(permits.apply_corporate, eve, "SC123456", "Other", permits.invite(ada, "a-ada")) == "invitation"
    permits.apply_sole(eve)
    assert _code(permits.invite, eve, "a-eve") == "no-permit"


@pytest.mark.parametrize("number", ["", "1234567", "123456789", "S1234567", "sc123456", "0123456\n", "٠١٢٣٤٥٦٧"])
def test_company_numbers_are_checked(setting: Setting, permits: Permits, number: str) -> None:
    with pytest.raises(Invalid, match="company-number"):
        permits.apply_corporate(setting.person("p"), number, "Acme")


def test_suspension_takes_every_licence_along_and_reinstating_brings_the_permit_back(
    setting: Setting, permits: Permits, revocations: Revocations
) -> None:
    person = setting.person("p")
    permit = permits.apply_sole(person)
    assert permits.act(permit.id, PermitAction.SUSPEND, "inquiry") is PermitState.SUSPENDED
    assert revocations.permits == [(permit.id, True)]
    assert permits.current(person) is None
    assert _code(permits.apply_sole, person) == "permit-suspended"
    permits.act(permit.id, PermitAction.SUSPEND, "inquiry")
    assert revocations.permits == [(permit.id, True)] * 2
    assert permits.act(permit.id, PermitAction.REINSTATE, "cleared") is PermitState.CURRENT
    assert permits.current(person) == permit
    assert len(revocations.permits) == 2
    assert [event for event, _, _ in permits.history(permit.id)] == ["granted", "suspend", "reinstate"]
    assert _code(permits.act, permit.id, PermitAction.REINSTATE, "again") == "permit-state"


def test_an_ended_permit_stays_ended_and_frees_its_people(
    setting: Setting, permits: Permits, revocations: Revocations
) -> None:
    person = setting.person("p")
    permit = permits.apply_corporate(person, "01234567", "Acme")
    permits.act(permit.id, PermitAction.END, "dissolved")
    assert permits.current(person) is None
    assert permits.operators(permit.id) == ()
    for action in (PermitAction.SUSPEND, PermitAction.REINSTATE):
        assert _code(permits.act, permit.id, action, "x") == "permit-state"
    assert permits.apply_corporate(person, "01234567", "Acme").id != permit.id
    assert _code(permits.act, "P-none", PermitAction.END, "x") == "unknown-permit"
    with pytest.raises(NotFound):
        permits.history("P-none")


@pytest.mark.requirement("R38")
def test_too_few_operators_suspend_the_permit(setting: Setting, permits: Permits, revocations: Revocations) -> None:
    ada, bob = setting.person("ada"), setting.person("bob")
    permit = permits.apply_corporate(ada, "01234567", "Acme")
    permits.apply_corporate(bob, "01234567", "Acme", permits.invite(ada, "a-ada"))
    permits.check_operators(permit.id, {"business-automation": 1}, 1)
    permits.leave(bob)
    assert revocations.leavers == [bob]
    assert _code(permits.check_operators, permit.id, {"business-automation": 1}, 1) == "too-few-operators"
    assert permits.current(ada) is None
    assert revocations.permits == [(permit.id, True)]
    assert _code(permits.check_operators, permit.id, {"trading": 12}, 0) == "too-few-operators"
    assert _code(permits.leave, bob) == "no-permit"


def test_leaving_a_sole_permit_ends_it(setting: Setting, permits: Permits, revocations: Revocations) -> None:
    person = setting.person("p")
    first = permits.apply_sole(person)
    permits.leave(person)
    assert revocations.leavers == [person]
    assert permits.apply_sole(person).id != first.id
