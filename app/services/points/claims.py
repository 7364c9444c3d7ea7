"""Claims of points: submitted, reviewed by one or two others, appealed once, taken back where they were wrong."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.models.points import PointsAward, PointsClaim, PointsClaimPhoto, PointsRule
from app.rules.common.files import FilePurpose
from app.rules.common.tasks import TaskKind
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.points import claims as rules
from app.rules.points.activities import GridUnknownError
from app.rules.points.claims import ClaimFlag, ClaimState
from app.rules.points.earning import AwardState, Evidence
from app.schemas.points.earning import AppealAnswerForm, ClaimForm, ReviewForm
from app.services.common import files
from app.services.common.lists import newest_first
from app.services.common.tasks import close_tasks, open_task
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of
from app.services.organisation.facts import grid_exists
from app.services.points import awards, policy
from app.services.points.events import PointsClaimDecided
from app.services.runtime import Runtime

SUBJECT = "points_claim"
REVIEW = Permission.POINTS_REVIEW


@dataclass(frozen=True, slots=True)
class Opened:
    """A claim with what it is about, opened for those who may see it."""

    row: PointsClaim
    rule: PointsRule
    words: str
    reason: str | None
    appeal: str | None
    answer: str | None
    file_ids: Sequence[UUID]
    awarded: int | None
    name: str | None


async def digests_of(runtime: Runtime, actor: Actor, file_ids: Sequence[UUID]) -> list[str]:
    """Keyed hashes of the caller's own photos. Before the transaction: the bytes are read from the store."""
    found = []
    async with runtime.db.reading() as session:
        for file_id in file_ids:
            await files.get_file(session, actor, file_id)
            content = await files.content_of(runtime, session, file_id)
            found.append(runtime.crypto.keyed_hash("points_photo", hashlib.sha256(content).hexdigest()))
    return found


async def submit(runtime: Runtime, session: AsyncSession, actor: Actor, form: ClaimForm, *, now: datetime) -> Opened:
    """What looks like a double is flagged for the reviewers, not refused: two good deeds a day are possible."""
    digests = await digests_of(runtime, actor, form.file_ids)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    rules.check_day(form.on_day, china_date(now))
    rule = await policy.claimable(session, form.rule_id, form.on_day)
    if rule.evidence is Evidence.REQUIRED and not form.file_ids:
        raise rules.EvidenceMissingError
    if rule.evidence is Evidence.NONE and form.file_ids:
        raise rules.EvidenceUnwantedError
    if form.grid_id is not None and not await grid_exists(session, form.grid_id):
        raise GridUnknownError
    claim_id = new_id()
    claim = PointsClaim(
        id=claim_id, created_at=now, updated_at=now, person_id=actor.person_id, submitted_by=actor.caller_id, rule_id=rule.id, on_day=form.on_day,
        grid_id=form.grid_id, flags=await _flags(session, actor, rule, form, digests, now),
        words_sealed=crypto_of(session).seal(SUBJECT, "words", claim_id, form.words),
    )  # fmt: skip
    session.add(claim)
    await session.flush()
    session.add_all(PointsClaimPhoto(created_at=now, claim_id=claim_id, digest=digest) for digest in digests)
    await files.bind(
        session, actor, form.file_ids, purpose=FilePurpose.POINTS_EVIDENCE, subject_kind=SUBJECT, subject_id=claim_id,
        now=now,
    )  # fmt: skip
    await _ask(session, claim, rule, now)
    audit.by(session, actor, "points_claimed", SUBJECT, claim_id, now=now)
    return (await _open(session, [claim]))[0]


async def withdraw(
    session: AsyncSession, actor: Actor, claim_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    claim = await _lock_own(session, actor, claim_id)
    check_version(claim.version, expected_version)
    rules.check_move(claim.state, ClaimState.WITHDRAWN)
    await _enter(session, claim, ClaimState.WITHDRAWN, now)
    return (await _open(session, [claim]))[0]


async def review(session: AsyncSession, actor: Actor, claim_id: UUID, form: ReviewForm, *, now: datetime) -> Opened:
    """One person's word; above the rule's limit a second one's. Nobody on their own claim, nobody twice."""
    claim = await _lock_other(session, actor, claim_id)
    check_version(claim.version, form.expected_version)
    rule = (await policy.rules_by_id(session, [claim.rule_id]))[claim.rule_id]
    if claim.state not in {ClaimState.SUBMITTED, ClaimState.REVIEWED}:
        raise rules.PointsClaimStateError(current=claim.state.label, target=ClaimState.APPROVED.label)
    if claim.reviewed_by == actor.person_id:
        raise rules.SecondReviewerError
    if form.approve and claim.state is ClaimState.SUBMITTED and rules.needs_second(rule.points, rule.second_above):
        claim.reviewed_by = actor.person_id
        await _enter(session, claim, ClaimState.REVIEWED, now)
        await _ask(session, claim, rule, now)
    elif form.approve:
        claim.decided_by, claim.decided_at = actor.person_id, now
        await _enter(session, claim, ClaimState.APPROVED, now)
        await _credit(session, actor, claim, rule, now)
    else:
        claim.decided_by, claim.decided_at = actor.person_id, now
        claim.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", claim.id, form.reason or "")
        await _enter(session, claim, ClaimState.REJECTED, now)
    audit.by(session, actor, f"points_claim_{claim.state.value}", SUBJECT, claim.id, now=now)
    await _tell(session, claim, rule, now)
    return (await _open(session, [claim], named=True))[0]


async def appeal(
    session: AsyncSession, actor: Actor, claim_id: UUID, *, words: str, expected_version: int, now: datetime
) -> Opened:
    """Once, within the days after the refusal."""
    claim = await _lock_own(session, actor, claim_id)
    check_version(claim.version, expected_version)
    rules.check_move(claim.state, ClaimState.APPEALED)
    rules.check_appeal(china_date(claim.decided_at or now), china_date(now))
    claim.appeal_sealed = crypto_of(session).seal(SUBJECT, "appeal", claim.id, words)
    await _enter(session, claim, ClaimState.APPEALED, now)
    rule = (await policy.rules_by_id(session, [claim.rule_id]))[claim.rule_id]
    await _ask(session, claim, rule, now)
    audit.by(session, actor, "points_claim_appealed", SUBJECT, claim.id, now=now)
    return (await _open(session, [claim]))[0]


async def answer_appeal(
    session: AsyncSession, actor: Actor, claim_id: UUID, form: AppealAnswerForm, *, now: datetime
) -> Opened:
    """By somebody who has not refused or reviewed it."""
    claim = await _lock_other(session, actor, claim_id)
    check_version(claim.version, form.expected_version)
    target = ClaimState.APPROVED if form.approve else ClaimState.UPHELD
    if claim.state is not ClaimState.APPEALED:
        raise rules.PointsClaimStateError(current=claim.state.label, target=target.label)
    if actor.person_id in {claim.decided_by, claim.reviewed_by}:
        raise rules.SecondReviewerError
    rule = (await policy.rules_by_id(session, [claim.rule_id]))[claim.rule_id]
    claim.appeal_answered_by = actor.person_id
    claim.answer_sealed = crypto_of(session).seal(SUBJECT, "answer", claim.id, form.answer)
    await _enter(session, claim, target, now)
    if form.approve:
        await _credit(session, actor, claim, rule, now)
    audit.by(session, actor, f"points_claim_{target.value}", SUBJECT, claim.id, now=now)
    await _tell(session, claim, rule, now)
    return (await _open(session, [claim], named=True))[0]


async def reverse(
    session: AsyncSession, actor: Actor, claim_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Opened:
    """Approved and found wrong: the points are taken back, by somebody who did not approve it."""
    claim = await _lock_other(session, actor, claim_id)
    check_version(claim.version, expected_version)
    rules.check_move(claim.state, ClaimState.REVERSED)
    if actor.person_id in {claim.decided_by, claim.reviewed_by, claim.appeal_answered_by}:
        raise rules.SecondReviewerError
    await take_back_claim(session, claim, reason=reason, actor=actor, now=now)
    return (await _open(session, [claim], named=True))[0]


async def take_back_claim(
    session: AsyncSession, claim: PointsClaim, *, reason: str, actor: Actor, now: datetime
) -> None:
    rules.check_move(claim.state, ClaimState.REVERSED)
    claim.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", claim.id, reason)
    await _enter(session, claim, ClaimState.REVERSED, now)
    rule = (await policy.rules_by_id(session, [claim.rule_id]))[claim.rule_id]
    await awards.take_back(
        session, _cause(claim.id), told=f"申报冲回：{rule.text}"[:120], now=now, actor_id=actor.person_id
    )
    audit.by(session, actor, "points_claim_reversed", SUBJECT, claim.id, now=now)
    await _tell(session, claim, rule, now)


async def withdraw_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Of somebody who goes: what waits is withdrawn, the words go."""
    rows = await session.exec(
        select(PointsClaim)
        .where(PointsClaim.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for claim in rows.all():
        claim.words_sealed = crypto_of(session).seal(SUBJECT, "words", claim.id, "")
        claim.appeal_sealed = None
        if claim.state in rules.WAITING:
            ends = ClaimState.UPHELD if claim.state is ClaimState.APPEALED else ClaimState.WITHDRAWN
            await _enter(session, claim, ends, now)
    await session.flush()


async def claim_of_cause(session: AsyncSession, cause: str) -> PointsClaim | None:
    """The claim behind an award, locked; None where a fact credited by itself."""
    kind, _, claim_id = cause.partition(":")
    if kind != "claim":
        return None
    return await lock(session, PointsClaim, UUID(claim_id), rules.ClaimNotFoundError)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Opened], str | None]:
    statement = select(PointsClaim).where(PointsClaim.person_id == actor.person_id)
    query: dict[str, Any] = {"list": "points_claims", "person": actor.person_id}
    rows, following = await newest_first(session, cursors, query, PointsClaim, statement, cursor=cursor, limit=limit)
    return await _open(session, rows), following


async def list_all(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: ClaimState | None, cursor: str | None, limit: int
) -> tuple[list[Opened], str | None]:
    check_town_wide(actor, REVIEW)
    statement = select(PointsClaim)
    if state is not None:
        statement = statement.where(PointsClaim.state == state)
    query: dict[str, Any] = {"list": "points_claims", "state": state}
    rows, following = await newest_first(session, cursors, query, PointsClaim, statement, cursor=cursor, limit=limit)
    return await _open(session, rows, named=True), following


async def look(session: ReadSession, actor: Actor, claim_id: UUID) -> Opened:
    """One's own; the office reads its list."""
    statement = select(PointsClaim).where(PointsClaim.id == claim_id, PointsClaim.person_id == actor.person_id)
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        raise rules.ClaimNotFoundError
    return (await _open(session, [row]))[0]


def _cause(claim_id: UUID) -> str:
    return f"claim:{claim_id}"


async def _flags(
    session: AsyncSession, actor: Actor, rule: PointsRule, form: ClaimForm, digests: Sequence[str], now: datetime
) -> list[str]:
    found = []
    same = select(func.count()).where(
        PointsClaim.person_id == actor.person_id, PointsClaim.rule_id == rule.id, PointsClaim.on_day == form.on_day,
        PointsClaim.state != ClaimState.WITHDRAWN,
    )  # fmt: skip
    if (await session.exec(same)).one():
        found.append(ClaimFlag.SAME_DAY.value)
    if digests:
        photos = select(func.count()).where(col(PointsClaimPhoto.digest).in_(digests))
        if (await session.exec(photos)).one() or len(set(digests)) < len(digests):
            found.append(ClaimFlag.SAME_PHOTO.value)
    today = select(col(PointsClaim.created_at)).where(PointsClaim.person_id == actor.person_id)
    recent = await session.exec(today.order_by(col(PointsClaim.created_at).desc()).limit(rules.MANY_A_DAY))
    if sum(china_date(at) == china_date(now) for at in recent) >= rules.MANY_A_DAY:
        found.append(ClaimFlag.MANY.value)
    return found


async def _credit(session: AsyncSession, actor: Actor, claim: PointsClaim, rule: PointsRule, now: datetime) -> None:
    fact = awards.Fact(
        cause=_cause(claim.id), person_id=claim.person_id, on_day=claim.on_day, quantity=1, told=rule.text[:120],
        grid_id=claim.grid_id, actor_id=actor.person_id,
    )  # fmt: skip
    await awards.credit_claim(session, rule, fact, now=now)


async def _enter(session: AsyncSession, claim: PointsClaim, target: ClaimState, now: datetime) -> None:
    """The only place that changes a claim's state. Under its lock."""
    claim.state = target
    claim.touch(now)
    await close_tasks(session, TaskKind.POINTS_CLAIM, claim.id, by=None, now=now)
    await session.flush()


async def _ask(session: AsyncSession, claim: PointsClaim, rule: PointsRule, now: datetime) -> None:
    await open_task(session, TaskKind.POINTS_CLAIM, claim.id, title=f"{claim.state.label}：{rule.text}", now=now)


async def _tell(session: AsyncSession, claim: PointsClaim, rule: PointsRule, now: datetime) -> None:
    await emit(
        session,
        PointsClaimDecided(at=now, claim_id=claim.id, person_id=claim.person_id, rule=rule.text, state=claim.state),
    )


async def _lock_own(session: AsyncSession, actor: Actor, claim_id: UUID) -> PointsClaim:
    claim = await lock(session, PointsClaim, claim_id, rules.ClaimNotFoundError)
    if claim.person_id != actor.person_id:
        raise rules.ClaimNotFoundError
    return claim


async def _lock_other(session: AsyncSession, actor: Actor, claim_id: UUID) -> PointsClaim:
    check_town_wide(actor, REVIEW)
    claim = await lock(session, PointsClaim, claim_id, rules.ClaimNotFoundError)
    if actor.person_id in {claim.person_id, claim.submitted_by}:
        raise SelfReviewError
    return claim


async def _open(
    session: AsyncSession | ReadSession, rows: Sequence[PointsClaim], *, named: bool = False
) -> list[Opened]:
    crypto: Crypto = crypto_of(session)
    found = await policy.rules_by_id(session, [row.rule_id for row in rows])
    used = await files.files_of_many(session, SUBJECT, [row.id for row in rows])
    given = await session.exec(
        select(PointsAward).where(
            col(PointsAward.cause).in_([_cause(row.id) for row in rows]), PointsAward.state == AwardState.CREDITED
        )
    )
    points = {award.cause: award.points for award in given}
    facts = await facts_of(session, crypto, [row.person_id for row in rows]) if named else {}

    def opened(row: PointsClaim, column: str) -> str | None:
        return crypto.open_if(SUBJECT, column, row.id, getattr(row, f"{column}_sealed"))

    return [
        Opened(
            row, found[row.rule_id], crypto.open_text(SUBJECT, "words", row.id, row.words_sealed), opened(row, "reason"),
            opened(row, "appeal"), opened(row, "answer"), used.get(row.id, []), points.get(_cause(row.id)),
            facts[row.person_id].name if row.person_id in facts else None,
        )
        for row in rows
    ]  # fmt: skip
