"""Wages over HTTP: reckoned, due, paid, received, contested, late; the block and what ends it."""

import asyncio
import io
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from pypdf import PdfReader
from sqlalchemy import update
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.events import emit
from app.models.gigs import (
    Assignment,
    MediationReferral,
    PublishingBlock,
    Settlement,
    SettlementLine,
    Shift,
    ShiftOrder,
    Timesheet,
    WageClaim,
)
from app.models.jobs import MinimumWageRow
from app.models.organisation import LiaisonLink, PartyOrganisation, RosterPerson
from app.rules.gigs.settlements import LineKind
from app.rules.gigs.terms import GigPayUnit, RelationLabel, WagePeriod
from app.rules.identity.roles import Role, ScopeKind
from app.rules.organisation import LiaisonRole
from app.services.gigs import board, pay_views, settlements
from app.services.gigs.events import CompensationOwed, TimesheetPayable
from app.tasks.sweeps import sweep
from tests.api.test_gigs_timesheets import PIECES, act, done
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.funnel import later, told
from tests.support.gig_people import taken
from tests.support.gigs import FLAT_SEAM, Floor, gigs_officer
from tests.support.identity import version_of
from tests.support.jobs import Hiring, count, key
from tests.support.uploads import follow, pdf, uploaded

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
Row = dict[str, Any]


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    made = await gigs.floor(world, hiring)
    # Who pays is the firm's owner.
    await world.appoint(made.dispatcher, Role.OWNER, ScopeKind.ENTERPRISE, hiring.firm_id)
    return made


async def worked(world: World, floor: Floor, worker: Someone | None = None, *, ago: int = 10, **order: Any) -> Shift:
    del worker
    return await gigs.shift(floor, await gigs.order(floor, **order), world.clock.now() - ago * HOUR)


async def agreed(
    world: World, floor: Floor, shift: Shift, worker: Someone | None = None, minutes: int = 480, **record: Any
) -> Someone:
    person, row = await done(world, floor, shift, worker)
    stated = ok(await act(floor.dispatcher, row, "record", minutes=minutes, **record))
    ok(await act(person, stated, "agree", mine=True))
    return person


async def mine(worker: Someone) -> list[Row]:
    return list(ok(await worker.get("/me/settlements"))["items"])


async def step(someone: Someone, path: str, row: Row, **more: Any) -> Any:
    return await someone.post(f"/{path}", {"expected_version": row["version"]} | more, key=key())


def paying(world: World, fen: int) -> Row:
    return {"paid_fen": fen, "paid_on": str(china_date(world.clock.now())), "paid_by": "wechat"}


async def test_hours_become_a_settlement(world: World, floor: Floor) -> None:
    shift = await worked(world, floor)
    worker = await agreed(world, floor, shift, minutes=475)
    (row,) = await mine(worker)
    assert (row["state"], row["due_fen"], row["minutes"], row["name"]) == ("due", 19792, 475, None)
    (line,) = row["lines"]
    assert line["reckoning"] == "平车 7小时55分 × 25.00元 ＝ 197.92元"
    assert row["due_because"].startswith("约定") or row["due_because"].startswith("非全日制")
    assert "应付197.92元" in (await told(worker, "gig_pay"))[0]
    seen = ok(await floor.dispatcher.get(f"/settlements/{row['id']}"))
    assert seen["lines"] == row["lines"]
    stranger = await gigs.worker(world)
    refused(await stranger.get(f"/me/settlements/{row['id']}"), 404, "settlement_not_found")


async def test_two_days_of_a_week_are_one_settlement_rounded_once(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    for _ in range(2):
        # The same week whatever the day of the test: both shifts began ten hours ago.
        await agreed(world, floor, await worked(world, floor, hour_fen=2501), worker, minutes=470)
    (row,) = await mine(worker)
    # Each is 19591.1666… fen: rounded one by one they would be a fen less.
    assert (row["due_fen"], sorted(line["fen"] for line in row["lines"])) == (39182, [19591, 19591])
    assert row["due_fen"] == sum(line["fen"] for line in row["lines"])


async def test_two_sheets_agreed_at_once_are_both_in_it(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    sheets = []
    for _ in range(4):
        _, sheet = await done(world, floor, await worked(world, floor), worker)
        sheets.append(ok(await act(floor.dispatcher, sheet, "record", minutes=480)))
    answers = await asyncio.gather(*(act(worker, sheet, "agree", mine=True) for sheet in sheets))
    assert [answer.status_code for answer in answers] == [200] * 4
    (row,) = await mine(worker)
    assert (row["due_fen"], len(row["lines"])) == (80000, 4)


async def test_a_contract_has_its_overtime(world: World, floor: Floor) -> None:
    shift = await worked(world, floor, ago=13)
    worker = await gigs.worker(world)
    seat = await taken(world, worker, shift, label=RelationLabel.TASK_CONTRACT)
    form = {"lines": [{"assignment_id": str(seat.id), "minutes": 600}]}
    (sheet,) = ok(await floor.dispatcher.post(f"/shifts/{shift.id}/timesheets", form, key=key()))
    ok(await act(worker, sheet, "agree", mine=True))
    (row,) = await mine(worker)
    assert [(line["kind"], line["fen"]) for line in row["lines"]] == [("work", 25000), ("overtime", 2500)]


async def corrected(world: World, floor: Floor, worker: Someone, shift: Shift, minutes: int, **record: Any) -> None:
    """What a mediation or an answer to a difference does: the sheet of the shift counts another record from now on."""
    async with world.runtime.db.unit_of_work() as session:
        statement = (
            select(Timesheet)
            .join(Assignment, col(Assignment.id) == col(Timesheet.assignment_id))
            .where(Assignment.shift_id == shift.id, Assignment.person_id == UUID(worker.id))
        )
        sheet = (await session.exec(statement)).one()
        sheet.final_minutes, sheet.final_pieces = minutes, record.get("pieces", sheet.final_pieces)
        await session.flush()
        payable = TimesheetPayable(
            at=world.clock.now(), timesheet_id=sheet.id, assignment_id=sheet.assignment_id,
            enterprise_id=sheet.enterprise_id, person_id=sheet.person_id, provisional=False,
        )  # fmt: skip
        await emit(session, payable)


async def test_two_shifts_of_a_day_have_their_overtime_together(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    for minutes in (300, 330):
        shift = await worked(world, floor, ago=13)
        seat = await taken(world, worker, shift, label=RelationLabel.TASK_CONTRACT)
        form = {"lines": [{"assignment_id": str(seat.id), "minutes": minutes}]}
        (sheet,) = ok(await floor.dispatcher.post(f"/shifts/{shift.id}/timesheets", form, key=key()))
        ok(await act(worker, sheet, "agree", mine=True))
    (row,) = await mine(worker)
    # 10 h 30 min at 25.00: two and a half hours beyond eight, half of 62.50 on top.
    assert [(line["kind"], line["fen"]) for line in row["lines"]] == [
        ("work", 12500),
        ("work", 13750),
        ("overtime", 3125),
    ]
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 29375)))
    await corrected(world, floor, worker, shift, 360)
    second, _ = await mine(worker)
    assert [(line["kind"], line["fen"]) for line in second["lines"]] == [("adjustment", 1250), ("overtime", 625)]


async def test_the_minimum_follows_corrections_after_a_payment(world: World, floor: Floor) -> None:
    """Paid 127.50 and 40.50 to the minimum; then an hour more with the same pieces, then more pieces."""
    await verified(world, 2100)
    shift = await worked(world, floor, pay_unit=GigPayUnit.PIECE, hour_fen=None, piece_lines=PIECES)
    pieces = [{"style": "款A", "process_code": FLAT_SEAM, "quantity": 150}]
    worker = await agreed(world, floor, shift, pieces=pieces)
    (row,) = await mine(worker)
    async with world.runtime.db.reading() as session:
        kept = (await session.exec(select(SettlementLine).where(SettlementLine.kind == LineKind.WORK))).one()
    assert [piece["quantity"] for piece in kept.pieces] == [150]
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 16800)))
    await corrected(world, floor, worker, shift, 540)
    second, _ = await mine(worker)
    assert [(line["kind"], line["fen"]) for line in second["lines"]] == [("adjustment", 0), ("top_up", 2100)]
    assert second["minutes"] == 60
    ok(await step(floor.dispatcher, f"settlements/{second['id']}/pay", second, **paying(world, 2100)))
    await corrected(world, floor, worker, shift, 540, pieces=[pieces[0] | {"quantity": 250}])
    third, *_ = await mine(worker)
    # 250 × 0.85 = 212.50, of which 189.00 are paid.
    assert third["due_fen"] == 21250 - 18900
    assert [line["kind"] for line in third["lines"]] == ["adjustment", "top_up"]


async def test_a_deduction_is_given_back_where_the_wage_shrinks(world: World, floor: Floor) -> None:
    shift = await worked(world, floor)
    worker = await agreed(world, floor, shift)
    (row,) = await mine(worker)
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/deductions", row, fen=4000, reason="剪坏裁片"))
    await corrected(world, floor, worker, shift, 240)
    (row,) = await mine(worker)
    assert (row["due_fen"], row["deducted_fen"]) == (8000, 2000)
    for someone in (worker, floor.dispatcher):
        assert any("超过法定上限的20.00元已退回" in words for words in await told(someone, "gig_pay"))


async def test_a_contract_ends_with_its_task(world: World, floor: Floor) -> None:
    shift = await worked(world, floor, wage_period=WagePeriod.MONTH, pay_days=15)
    worker = await gigs.worker(world)
    seat = await taken(world, worker, shift, label=RelationLabel.TASK_CONTRACT)
    form = {"lines": [{"assignment_id": str(seat.id), "minutes": 480}]}
    (sheet,) = ok(await floor.dispatcher.post(f"/shifts/{shift.id}/timesheets", form, key=key()))
    ok(await act(worker, sheet, "agree", mine=True))
    (row,) = await mine(worker)
    assert (row["due_on"], "工作任务完成" in row["due_because"]) == (str(shift.day), True)
    # The order goes on: the contract does too, up to the agreed day.
    await gigs.shift(floor, await order_of(world, shift), world.clock.now() + timedelta(days=90))
    await corrected(world, floor, worker, shift, 470)
    (row,) = await mine(worker)
    assert row["due_because"].startswith("约定")


async def order_of(world: World, shift: Shift) -> ShiftOrder:
    async with world.runtime.db.reading() as session:
        return (await session.exec(select(ShiftOrder).where(ShiftOrder.id == shift.order_id))).one()


async def verified(world: World, hourly_fen: int) -> None:
    """A person has confirmed the hourly minimum."""
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(
            update(MinimumWageRow)
            .where(col(MinimumWageRow.division) == "350581")
            .values(hourly_fen=hourly_fen, verified_by="测试")
        )


async def test_pieces_are_topped_up_to_the_minimum(world: World, floor: Floor) -> None:
    await verified(world, 2100)
    shift = await worked(world, floor, pay_unit=GigPayUnit.PIECE, hour_fen=None, piece_lines=PIECES)
    pieces = [{"style": "款A", "process_code": FLAT_SEAM, "quantity": 150}]
    worker = await agreed(world, floor, shift, pieces=pieces)
    (row,) = await mine(worker)
    # 150 × 0.85 = 127.50; 8 × 21 = 168.
    assert [(line["kind"], line["fen"]) for line in row["lines"]] == [("work", 12750), ("top_up", 4050)]
    assert row["due_fen"] == 16800
    # A better day of the same week makes up for it: the top-up goes.
    better = await worked(world, floor, pay_unit=GigPayUnit.PIECE, hour_fen=None, piece_lines=PIECES)
    await agreed(world, floor, better, worker, pieces=[pieces[0] | {"quantity": 300}])
    (row,) = await mine(worker)
    assert [line["kind"] for line in row["lines"]] == ["work", "work"]


async def test_the_undisputed_part_is_due_and_the_rest_follows(world: World, floor: Floor) -> None:
    worker, sheet = await done(world, floor, await worked(world, floor))
    stated = ok(await act(floor.dispatcher, sheet, "record", minutes=420))
    argued = ok(await act(worker, stated, "record", mine=True, minutes=480, reason="午休也在做"))
    (row,) = await mine(worker)
    assert (row["due_fen"], row["disputed_fen"]) == (17500, 2500)
    assert await count(world, WageClaim) == 1
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 17500)))
    ok(await act(floor.dispatcher, argued, "answer", accept=True))
    second, first = await mine(worker)
    assert (first["state"], first["due_fen"], second["part"], second["due_fen"]) == ("paid", 17500, 2, 2500)
    assert second["lines"][0]["kind"] == "adjustment"


async def test_paid_in_two_goes_and_received(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    path = f"settlements/{row['id']}/pay"
    refused(await step(floor.dispatcher, path, row, **paying(world, 20001)), 422, "paid_too_much", "paid_fen")
    tomorrow = str(china_date(world.clock.now()) + timedelta(days=1))
    refused(
        await step(floor.dispatcher, path, row, **paying(world, 1) | {"paid_on": tomorrow}),
        422,
        "paid_on_wrong",
        "paid_on",
    )
    some = ok(await step(floor.dispatcher, path, row, **paying(world, 15000)))
    assert (some["state"], some["paid_fen"]) == ("due", 15000)
    refused(await step(worker, f"me/settlements/{row['id']}/receive", some), 409, "settlement_state_wrong")
    whole = ok(await step(floor.dispatcher, path, some, **paying(world, 5000)))
    assert whole["state"] == "paid"
    got = ok(await step(worker, f"me/settlements/{row['id']}/receive", whole))
    assert got["state"] == "received"
    refused(
        await step(worker, f"me/settlements/{row['id']}/contest", got, words="又说没收到"),
        409,
        "settlement_state_wrong",
    )
    refused(
        await step(floor.dispatcher, f"settlements/{row['id']}/deductions", got, fen=1, reason="剪坏"),
        409,
        "settlement_closed",
    )


async def test_contested_and_taken_to_mediation(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    paid = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    contested = ok(await step(worker, f"me/settlements/{row['id']}/contest", paid, words="只收到一百元"))
    assert (contested["state"], contested["contested"]) == ("contested", "只收到一百元")
    assert ok(await floor.dispatcher.get(f"/settlements/{row['id']}"))["contested"] == "只收到一百元"
    referred = ok(await step(worker, f"me/settlements/{row['id']}/mediate", contested))
    assert referred["state"] == "referred"
    async with world.runtime.db.reading() as session:
        referral = (await session.exec(select(MediationReferral))).one()
    facts = json.loads(world.crypto.open_text("mediation_referral", "facts", referral.id, referral.facts_sealed))
    assert (facts["due_fen"], facts["paid_fen"], facts["contested"], facts["state"]) == (
        20000,
        20000,
        "只收到一百元",
        "contested",
    )
    assert await count(world, WageClaim) == 2


async def test_a_counter_offer_after_a_payment_and_then_an_agreement(world: World, floor: Floor) -> None:
    """Paid 420 minutes, offered 450, agreed on 480: each step is one more difference, and nothing stands twice."""
    worker, sheet = await done(world, floor, await worked(world, floor))
    stated = ok(await act(floor.dispatcher, sheet, "record", minutes=420))
    argued = ok(await act(worker, stated, "record", mine=True, minutes=480, reason="午休也在做"))
    (row,) = await mine(worker)
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 17500)))
    offered = ok(await act(floor.dispatcher, argued, "answer", accept=False, minutes=450, words="午休半小时"))
    second, _ = await mine(worker)
    assert (second["part"], second["due_fen"], second["disputed_fen"]) == (2, 1250, 0)
    ok(await act(floor.dispatcher, offered, "answer", accept=True))
    second, first = await mine(worker)
    assert (first["due_fen"], second["due_fen"], [line["kind"] for line in second["lines"]]) == (
        17500,
        2500,
        ["adjustment"],
    )


async def test_a_firm_cannot_argue_away_what_it_owes(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor, wage_period=WagePeriod.SHIFT, pay_days=0))
    await later(world, timedelta(days=20), worker, floor.dispatcher)
    await sweep(world.runtime)
    (row,) = await mine(worker)
    assert row["state"] == "overdue"
    refused(await step(floor.dispatcher, f"settlements/{row['id']}/mediate", row), 409, "settlement_state_wrong")
    # A payment that did not arrive does not stop the chain.
    paid = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    ok(await step(worker, f"me/settlements/{row['id']}/contest", paid, words="没有收到任何钱"))
    (late,) = ok(await (await gigs_officer(world)).get("/overdue-wages"))
    assert late["settlements"] == 1


async def test_nobody_is_blocked_unheard(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor, wage_period=WagePeriod.SHIFT, pay_days=0))
    office = await gigs_officer(world)
    await later(world, timedelta(days=20), worker, floor.dispatcher, office)
    for _ in range(3):
        await sweep(world.runtime)
    (block,) = ok(await office.get("/publishing-blocks"))
    path = f"publishing-blocks/{block['id']}"
    for lift in (True, False):
        refused(
            await step(office, f"{path}/decide-appeal", block, lift=lift, because="不经告知"),
            409,
            "publishing_block_state_wrong",
        )
    heard = ok(await step(office, f"{path}/notify", block))
    for lift in (True, False):
        refused(
            await step(office, f"{path}/decide-appeal", heard, lift=lift, because="不经决定"),
            409,
            "publishing_block_state_wrong",
        )
    answered = ok(await step(floor.dispatcher, f"{path}/answer", heard, words="货款迟到，周五付清"))
    forced = ok(await step(office, f"{path}/decide", answered, block=True, because="逾期未付"))
    refused(
        await step(floor.dispatcher, f"{path}/answer", forced, words="再次陈述申辩"),
        409,
        "publishing_block_state_wrong",
    )
    refused(
        await step(office, f"{path}/decide-appeal", forced, lift=False, because="没有申诉"),
        409,
        "publishing_block_state_wrong",
    )
    appealed = ok(await step(floor.dispatcher, f"{path}/appeal", forced, words="已经安排付款"))
    refused(
        await step(office, f"{path}/decide", appealed, block=True, because="再决定"),
        409,
        "publishing_block_state_wrong",
    )
    assert ok(await step(office, f"{path}/decide-appeal", appealed, lift=True, because="已付"))["state"] == "lifted"


async def test_part_time_work_of_a_month_is_settled_by_halves(world: World, floor: Floor) -> None:
    shift = await worked(world, floor, wage_period=WagePeriod.MONTH, pay_days=15)
    worker = await agreed(world, floor, shift)
    (row,) = await mine(worker)
    assert row["wage_period"] == "half_month"
    assert date.fromisoformat(row["due_on"]) <= shift.day + timedelta(days=15)


async def test_what_was_contested_is_registered_anew(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    path = f"settlements/{row['id']}/pay"
    paid = ok(await step(floor.dispatcher, path, row, **paying(world, 20000)))
    contested = ok(await step(worker, f"me/settlements/{row['id']}/contest", paid, words="只收到一百元"))
    some = ok(await step(floor.dispatcher, path, contested, **paying(world, 10000)))
    assert (some["state"], some["paid_fen"]) == ("contested", 10000)
    again = ok(await step(floor.dispatcher, path, some, **paying(world, 20000)))
    assert (again["state"], again["paid_fen"]) == ("paid", 20000)


async def test_a_part_that_is_all_that_is_due_in_the_end(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    part = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 19000)))
    cut = ok(await step(floor.dispatcher, f"settlements/{row['id']}/deductions", part, fen=1000, reason="剪坏裁片"))
    assert (cut["state"], cut["due_fen"], cut["paid_fen"]) == ("paid", 19000, 19000)


async def test_deductions_have_a_limit_and_a_reason(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    path = f"settlements/{row['id']}/deductions"
    body = refused(
        await step(floor.dispatcher, path, row, fen=4001, reason="剪坏裁片"), 422, "deduction_too_high", "fen"
    )
    assert "最多40.00元" in body["message"]
    cut = ok(await step(floor.dispatcher, path, row, fen=4000, reason="剪坏裁片"))
    assert (cut["due_fen"], cut["deducted_fen"]) == (16000, 4000)
    refused(await step(floor.dispatcher, path, cut, fen=1, reason="再扣"), 422, "deduction_too_high", "fen")
    assert "剪坏裁片" in (await told(worker, "gig_pay"))[0]
    line = next(line["id"] for line in cut["lines"] if line["kind"] == "deduction")
    back = ok(await step(floor.dispatcher, f"{path}/{line}/remove", cut))
    assert any("撤回扣款40.00元（剪坏裁片）" in words for words in await told(worker, "gig_pay"))
    assert (back["due_fen"], len(back["lines"])) == (20000, 1)
    refused(await step(floor.dispatcher, f"{path}/{line}/remove", back), 404, "settlement_not_found")


async def test_called_off_too_late_is_paid_once(world: World, floor: Floor) -> None:
    shift = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + 3 * HOUR)
    worker = await gigs.worker(world)
    seat = await taken(world, worker, shift)
    async with world.runtime.db.unit_of_work() as session:
        (await board.hold_shifts(session, [shift.id]))[shift.id].shift.taken += 2
    form = {"expected_version": 1, "reason": "订单取消"}
    ok(await floor.dispatcher.post(f"/assignments/{seat.id}/call-off", form, key=key()))
    (row,) = await mine(worker)
    assert [(line["kind"], line["fen"]) for line in row["lines"]] == [("late_cancel", 5000)]
    async with world.runtime.db.unit_of_work() as session:
        again = CompensationOwed(at=world.clock.now(), assignment_id=seat.id, fen=5000, hours=16)
        await settlements.add_compensation(session, again)
    assert await count(world, SettlementLine) == 1


async def test_late_wages_climb_and_a_block_is_decided(world: World, floor: Floor) -> None:
    """Day after: both sides. Third day: the cadre, counts and sums. Seventh: the office, and a block is proposed."""
    shift = await worked(world, floor, wage_period=WagePeriod.SHIFT, pay_days=0)
    worker = await agreed(world, floor, shift)
    (row,) = await mine(worker)
    office = await gigs_officer(world)
    people = (worker, floor.dispatcher, office)
    await later(
        world, timedelta(days=(date.fromisoformat(row["due_on"]) - china_date(world.clock.now())).days), *people
    )
    assert (await sweep(world.runtime))["wages_overdue"] == 0
    await later(world, timedelta(days=1), *people)
    first = await sweep(world.runtime)
    assert (first["wages_overdue"], first["wages_escalated"]) == (1, 0)
    assert len(await told(worker, "gig_overdue")) == len(await told(floor.dispatcher, "gig_overdue")) == 1
    (late,) = ok(await office.get("/overdue-wages"))
    assert (late["settlements"], late["people"], late["fen"]) == (1, 1, 20000)
    await later(world, timedelta(days=2), *people)
    assert (await sweep(world.runtime))["wages_escalated"] == 1
    assert await count(world, PublishingBlock) == 0
    await later(world, timedelta(days=4), *people)
    assert (await sweep(world.runtime))["wages_escalated"] == 1
    assert (await sweep(world.runtime))["wages_escalated"] == 0
    (block,) = ok(await office.get("/publishing-blocks"))
    assert (block["state"], block["overdue_fen"], block["people"]) == ("proposed", 20000, 1)
    assert [task["kind"] for task in ok(await office.get("/tasks", kind="publishing_block"))["items"]] == [
        "publishing_block"
    ]
    # Until it is told, a proposal is the office's own matter.
    assert ok(await floor.dispatcher.get("/firm-publishing-blocks")) == []
    path = f"publishing-blocks/{block['id']}"
    refused(
        await step(floor.dispatcher, f"{path}/answer", block, words="马上就付款"), 404, "publishing_block_not_found"
    )
    refused(
        await step(office, f"{path}/decide", block, block=True, because="逾期"), 409, "publishing_block_state_wrong"
    )
    told_firm = ok(await step(office, f"{path}/notify", block))
    refused(await step(office, f"{path}/decide", told_firm, block=True, because="逾期"), 409, "block_answer_pending")
    answered = ok(await step(floor.dispatcher, f"{path}/answer", told_firm, words="货款迟到，周五付清"))
    forced = ok(await step(office, f"{path}/decide", answered, block=True, because="逾期七日未付"))
    assert forced["state"] == "in_force"
    assert "逾期七日未付" in (await told(floor.dispatcher, "gig_block"))[0]
    draft = await order_form(world, floor)
    body = refused(await floor.dispatcher.post("/shift-orders", draft, key=key()), 409, "publishing_blocked")
    assert "200.00元" in body["message"]
    appealed = ok(await step(floor.dispatcher, f"{path}/appeal", forced, words="已经安排付款"))
    assert appealed["appeal_due_at"] is not None
    upheld = ok(await step(office, f"{path}/decide-appeal", appealed, lift=False, because="仍未付款"))
    assert upheld["state"] == "in_force"
    # Paid: nobody decides anything any more.
    (row,) = await mine(worker)
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    assert (await sweep(world.runtime))["blocks_cleared"] == 1
    (block,) = ok(await office.get("/publishing-blocks"))
    assert (block["state"], block["because"]) == ("lifted", "逾期工资已支付或由本人选择调解")
    assert ok(await office.get("/tasks", kind="wage_overdue"))["items"] == []
    ok(await floor.dispatcher.post("/shift-orders", draft, key=key()))


async def order_form(world: World, floor: Floor) -> Row:
    start = gigs.at(world, 4, 8)
    return {
        "enterprise_id": floor.firm_id, "title": "平车工白班", "process_code": FLAT_SEAM, "level": 2,
        "fill_mode": "allocate", "pay": {"unit": "hour", "hour_fen": 2500, "lines": []}, "wage_period": "week",
        "pay_days": 3, "cover": "work_injury", "late_cancel_fen": 5000,
        "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
        "duties": "合缝、上腰头，自带剪刀。", "submit": True,
        "shifts": [
            {"starts_at": start.isoformat(), "ends_at": (start + 9 * HOUR).isoformat(), "break_minutes": 60, "heads": 2}
        ],
    }  # fmt: skip


async def test_a_mediated_wage_is_not_late_for_a_block(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor, wage_period=WagePeriod.SHIFT, pay_days=0))
    await later(world, timedelta(days=20), worker, floor.dispatcher)
    assert (await sweep(world.runtime))["wages_overdue"] == 1
    (row,) = await mine(worker)
    ok(await step(worker, f"me/settlements/{row['id']}/mediate", row))
    await sweep(world.runtime)
    # What the first sweep proposed in one go is taken back: nothing is late any more.
    async with world.runtime.db.reading() as session:
        states = [block.state.value for block in (await session.exec(select(PublishingBlock))).all()]
    assert states in ([], ["dismissed"])


async def test_the_ledger_as_a_sheet(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    paid = ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **paying(world, 20000)))
    days = {"from": row["period_start"], "to": row["period_end"]}
    answer = await floor.dispatcher.get(f"/enterprises/{floor.firm_id}/settlements.xlsx", **days)
    assert answer.status_code == 200
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    head = [str(cell.value) for cell in page[1]]
    values = dict(zip(head, [cell.value for cell in page[2]], strict=True))
    assert (values["应付（元）"], values["已付（元）"], values["支付方式"], values["工时（小时）"]) == (
        200,
        200,
        "微信转账",
        8,
    )
    assert values["状态"] == paid["state_label"]
    assert page.max_row == 2
    assert not any(str(cell.value or "").startswith("=") for line in page.iter_rows() for cell in line)
    stranger = await world.person(app="linggong")
    refused(await stranger.get(f"/enterprises/{floor.firm_id}/settlements.xlsx", **days), 403, "forbidden")
    async with world.runtime.db.reading() as session:
        assert (await session.get_one(Settlement, UUID(row["id"]))).paid_fen == 20000


async def test_statements_are_read_back_by_another_library(world: World, floor: Floor) -> None:
    """Rare characters of names stand as themselves; sums, dates and reasons are there."""
    worker = await gigs.worker(world)
    form = {"name": "林䶮㛃", "birth_date": "1988-03-12", "expected_version": await version_of(world, worker)}
    ok(await worker.put("/me/profile", form))
    await agreed(world, floor, await worked(world, floor), worker)
    (row,) = await mine(worker)
    days = {"from": row["period_start"], "to": row["period_end"]}
    for someone, path in (
        (worker, "/me/settlements.pdf"),
        (floor.dispatcher, f"/enterprises/{floor.firm_id}/settlements.pdf"),
    ):
        answer = await someone.get(path, **days)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        text = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())
        for word in (
            "工资结算单",
            "林䶮㛃",
            "200.00",
            row["due_on"],
            "平车8小时×25.00元＝200.00元",
            row["enterprise_name"],
        ):
            assert word in text, word
    empty = await (await gigs.worker(world)).get("/me/settlements.pdf", **days)
    assert "共0份" in "".join(PdfReader(io.BytesIO(empty.content)).pages[0].extract_text().split())


async def test_the_person_sees_the_firms_proof(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor))
    (row,) = await mine(worker)
    paper = await uploaded(floor.dispatcher, pdf(), purpose="wage_proof")
    form = paying(world, 20000) | {"proof_file_id": paper["file_id"]}
    ok(await step(floor.dispatcher, f"settlements/{row['id']}/pay", row, **form))
    seen = ok(await worker.get(f"/me/settlements/{row['id']}"))
    answer = await follow(worker, seen["proof_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    # By itself the file is still nobody's but the firm's and the office's.
    refused(await worker.get(f"/files/{paper['file_id']}"), 404, "file_not_found")
    assert ok(await floor.dispatcher.get(f"/settlements/{row['id']}"))["proof_url"]


async def test_the_office_sees_what_is_late_and_the_cadre_the_sums(world: World, floor: Floor) -> None:
    worker = await agreed(world, floor, await worked(world, floor, wage_period=WagePeriod.SHIFT, pay_days=0))
    office, cadre = await gigs_officer(world), await gigs.worker(world)
    await stand_beside(world, cadre, UUID(floor.firm_id))
    assert ok(await cadre.get("/me/overdue-firms")) == []
    await later(world, timedelta(days=20), worker, floor.dispatcher, office, cadre)
    await sweep(world.runtime)
    (firm,) = ok(await cadre.get("/me/overdue-firms"))
    assert (firm["enterprise_id"], firm["settlements"], firm["people"], firm["fen"]) == (floor.firm_id, 1, 1, 20000)
    assert ok(await worker.get("/me/overdue-firms")) == []
    (late,) = ok(await office.get(f"/overdue-wages/{floor.firm_id}"))["items"]
    assert (late["state"], late["due_fen"], late["actions"], len(late["lines"])) == ("overdue", 20000, [], 1)
    assert late["name"] is None or "*" in late["name"]
    assert (await floor.dispatcher.get(f"/overdue-wages/{floor.firm_id}")).status_code in {403, 404}


async def stand_beside(world: World, someone: Someone, firm_id: UUID) -> None:
    """As if the person had claimed the roster record of the cadre of the firm's party organisation."""
    async with world.runtime.db.unit_of_work() as session:
        party = (await session.exec(select(PartyOrganisation).limit(1))).first()
        assert party is not None
        party.enterprise_id = firm_id
        links = select(LiaisonLink).where(
            LiaisonLink.party_organisation_id == party.id, LiaisonLink.role == LiaisonRole.CADRE
        )
        link = (await session.exec(links)).one()
        cadre = (await session.exec(select(RosterPerson).where(RosterPerson.id == link.roster_person_id))).one()
        cadre.person_id = UUID(someone.id)


async def test_settlements_of_a_period_and_no_more_than_fit_a_document(
    world: World, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await agreed(world, floor, await worked(world, floor))
    await agreed(world, floor, await worked(world, floor))
    (row, _) = ok(await floor.dispatcher.get("/settlements"))["items"]
    days = {"from": row["period_end"], "to": row["period_end"]}
    assert len(ok(await floor.dispatcher.get("/settlements", **days))["items"]) == 2
    before = str(date.fromisoformat(row["period_end"]) - timedelta(days=1))
    assert ok(await floor.dispatcher.get("/settlements", to=before))["items"] == []
    monkeypatch.setattr(pay_views, "PRINTED_AT_MOST", 1)
    path = f"/enterprises/{floor.firm_id}/settlements.pdf"
    body = refused(await floor.dispatcher.get(path, **days), 422, "too_many_settlements", "query.to")
    assert "有2份结算，一次最多1份" in body["message"]
