"""Rate limits: every operation of the list lets its allowance pass and no more; nobody pays for another."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.core.clock import FixedClock
from app.core.rates import DEFAULTS, MICRO, PEOPLE_PER_ADDRESS, Rate, RateKind, Rates, TooManyRequestsError
from app.core.settings import Settings
from app.core.tables import RateBucket
from app.routers.deps import Limited, LimitedByAddress
from app.services.runtime import Runtime
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import NOBODY

# Two calls, and another one every five minutes.
TWO = "2/600"
CELL = 300
# Operation → (kind, method, path, what a call that passes the gate answers here). The bodies are empty: the gate comes
# first, so that wrong guesses are what it counts.
PER_PERSON: dict[str, tuple[RateKind, str, str, int]] = {
    "claim_roster_person": (RateKind.CLAIM, "POST", "/roster/claims", 422),
    "accept_representation": (RateKind.CLAIM, "POST", "/representations/claims", 422),
    "join_enterprise": (RateKind.CLAIM, "POST", "/enterprise-invites/claims", 422),
    "claim_enterprise": (RateKind.CLAIM, "POST", f"/enterprises/{NOBODY}/claims", 422),
    "confirm_console_account": (RateKind.CLAIM, "POST", "/me/console-account/confirm", 422),
    "save_my_phone": (RateKind.PHONE, "POST", "/me/phone", 422),
    "apply_to_vacancy": (RateKind.APPLY, "POST", "/applications", 422),
    "accept_invitation": (RateKind.APPLY, "POST", f"/me/invitations/{NOBODY}/accept", 422),
    "count_fair_visit": (RateKind.VISIT, "POST", f"/fairs/{NOBODY}/visits", 404),
    "count_vacancy_facets": (RateKind.SEARCH, "GET", "/vacancies/facets?q=平车", 200),
    "suggest_seekers": (RateKind.SEARCH, "GET", f"/vacancies/{NOBODY}/suggested-seekers", 403),
    "claim_points": (RateKind.APPLY, "POST", "/me/points/claims", 422),
    "cancel_redemption": (RateKind.REDEEM, "POST", f"/me/redemptions/{NOBODY}/cancel", 422),
    "join_household": (RateKind.CLAIM, "POST", "/me/household/join", 422),
    "object_to_points": (RateKind.REPORT, "POST", f"/points/publications/{NOBODY}/objections", 422),
    "export_my_points": (RateKind.SHEET, "GET", "/me/points/statement.xlsx?year=2026", 200),
    "print_my_points": (RateKind.SHEET, "GET", "/me/points/statement.pdf?year=2026", 200),
    "export_class_roster": (RateKind.SHEET, "GET", f"/training/classes/{NOBODY}/roster.xlsx", 404),
    "get_roster_template": (RateKind.SHEET, "GET", f"/training/firms/{NOBODY}/roster-template.xlsx", 403),
    "print_certificate": (RateKind.SHEET, "GET", f"/training/certificates/{NOBODY}/paper.pdf", 404),
    "print_agreement": (RateKind.SHEET, "GET", f"/case-agreements/{NOBODY}/paper.pdf", 404),
    "print_inspection_file": (RateKind.SHEET, "GET", f"/cases/{NOBODY}/inspection-file.pdf", 404),
    "export_case_volume": (RateKind.SHEET, "GET", f"/cases/{NOBODY}/volume.zip", 403),
    "export_firm_training_report": (
        RateKind.SHEET,
        "GET",
        f"/training/firms/{NOBODY}/report.xlsx?since=2026-11-01&until=2026-11-30",
        403,
    ),
    "export_provider_report": (
        RateKind.SHEET,
        "GET",
        f"/training/providers/{NOBODY}/report.xlsx?since=2026-11-01&until=2026-11-30",
        403,
    ),
    "enter_group_from_file": (RateKind.SHEET, "POST", f"/training/classes/{NOBODY}/group-file", 403),
    "verify_certificate": (RateKind.VERIFY, "GET", "/training/verify/BGPX2026-AAAAA-AAAAA", 404),
    "show_verification": (RateKind.VERIFY, "GET", "/verify/BGPX2026-AAAAA-AAAAA", 404),
    "upload_file": (RateKind.UPLOAD, "POST", "/files", 422),
    "list_shifts": (RateKind.SEARCH, "GET", "/shifts?latitude=24.73&longitude=118.65", 200),
    "claim_shift": (RateKind.APPLY, "POST", f"/shifts/{NOBODY}/claims", 422),
    "accept_shift_offer": (RateKind.APPLY, "POST", f"/me/shift-offers/{NOBODY}/accept", 422),
    "list_vacancies": (RateKind.SEARCH, "GET", "/vacancies?q=平车", 200),
    "export_my_data": (RateKind.EXPORT, "POST", "/me/export", 200),
    "find_people": (RateKind.REVEAL, "POST", "/people/search", 403),
    "reveal_person": (RateKind.REVEAL, "POST", f"/people/{NOBODY}/reveal", 403),
    "reveal_survey_answer": (RateKind.REVEAL, "POST", f"/survey-answers/{NOBODY}/reveal", 403),
    "get_vacancy_import_template": (RateKind.SHEET, "GET", "/vacancy-import-template", 403),
    "get_timesheet_template": (
        RateKind.SHEET,
        "GET",
        f"/enterprises/{NOBODY}/timesheet-template?day=2026-11-26",
        403,
    ),
    "print_my_settlements": (
        RateKind.SHEET,
        "GET",
        "/me/settlements.pdf?from=2026-11-01&to=2026-11-30",
        200,
    ),
    "print_settlements": (
        RateKind.SHEET,
        "GET",
        f"/enterprises/{NOBODY}/settlements.pdf?from=2026-11-01&to=2026-11-30",
        403,
    ),
    "export_settlements": (
        RateKind.SHEET,
        "GET",
        f"/enterprises/{NOBODY}/settlements.xlsx?from=2026-11-01&to=2026-11-30",
        403,
    ),
    "export_enterprise_vacancies": (RateKind.SHEET, "GET", f"/enterprises/{NOBODY}/vacancies.xlsx", 403),
    "export_candidates": (RateKind.SHEET, "GET", f"/vacancies/{NOBODY}/candidates.xlsx", 403),
    "submit_report": (RateKind.REPORT, "POST", "/reports", 422),
    "send_own_code": (RateKind.OWN_CODE, "POST", f"/representations/{NOBODY}/own-codes", 422),
    "create_share_code": (RateKind.SHARE, "POST", "/share-codes", 422),
    "get_share_qrcode": (RateKind.SHARE, "GET", "/share-codes/0000000000/qrcode", 404),
}
PER_ADDRESS: dict[str, tuple[RateKind, str, str, int]] = {
    "wechat_login": (RateKind.LOGIN, "POST", "/auth/wechat/login", 422),
    "refresh_tokens": (RateKind.LOGIN, "POST", "/auth/refresh", 422),
    "sign_in_to_console": (RateKind.SIGN_IN, "POST", "/auth/console/sign-in", 422),
    "check_push_address": (
        RateKind.PUSH, "GET", "/wechat/push/zhipin?signature=x&timestamp=1&nonce=1&echostr=1", 403,
    ),
    "receive_push": (RateKind.PUSH, "POST", "/wechat/push/zhipin", 403),
}  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    # Logins of the test itself come from the same address as everybody's.
    return settings.model_copy(
        update={"rate_limits": {kind.value: TWO for kind in RateKind if kind is not RateKind.LOGIN}}
    )


def limited_operations(app: FastAPI) -> dict[str, RateKind]:
    found = {}
    for route in iter_route_contexts(app.routes):
        for part in route.dependant.dependencies if hasattr(route, "dependant") else ():
            if isinstance(part.call, Limited | LimitedByAddress):
                found[str(route.name)] = part.call.kind
    return found


def by_kind(table: dict[str, tuple[RateKind, str, str, int]]) -> dict[RateKind, list[tuple[str, str, int]]]:
    kinds: dict[RateKind, list[tuple[str, str, int]]] = {}
    for kind, *call in table.values():
        kinds.setdefault(kind, []).append(tuple(call))  # type: ignore[arg-type]
    return kinds


async def call(person: Someone, method: str, path: str) -> httpx.Response:
    if path.startswith("/verify/"):
        # A page for people: it stands beside the interface.
        return await person.world.api.request(method, path, headers=person.headers)
    return await person.call(method, path, key="rates-0001", **({"json": {}} if method == "POST" else {}))


def too_many(answer: httpx.Response, seconds: int) -> None:
    body = refused(answer, 429, "too_many_requests")
    assert (answer.headers["Retry-After"], body["retryable"]) == (str(seconds), True)
    assert str(seconds) in body["message"]


async def test_the_list_is_complete(world: World) -> None:
    table = {name: row[0] for name, row in (PER_PERSON | PER_ADDRESS).items()}
    assert limited_operations(world.api.app) == table  # type: ignore[attr-defined]
    assert set(RateKind) == set(table.values())
    assert set(DEFAULTS) == set(RateKind)


async def test_a_persons_allowance_is_theirs_and_comes_back(world: World) -> None:
    person, other = await world.person(), await world.person()
    for kind, calls in by_kind(PER_PERSON).items():
        for number in range(2):
            method, path, status = calls[number % len(calls)]
            assert (await call(person, method, path)).status_code == status, (kind, number)
        # Every door of the same kind is shut: guessing elsewhere goes on with the same count.
        for method, path, _ in calls:
            too_many(await call(person, method, path), CELL)
        method, path, status = calls[0]
        assert (await call(other, method, path)).status_code == status, kind
    # Leafing without a word to look for costs nothing.
    for _ in range(3):
        ok(await person.get("/vacancies"))
    world.clock.advance(timedelta(seconds=CELL - 1))
    for calls in by_kind(PER_PERSON).values():
        too_many(await call(person, *calls[-1][:2]), 1)
    world.clock.advance(timedelta(seconds=1))
    for kind, calls in by_kind(PER_PERSON).items():
        method, path, status = calls[-1]
        assert (await call(person, method, path)).status_code == status, kind
        too_many(await call(person, method, path), CELL)


async def test_what_has_no_person_is_counted_by_address(world: World) -> None:
    app = world.api.app  # type: ignore[attr-defined]
    away = httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=("203.0.113.9", 1)), base_url="http://api")
    elsewhere = World(away, world.sandbox, world.clock)
    person = await world.person()
    async with away:
        for kind, calls in by_kind(PER_ADDRESS).items():
            if kind is RateKind.LOGIN:
                continue
            for number in range(2):
                method, path, status = calls[number % len(calls)]
                assert (await call(world.anonymous, method, path)).status_code == status, kind
            # A token does not make another caller of the same telephone.
            for someone in (world.anonymous, person):
                too_many(await call(someone, *calls[0][:2]), CELL)
            assert (await call(elsewhere.anonymous, *calls[0][:2])).status_code == calls[0][2], kind
        # A header that nobody vouches for is no address.
        forged = {"X-Forwarded-For": "203.0.113.10", "Forwarded": "for=203.0.113.10"}
        answer = await world.api.post(f"{V1}/auth/console/sign-in", json={}, headers=forged)
        too_many(answer, CELL)


async def test_logging_in_is_limited_by_address(world: World) -> None:
    limit = Rate.parse(DEFAULTS[RateKind.LOGIN])
    mine = world.runtime.address_key("127.0.0.1")
    # As after all but two of them.
    spent = round(world.clock.now().timestamp() * MICRO) + (limit.count - 2) * limit.cell
    async with world.runtime.db.unit_of_work() as session:
        session.add(RateBucket(kind=RateKind.LOGIN.value, caller=mine, tat=spent))
    person = await world.person()
    for path, status in (("/auth/refresh", 422), ("/auth/wechat/login", 429), ("/auth/refresh", 429)):
        answer = await world.anonymous.post(path, {})
        assert answer.status_code == status, path
    assert int(answer.headers["Retry-After"]) == 1
    # Who is in stays in.
    ok(await person.get("/me"))


async def test_an_address_searches_for_three_hundred(runtime: Runtime, clock: FixedClock) -> None:
    rates = Rates(runtime.db, {RateKind.SEARCH: Rate(2, 600)})
    for _ in range(2 * PEOPLE_PER_ADDRESS):
        await rates.take(RateKind.SEARCH, "address", clock.now(), people=PEOPLE_PER_ADDRESS)
    with pytest.raises(TooManyRequestsError) as raised:
        await rates.take(RateKind.SEARCH, "address", clock.now(), people=PEOPLE_PER_ADDRESS)
    assert raised.value.retry_after == 1


async def test_two_processes_keep_one_count(runtime: Runtime, clock: FixedClock) -> None:
    """Whatever each has bought ahead, together they let as many pass as one would."""
    limits = {RateKind.PHONE: Rate(5, 600), RateKind.SEARCH: Rate(50, 600)}
    processes = [Rates(runtime.db, limits) for _ in range(2)]

    async def passed(kind: RateKind, tries: int) -> int:
        takes: list[Any] = [each.take(kind, "p", clock.now()) for each in processes for _ in range(tries)]
        results = await asyncio.gather(*takes, return_exceptions=True)
        assert all(result is None or isinstance(result, TooManyRequestsError) for result in results)
        return results.count(None)

    assert await passed(RateKind.PHONE, 6) == 5
    # Bought twenty at a time, by many at once: nothing of it is lost.
    at_once = await passed(RateKind.SEARCH, 40)
    assert 0 < at_once <= 50
    assert at_once + await passed(RateKind.SEARCH, 40) == 50
    assert await passed(RateKind.PHONE, 6) == 0
    clock.advance(timedelta(days=1))
    assert await passed(RateKind.PHONE, 6) == 5


@pytest.mark.parametrize("text", ["0/60", "5/0", "-1/60", "5", "five/60", "", "5/60/1"])
def test_a_rate_is_written_count_and_seconds(text: str) -> None:
    with pytest.raises(ValueError):
        Rate.parse(text)
    assert Rate.parse("60/3600").cell == 60_000_000
