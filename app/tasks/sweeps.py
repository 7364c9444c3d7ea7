"""What time does by itself: vacancies close, orphans go, papers run out, spent technical rows go."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.daily import claim_day
from app.core.rates import MICRO
from app.core.tables import IdempotencyRecord, OutboxMessage, OutboxState, RateBucket
from app.models.identity import (
    AssistedAct,
    ConsoleDevice,
    LoginCode,
    LoginSession,
    OwnCode,
    RefreshToken,
    SignInGuard,
)
from app.rules.identity.onbehalf import UNDO_WITHIN
from app.rules.identity.sessions import REFRESH_LIFETIME
from app.services.common import file_sweeps
from app.services.disputes import clock_sweep, desk, intake, performing
from app.services.gigs import (
    accidents,
    assignments,
    attendance,
    differences,
    marks,
    offers,
    order_ends,
    overdue,
    sharing_agreements,
    timesheets,
    urgent,
)
from app.services.jobs import fair_reports, fairs, interview_news, invitations, kept, permits, saved, surveys, waiting
from app.services.jobs.vacancies import expire_due
from app.services.organisation import papers
from app.services.points import awards, expiry_notices, redemptions
from app.services.points import ledger as points_ledger
from app.services.runtime import Runtime
from app.services.training import certificates, classes, enrolments, pools, shortages

# House style: keys are kept at least 24 h; a client that retries later than two days starts anew.
IDEMPOTENCY_KEPT = timedelta(days=2)
# WeChat's codes live five minutes; a day is enough to call a used code used.
LOGIN_CODES_KEPT = timedelta(days=1)
# The audit log keeps who logged in; the row itself is of no use once its last token is dead.
SESSIONS_KEPT = timedelta(days=1)
GUARDS_KEPT = timedelta(days=2)
OUTBOX_KEPT = timedelta(days=30)
Batch = Callable[[AsyncSession], Awaitable[int]]


async def sweep(runtime: Runtime) -> dict[str, int]:
    """One round of all sweeps, each in its own short transactions; returns how many rows each touched."""
    now = runtime.clock.now()
    done = {
        "vacancies_expired": await _repeat(runtime, lambda session: expire_due(session, now=now)),
        "files_orphaned": await _repeat(runtime, lambda session: file_sweeps.sweep_orphans(session, now=now)),
        "files_unanswered": await _repeat(runtime, lambda session: file_sweeps.sweep_unanswered(session, now=now)),
        "surveys_closed": await _repeat(runtime, lambda session: surveys.close_due(session, now=now)),
        "invitations_lapsed": await _repeat(runtime, lambda session: invitations.lapse_due(session, now=now)),
        "interviews_lapsed": await _repeat(runtime, lambda session: interview_news.lapse_due(session, now=now)),
        "interviews_reminded": await _repeat(runtime, lambda session: interview_news.remind_due(session, now=now)),
        "hires_asked": await _repeat(runtime, lambda session: kept.ask_due(session, now=now)),
        "vacancies_reminded": await _repeat(runtime, lambda session: waiting.remind_firms(session, now=now)),
        "cadres_told": await _once(runtime, lambda session: waiting.digest_of_week(session, now=now)),
        "fairs_turned": await _repeat(runtime, lambda session: fairs.turn_due(session, now=now)),
        "fairs_followed_up": await _repeat(runtime, lambda session: fair_reports.follow_up_due(session, now=now)),
        "searches_looked_at": await _repeat(runtime, lambda session: saved.tell_new(session, runtime.crypto, now=now)),
        "unlicensed_paused": await _once(runtime, lambda session: permits.pause_unlicensed(session, now=now)),
        "shifts_turned": await _repeat(runtime, lambda session: order_ends.turn_due(session, now=now)),
        "offers_lapsed": await _repeat(runtime, lambda session: offers.lapse_due(session, now=now)),
        "seats_reminded": await _repeat(runtime, lambda session: assignments.remind_due(session, now=now)),
        "seats_released": await _repeat(runtime, lambda session: assignments.release_due(session, now=now)),
        "no_shows_found": await _repeat(runtime, lambda session: attendance.miss_due(session, now=now)),
        "seats_ended": await _repeat(runtime, lambda session: marks.end_due(session, now=now)),
        "timesheets_stood": await _repeat(runtime, lambda session: timesheets.stand_due(session, now=now)),
        "timesheets_asked": await _repeat(runtime, lambda session: timesheets.remind_due(session, now=now)),
        "differences_told": await _repeat(runtime, lambda session: differences.remind_due(session, now=now)),
        "wages_overdue": await _repeat(runtime, lambda session: overdue.turn_due(session, now=now)),
        "wages_escalated": await _repeat(runtime, lambda session: overdue.escalate_due(session, now=now)),
        "blocks_cleared": await _repeat(runtime, lambda session: overdue.clear_due(session, now=now)),
        "sharing_ended": await _repeat(runtime, lambda session: sharing_agreements.end_due(session, now=now)),
        "accidents_reminded": await _repeat(runtime, lambda session: accidents.remind_due(session, now=now)),
        "urgent_widened": await _repeat(runtime, lambda session: urgent.widen_due(session, now=now)),
        "redemptions_lapsed": await _repeat(runtime, lambda session: redemptions.lapse_due(session, now=now)),
        "awards_credited": await _repeat(runtime, lambda session: awards.retry_waiting(session, now=now)),
        "expiries_told": await _repeat(runtime, lambda session: expiry_notices.tell_due(session, now=now)),
        "points_expired": await _repeat(runtime, lambda session: points_ledger.expire_due(session, now=now)),
        "training_seats_lapsed": await _repeat(runtime, lambda session: enrolments.lapse_due(session, now=now)),
        "classes_turned": await _repeat(runtime, lambda session: classes.advance_due(session, now=now)),
        "demands_expired": await _repeat(runtime, lambda session: pools.expire_due(session, now=now)),
        "certificates_expired": await _repeat(runtime, lambda session: certificates.expire_due(session, now=now)),
        "cases_opened": await _repeat(runtime, lambda session: intake.open_untaken(session, now=now)),
        "cases_returned": await _repeat(runtime, lambda session: desk.return_orphans(session, now=now)),
        "case_deadlines_told": await _repeat(runtime, lambda session: clock_sweep.tell_due(session, now=now)),
        "confirmations_lapsed": await _repeat(runtime, lambda session: performing.lapse_windows(session, now=now)),
        "papers_expired": await _once(runtime, lambda session: papers.open_expired(session, now=now)),
    }
    for name, statement in _spent(now).items():
        done[name] = await _purge(runtime, statement)
    return done


async def sweep_daily(runtime: Runtime) -> bool:
    """What is said once a day, by whichever worker comes first; True where it was done now."""
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        if not await claim_day(session, "reminders", china_date(now)):
            return False
        await papers.remind(session, now=now)
        await shortages.propose_from_vacancies(session, now=now)
        return True


def _spent(now: datetime) -> dict[str, object]:
    over = col(LoginSession.expires_at) < now - SESSIONS_KEPT
    return {
        "idempotency_purged": delete(IdempotencyRecord).where(
            col(IdempotencyRecord.created_at) < now - IDEMPOTENCY_KEPT
        ),
        "login_codes_purged": delete(LoginCode).where(col(LoginCode.claimed_at) < now - LOGIN_CODES_KEPT),
        "refresh_tokens_purged": delete(RefreshToken).where(
            col(RefreshToken.session_id).in_(select(col(LoginSession.id)).where(over))
            | (col(RefreshToken.created_at) < now - REFRESH_LIFETIME)
        ),
        "sessions_purged": delete(LoginSession).where(over),
        "own_codes_purged": delete(OwnCode).where(col(OwnCode.expires_at) < now - LOGIN_CODES_KEPT),
        # What an agent's act replaced is kept for the time in which the person may undo it.
        "undo_forgotten": update(AssistedAct)
        .where(col(AssistedAct.before_sealed).is_not(None), col(AssistedAct.created_at) < now - UNDO_WITHIN)
        .values(before_sealed=None),
        "devices_purged": delete(ConsoleDevice).where(col(ConsoleDevice.expires_at) < now),
        "guards_purged": delete(SignInGuard).where(col(SignInGuard.failed_at) < now - GUARDS_KEPT),
        "rates_purged": delete(RateBucket).where(col(RateBucket.tat) < round(now.timestamp() * MICRO)),
        "outbox_purged": delete(OutboxMessage).where(
            col(OutboxMessage.state) != OutboxState.PENDING, col(OutboxMessage.finished_at) < now - OUTBOX_KEPT
        ),
    }


async def _repeat(runtime: Runtime, batch: Batch) -> int:
    """Batch after batch until one finds nothing: a long backlog never becomes one long transaction."""
    total = 0
    while done := await _once(runtime, batch):
        total += done
    return total


async def _once(runtime: Runtime, batch: Batch) -> int:
    async with runtime.db.unit_of_work() as session:
        return await batch(session)


async def _purge(runtime: Runtime, statement: object) -> int:
    async with runtime.db.unit_of_work() as session:
        done = await session.exec(statement)  # type: ignore[call-overload]
        return int(done.rowcount)
