"""Seats, sessions, statements, evidence, agreements, conferences: from rows to answers."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.models.disputes import AgreementTerm, CaseEvidence, CaseStatement, PanelSeat, PartyRepresentative
from app.rules.disputes.agreements import TERM_NEXT, AgreementState, TermState, title_of
from app.rules.disputes.conferences import AgendaKind, ConferenceState
from app.rules.disputes.panel import SeatBody, told_conflicts
from app.rules.disputes.sessions import MediationSessionState, MinutesWord
from app.schemas.base import Action
from app.schemas.disputes.agreements import (
    AgendaItem,
    AgreementList,
    AgreementRead,
    ConferenceList,
    ConferenceRead,
    DisputeFigures,
    FigureRow,
    ResolutionRead,
    SignatureRead,
    TermRead,
)
from app.schemas.disputes.panel import (
    AttendanceRead,
    InvitationRead,
    MediationSessionList,
    MediationSessionRead,
    SeatCandidate,
    SeatInvitationList,
    SeatList,
    SeatProposal,
    SeatProposals,
    SeatRead,
)
from app.schemas.disputes.parties import EvidenceList, EvidenceRead, RepresentativeRead, StatementList, StatementRead
from app.services.disputes import statistics
from app.services.disputes.agreeing import Opened
from app.services.disputes.conferences import Held
from app.services.disputes.panel import Candidate, Invited, conflict_told
from app.services.disputes.parties import Shown
from app.services.disputes.sessions import Sitting

CONCESSION = "为达成协议所作的让步，不得在以后的仲裁、诉讼中作为不利的证据（特邀调解规定第二十二条）"


def proposals_read(found: Sequence[tuple[SeatBody, list[Candidate]]]) -> SeatProposals:
    return SeatProposals(
        items=[
            SeatProposal(
                body=body, label=body.label,
                candidates=[
                    SeatCandidate(
                        person_id=one.person_id, name=one.name, post=one.post, conflicts=one.conflicts,
                        told=conflict_told(one.conflicts),
                    )
                    for one in candidates
                ],
                told=f"可邀请{len(candidates)}人" if candidates else f"公开名单没有{body.label}的人员，请另行确定",
            )
            for body, candidates in found
        ]
    )  # fmt: skip


def seat_read(seat: PanelSeat, name: str, agreed: int, *, reasons: bool = True) -> SeatRead:
    return SeatRead(
        id=seat.id, role=seat.role, role_label=seat.role.label, body=seat.body, body_label=seat.body.label, name=name,
        state=seat.state, state_label=seat.state.label, conflicts=seat.conflicts if reasons else [],
        told=conflict_told(seat.conflicts) if reasons else None, agreed=agreed, version=seat.version,
    )  # fmt: skip


def seats_read(seats: Sequence[PanelSeat], names: Mapping[UUID, str], votes: Mapping[UUID, int]) -> SeatList:
    return SeatList(items=[seat_read(seat, names[seat.id], votes.get(seat.id, 0)) for seat in seats])


def invitations_read(found: Sequence[Invited]) -> SeatInvitationList:
    return SeatInvitationList(items=[
        InvitationRead(
            id=one.seat.id, kind=one.case.kind, kind_label=one.case.kind.label, role_label=one.seat.role.label,
            body_label=one.seat.body.label, parties=one.parties, version=one.seat.version,
            told="与当事人或争议有关联的，请选择回避；接受之后才能看到案件"
            if not one.seat.conflicts else f"您与本案有关联（{told_conflicts(one.seat.conflicts)}），各方已同意您参加",
        )
        for one in found
    ])  # fmt: skip


def sitting_read(one: Sitting) -> MediationSessionRead:
    row = one.row
    waiting = sum(present.row.word is MinutesWord.PENDING for present in one.present)
    told = None
    if row.state is MediationSessionState.HELD:
        told = (
            f"到场{len(one.present)}方，{waiting}方还没有确认笔录"
            if waiting
            else f"到场{len(one.present)}方都已表示意见"
        )
    return MediationSessionRead(
        id=row.id, starts_at=row.starts_at, mode=row.mode, mode_label=row.mode.label, place=row.place, state=row.state,
        state_label=row.state.label, minutes=one.minutes, minutes_told=told,
        attendance=[
            AttendanceRead(
                name=present.name, word=present.row.word, word_label=present.row.word.label, objection=present.objection
            )
            for present in one.present
        ],
        version=row.version,
    )  # fmt: skip


def sittings_read(found: Sequence[Sitting]) -> MediationSessionList:
    return MediationSessionList(items=[sitting_read(one) for one in found])


def statement_read(one: Shown, names: Mapping[UUID, str]) -> StatementRead:
    row = one.row
    assert isinstance(row, CaseStatement)  # noqa: S101  # of the list of statements
    return StatementRead(
        id=row.id, party_id=row.party_id, party_name=names[row.party_id], mine=one.mine, words=one.words,
        concession=row.concession, concession_told=CONCESSION if row.concession else None,
        released=row.released_at is not None, way=row.way, created_at=row.created_at, version=row.version,
    )  # fmt: skip


def statements_read(found: Sequence[Shown], names: Mapping[UUID, str]) -> StatementList:
    return StatementList(items=[statement_read(one, names) for one in found])


def evidence_read(one: Shown, names: Mapping[UUID, str], url: str | None) -> EvidenceRead:
    row = one.row
    return EvidenceRead(
        id=row.id, party_id=row.party_id, party_name=names[row.party_id], mine=one.mine, about=one.words,
        released=row.released_at is not None, url=url, created_at=row.created_at, version=row.version,
    )  # fmt: skip


def evidence_list_read(found: Sequence[Shown], names: Mapping[UUID, str], links: Mapping[UUID, str]) -> EvidenceList:
    return EvidenceList(
        items=[
            evidence_read(one, names, links.get(one.row.file_id)) for one in found if isinstance(one.row, CaseEvidence)
        ]
    )


def representative_read(row: PartyRepresentative, name: str) -> RepresentativeRead:
    told = "可以代为让步、和解、签协议" if row.may_concede else "不能代为让步：协议须由本人签字"
    return RepresentativeRead(
        id=row.id, party_id=row.party_id, name=name, kind=row.kind, kind_label=row.kind.label,
        may_concede=row.may_concede, told=told,
    )  # fmt: skip


def agreement_read(found: Opened) -> AgreementRead:
    row = found.row
    missing = "、".join(found.waiting_for)
    told = f"还缺：{missing}" if missing else row.state.label
    return AgreementRead(
        id=row.id, number=row.number, title=title_of(row.body), form=row.form, form_label=row.form.label, body=row.body,
        state=row.state, state_label=row.state.label, **found.words,
        terms=[_term(term, what, found) for term, what in found.terms],
        signatures=[
            SignatureRead(
                kind=one.kind, label=one.kind.label, name=found.names.get(one.signer_id, one.kind.label), way=one.way,
                at=one.created_at,
            )
            for one in found.signatures
        ],
        waiting_for=found.waiting_for, effective_at=row.effective_at, confirmation=row.confirmation,
        confirmation_label=row.confirmation.label, court=found.court, told=told, version=row.version,
    )  # fmt: skip


def agreements_read(found: Sequence[Opened]) -> AgreementList:
    return AgreementList(items=[agreement_read(one) for one in found])


def figures_read(found: statistics.Figures) -> DisputeFigures:
    return DisputeFigures(
        first=found.first, last=found.last, total=found.total,
        items=[
            FigureRow(
                by=row.by, label=row.label, count=row.count,
                told=f"{statistics.BY[row.by]}“{row.label}”：{'不显示' if row.count is None else f'{row.count}件'}",
            )
            for row in found.rows
        ],
        told=statistics.told(),
    )  # fmt: skip


def conference_read(held: Held) -> ConferenceRead:
    row, draft = held.row, held.row.state is ConferenceState.DRAFT
    return ConferenceRead(
        id=row.id, title=row.title, held_on=row.held_on, state=row.state, state_label=row.state.label, first=row.first,
        last=row.last,
        agenda=[
            AgendaItem(kind=AgendaKind.of(one["kind"]), kind_label=AgendaKind.of(one["kind"]).label, told=one["told"])
            for one in row.agenda
        ],
        resolutions=[
            ResolutionRead(
                id=one.id, number=one.number, words=one.words, responsible=one.responsible, due_on=one.due_on,
                done=one.id not in held.unfinished,
            )
            for one in held.resolutions
        ],
        reported_to=row.reported_to, reported_on=row.reported_on, version=row.version,
        actions=[Action(action="hold", allowed=draft, reason=None if draft else f"会议当前为“{row.state.label}”")],
    )  # fmt: skip


def conferences_read(found: Sequence[Held], following: str | None) -> ConferenceList:
    return ConferenceList(items=[conference_read(one) for one in found], next_cursor=following)


def _term(term: AgreementTerm, what: str, found: Opened) -> TermRead:
    effective = found.row.state is AgreementState.EFFECTIVE
    done = effective and bool(TERM_NEXT[term.state] - {TermState.BREACHED})
    broken = effective and TermState.BREACHED in TERM_NEXT[term.state]
    why = f"约定当前为“{term.state.label}”" if effective else f"协议当前为“{found.row.state.label}”"
    return TermRead(
        id=term.id, number=term.number, party_id=term.party_id, party_name=found.names[term.party_id],
        to_party_id=term.to_party_id,
        to_party_name=found.names[term.to_party_id] if term.to_party_id is not None else None, what=what,
        amount_fen=term.amount_fen, due_on=term.due_on, state=term.state, state_label=term.state.label,
        done_on=term.done_on, version=term.version,
        actions=[
            Action(action="done", allowed=done, reason=None if done else why),
            Action(action="not-done", allowed=broken, reason=None if broken else why),
        ],
    )  # fmt: skip
