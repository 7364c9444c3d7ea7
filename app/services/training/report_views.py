"""Attendance, results, certificates, reports: from rows to answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.core.clock import china_date
from app.models.training import SubsidyRate, TrainingProvider
from app.rules.identity.roles import Actor
from app.rules.training.certificates import CERTIFICATE_NEXT, CertificateState, holds_on
from app.rules.training.classes import periods_of
from app.rules.training.enrolments import EnrolmentState
from app.rules.training.reports import FEEDBACK_FROM
from app.schemas.base import Action
from app.schemas.training.attendance import (
    AttendanceMarkRead,
    CertificateList,
    CertificateRead,
    FeedbackRead,
    LearnedRead,
    MarkList,
    TrainingRecordRead,
    VerifiedRead,
    YearHours,
)
from app.schemas.training.reports import (
    FirmLine,
    FirmReportRead,
    ProviderLine,
    ProviderReportRead,
    SubsidyList,
    SubsidyRead,
)
from app.services.training import reports
from app.services.training.attendance import Marked
from app.services.training.certificates import MANAGE, Held
from app.services.training.reports import Period
from app.services.training.results import Answers, Learned

S = CertificateState
VERBS = {S.REVOKED: "revoke", S.SUPERSEDED: "exchange"}
# Where a number is looked up by people: a page, not an answer in JSON.
VERIFY_PAGE = "/verify/"


def marks_read(found: Sequence[Marked]) -> MarkList:
    return MarkList(items=[mark_read(one) for one in found])


def mark_read(one: Marked) -> AttendanceMarkRead:
    return AttendanceMarkRead(
        enrolment_id=one.enrolment.id, person_id=one.enrolment.person_id, person_name=one.name, mark=one.mark,
        mark_label=one.mark.label, minutes=one.row.minutes if one.row else 0, way=one.row.way if one.row else None,
        reason=one.reason,
    )  # fmt: skip


def feedback_read(found: Answers) -> FeedbackRead:
    shown = found.mean is not None
    told = f"共{found.count}份评价" if shown else f"共{found.count}份评价，满{FEEDBACK_FROM}份后显示"
    return FeedbackRead(answers=found.count, shown=shown, told=told, mean_hundredths=found.mean, words=found.words)


def record_read(found: Sequence[Learned], years: Mapping[int, int]) -> TrainingRecordRead:
    return TrainingRecordRead(
        items=[
            LearnedRead(
                class_id=one.klass.id, title=one.klass.title, brand_label=one.brand.label, state=one.enrolment.state,
                state_label=one.enrolment.state.label, hours=periods_of(one.enrolment.minutes or 0),
                ended_at=one.klass.last_at,
            )
            for one in found
        ],
        years=[YearHours(year=year, hours=periods_of(minutes)) for year, minutes in sorted(years.items(), reverse=True)],
    )  # fmt: skip


def certificate_read(held: Held, actor: Actor, now: datetime, base_url: str) -> CertificateRead:
    row = held.row
    verbs = VERBS if actor.town_wide(MANAGE) and row.person_id != actor.person_id else {}
    return CertificateRead(
        id=row.id, number=row.number, person_id=row.person_id, person_name=held.name, class_id=row.class_id,
        class_title=held.klass.title, course_title=held.course.title, state=row.state, state_label=row.state.label,
        issued_on=row.issued_on, valid_to=row.valid_to, expired=not holds_on(row.valid_to, china_date(now)),
        hours=periods_of(row.minutes), score=row.score, reason=held.reason, verify_url=verify_url(base_url, row.number),
        version=row.version,
        actions=[
            Action(
                action=verb, allowed=state in CERTIFICATE_NEXT[row.state],
                reason=None if state in CERTIFICATE_NEXT[row.state] else f"证书当前为“{row.state.label}”",
            )
            for state, verb in verbs.items()
        ],
    )  # fmt: skip


def certificates_read(found: Sequence[Held], actor: Actor, now: datetime, base_url: str) -> CertificateList:
    return CertificateList(items=[certificate_read(one, actor, now, base_url) for one in found])


def verified_read(held: Held, now: datetime) -> VerifiedRead:
    row = held.row
    in_time = holds_on(row.valid_to, china_date(now))
    valid = row.state is S.ISSUED and in_time
    told = "证书有效" if valid else "证书已过有效期" if row.state is S.ISSUED else f"证书{row.state.label}，不再有效"
    return VerifiedRead(
        number=row.number, holder=held.name, course_title=held.course.title, hours=periods_of(row.minutes),
        issued_on=row.issued_on, valid_to=row.valid_to, state=row.state, state_label=row.state.label, valid=valid,
        told=told,
    )  # fmt: skip


def verify_url(base_url: str, number: str) -> str:
    return f"{base_url.rstrip('/')}{VERIFY_PAGE}{number}"


def firm_report_read(enterprise_id: UUID, period: Period, lines: Sequence[reports.FirmLine]) -> FirmReportRead:
    passed = sum(line.enrolment.state is EnrolmentState.PASSED for line in lines)
    hours = sum(periods_of(line.enrolment.minutes or 0) for line in lines)
    return FirmReportRead(
        enterprise_id=enterprise_id, since=period.since, until=period.until, entries=len(lines), passed=passed, hours=hours,
        told=f"本企业报名{len(lines)}人次，合格{passed}人次，共{hours}人·学时；只含本企业报名的",
        items=[
            FirmLine(
                class_id=line.klass.id, class_title=line.klass.title, first_at=line.klass.first_at,
                person_id=line.enrolment.person_id, person_name=line.name, state=line.enrolment.state,
                state_label=line.enrolment.state.label, score=line.enrolment.score,
                hours=None if line.enrolment.minutes is None else periods_of(line.enrolment.minutes),
            )
            for line in lines
        ],
    )  # fmt: skip


def provider_report_read(
    provider: TrainingProvider, period: Period, lines: Sequence[reports.ProviderLine]
) -> ProviderReportRead:
    return ProviderReportRead(
        provider_id=provider.id, provider_name=provider.name, since=period.since, until=period.until,
        classes=len(lines), heads=sum(line.heads for line in lines), passed=sum(line.passed for line in lines),
        pass_share=reports.pass_share(lines), hours=sum(line.hours for line in lines),
        items=[
            ProviderLine(
                class_id=line.klass.id, title=line.klass.title, first_at=line.klass.first_at, heads=line.heads,
                passed=line.passed, hours=line.hours, cost_fen=line.klass.cost_fen, hour_cost_fen=line.hour_cost,
                ceiling_fen=line.ceiling, told=line.told, ceiling_told=line.ceiling_told,
                filing_number=line.klass.filing_number,
            )
            for line in lines
        ],
    )  # fmt: skip


def subsidies_read(rows: Sequence[SubsidyRate]) -> SubsidyList:
    return SubsidyList(
        items=[
            SubsidyRead(
                kind=row.kind, kind_label=row.kind.label, value=row.value, valid_from=row.valid_from,
                valid_to=row.valid_to, confirmed=row.confirmed, source=row.source,
            )
            for row in rows
        ]
    )  # fmt: skip
