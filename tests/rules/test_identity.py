"""Roles, permissions, ages, masks and consents."""

from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ForbiddenError
from app.rules.identity.ages import compute_age
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose, missing_consents
from app.rules.identity.masks import mask_name, mask_phone
from app.rules.identity.roles import (
    FIRM_ROLES,
    ROLE_PERMISSIONS,
    ROLE_SCOPES,
    STAFF_ROLES,
    Actor,
    Grant,
    Permission,
    Role,
    ScopeIdError,
    ScopeKind,
    ScopeNotAllowedError,
    check_permission,
    check_scope,
)

# Written out by hand, so that a slip in the table shows: who may do what beyond their own affairs.
STAFF = {Permission.ORGANISATION_READ, Permission.TASK_READ}
FIRM = {Permission.VACANCY_WRITE, Permission.APPLICATION_MANAGE}
GRID = STAFF | {Permission.ACTIVITY_MANAGE, Permission.PERSON_ASSIST, Permission.PERSON_REVEAL, Permission.CALL_HANDLE}
OFFICER = STAFF | {
    Permission.ENTERPRISE_REVIEW, Permission.REPORT_HANDLE, Permission.CONTENT_REVIEW, Permission.PERSON_REVEAL,
    Permission.CALL_HANDLE,
}  # fmt: skip
DISPATCH = {Permission.ALLOCATION_RUN, Permission.GIG_ORDER_WRITE, Permission.GIG_SETTLE, Permission.GIG_SITE}
EXPECTED: dict[Role, set[Permission]] = {
    Role.TOWN_ADMIN: STAFF
    | {
        Permission.APPOINTMENT_MANAGE,
        Permission.LIAISON_CONFIRM,
        Permission.GRID_COMPLETE,
        Permission.PERSON_MANAGE,
    },
    Role.JOBS_OFFICER: OFFICER
    | {
        Permission.VACANCY_REVIEW,
        Permission.WAGE_CONFIRM,
        Permission.FAIR_MANAGE,
        Permission.SURVEY_MANAGE,
        Permission.SURVEY_READ,
    },
    Role.GIGS_OFFICER: OFFICER | {Permission.ALLOCATION_RUN, Permission.GIG_DECIDE, Permission.GIG_ORDER_REVIEW},
    Role.TRAINING_OFFICER: STAFF | {Permission.TRAINING_MANAGE},
    Role.TRAINER: STAFF | {Permission.TRAINING_TEACH},
    Role.JUDGE: STAFF | {Permission.COMPETITION_JUDGE},
    Role.POINTS_OFFICER: STAFF
    | {Permission.POINTS_READ, Permission.POINTS_MANAGE, Permission.POINTS_REVIEW, Permission.ACTIVITY_MANAGE},
    Role.POINTS_CLERK: STAFF | {Permission.PERSON_ASSIST, Permission.POINTS_PICK_UP},
    Role.CASE_MANAGER: STAFF | {Permission.PERSON_REVEAL, Permission.DISPUTE_HANDLE},
    Role.MEDIATOR: STAFF,
    Role.LIAISON_LEADER: STAFF,
    Role.LIAISON_CADRE: STAFF,
    Role.PARTY_AFFAIRS_WORKER: STAFF,
    Role.GRID_LEADER: GRID | {Permission.TRAINING_ORDER, Permission.SURVEY_ANSWER, Permission.SURVEY_READ},
    Role.GRID_MEMBER: GRID | {Permission.TRAINING_ORDER, Permission.SURVEY_ANSWER},
    Role.AUDITOR: STAFF | {Permission.AUDIT_READ, Permission.POINTS_READ},
    Role.OWNER: FIRM
    | DISPATCH
    | {Permission.TRAINING_ENTER, Permission.TRAINING_ORDER, Permission.DISPUTE_ANSWER}
    | {Permission.ENTERPRISE_MANAGE},
    Role.RECRUITER: FIRM | {Permission.TRAINING_ENTER, Permission.TRAINING_ORDER},
    Role.DISPATCHER: DISPATCH | {Permission.CALL_HANDLE},
}


def actor(*grants: Grant) -> Actor:
    return Actor(person_id=uuid4(), session_id=uuid4(), app=ClientApp.ZHIPIN, grants=grants)


def test_every_role_has_an_expectation() -> None:
    assert set(EXPECTED) == set(Role) == set(ROLE_PERMISSIONS) == set(ROLE_SCOPES)
    assert set(Role) == STAFF_ROLES | FIRM_ROLES
    assert not STAFF_ROLES & FIRM_ROLES


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_role_permission(role: Role, permission: Permission) -> None:
    someone = actor(Grant(role, ScopeKind.TOWN))
    allowed = permission is Permission.SELF or permission in EXPECTED[role]
    assert someone.can(permission) is allowed
    if allowed:
        check_permission(someone, permission)
    else:
        with pytest.raises(ForbiddenError):
            check_permission(someone, permission)


def test_without_appointment_only_ones_own_affairs() -> None:
    nobody = actor()
    assert [permission for permission in Permission if nobody.can(permission)] == [Permission.SELF]
    assert not nobody.is_staff


def test_permissions_are_alphabetical_and_shaped() -> None:
    names = [permission.name for permission in Permission]
    assert names == sorted(names)
    assert all(len(permission.split(":")) == 3 for permission in Permission)


def test_town_wide_needs_the_town_as_scope() -> None:
    area = actor(Grant(Role.JOBS_OFFICER, ScopeKind.AREA, uuid4()))
    town = actor(Grant(Role.JOBS_OFFICER, ScopeKind.TOWN))
    assert area.can(Permission.VACANCY_REVIEW)
    assert not area.town_wide(Permission.VACANCY_REVIEW)
    assert town.town_wide(Permission.VACANCY_REVIEW)
    assert not town.town_wide(Permission.APPOINTMENT_MANAGE)


def test_enterprises_are_those_of_the_right_role_only() -> None:
    mine, sent_to, area = uuid4(), uuid4(), uuid4()
    someone = actor(
        Grant(Role.RECRUITER, ScopeKind.ENTERPRISE, mine),
        Grant(Role.DISPATCHER, ScopeKind.ENTERPRISE, sent_to),
        Grant(Role.JOBS_OFFICER, ScopeKind.AREA, area),
    )
    assert someone.enterprises(Permission.VACANCY_WRITE) == {mine}
    assert someone.enterprises(Permission.VACANCY_REVIEW) == frozenset()
    assert someone.is_staff
    assert not actor(Grant(Role.OWNER, ScopeKind.ENTERPRISE, mine)).is_staff


PLACES = {ScopeKind.TOWN, ScopeKind.AREA, ScopeKind.GRID}
SCOPES: dict[Role, set[ScopeKind]] = {
    **dict.fromkeys(STAFF_ROLES, PLACES),
    **{role: {ScopeKind.ENTERPRISE} for role in FIRM_ROLES},
    Role.TRAINING_OFFICER: {ScopeKind.TOWN},
    Role.TRAINER: {ScopeKind.TOWN, ScopeKind.CLASS},
    Role.JUDGE: {ScopeKind.TOWN, ScopeKind.COMPETITION},
    Role.POINTS_CLERK: {ScopeKind.TOWN, ScopeKind.SITE},
    Role.JOBS_OFFICER: PLACES | {ScopeKind.FAIR},
    Role.AUDITOR: {ScopeKind.TOWN},
}


@pytest.mark.parametrize(("role", "kind"), list(product(Role, ScopeKind)))
def test_scope_of_a_role(role: Role, kind: ScopeKind) -> None:
    scope_id = None if kind is ScopeKind.TOWN else uuid4()
    if kind in SCOPES[role]:
        check_scope(role, kind, scope_id)
    else:
        with pytest.raises(ScopeNotAllowedError) as refused:
            check_scope(role, kind, scope_id)
        assert role.label in refused.value.text
        assert refused.value.fields[0].path == "scope_kind"


def test_only_the_town_needs_no_scope_id() -> None:
    with pytest.raises(ScopeIdError):
        check_scope(Role.JOBS_OFFICER, ScopeKind.TOWN, uuid4())
    with pytest.raises(ScopeIdError):
        check_scope(Role.GRID_LEADER, ScopeKind.GRID, None)
    with pytest.raises(ScopeIdError):
        check_scope(Role.RECRUITER, ScopeKind.ENTERPRISE, None)


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2010, 11, 24), date(2026, 11, 23), 15),
        (date(2010, 11, 24), date(2026, 11, 24), 16),
        (date(2010, 11, 24), date(2026, 11, 25), 16),
        (date(2010, 12, 31), date(2026, 1, 1), 15),
        # A leap-day child has the birthday behind it on 1 March of a common year, not on 28 February.
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 11, 24), date(2026, 11, 24), 0),
    ],
)
def test_age(born: date, today: date, age: int) -> None:
    assert compute_age(born, today) == age


@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.integers(0, 40_000))
def test_age_grows_by_one_year_at_most_once_a_year(born: date, days: int) -> None:
    today = born + timedelta(days=days)
    age = compute_age(born, today)
    assert age >= 0
    assert compute_age(born, today + timedelta(days=1)) - age in {0, 1}
    assert abs(days / 365.2425 - age) < 1.01


@pytest.mark.parametrize(
    ("name", "masked"),
    [("陈增坛", "陈*坛"), ("陈坛", "陈*"), ("陈", "陈*"), ("欧阳修远", "欧**远"), ("", "*")],
)
def test_mask_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800138000", "138****8000"), ("1234567", "*****67"), ("12345678", "123*5678"), ("12", "12"), ("", "")],
)
def test_mask_phone(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@given(st.text("0123456789", min_size=3, max_size=15))
def test_a_masked_phone_keeps_its_length_and_hides_something(phone: str) -> None:
    masked = mask_phone(phone)
    assert len(masked) == len(phone)
    assert "*" in masked


def test_missing_consents_ask_anew_for_a_new_text() -> None:
    current = [(purpose.value, version) for purpose, version in POLICY_VERSIONS.items()]
    assert set(POLICY_VERSIONS) == set(ConsentPurpose)
    # Sensitive purposes are asked for by the act that needs them, never ahead.
    assert missing_consents([]) == [ConsentPurpose.SERVICE, ConsentPurpose.PERSONAL_RECOMMENDATION]
    assert missing_consents(current) == []
    assert missing_consents([(ConsentPurpose.SERVICE.value, "2020-01"), *current[1:]]) == [ConsentPurpose.SERVICE]
    assert missing_consents(current[:1]) == [ConsentPurpose.PERSONAL_RECOMMENDATION]
