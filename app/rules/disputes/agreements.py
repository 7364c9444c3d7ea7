"""Agreements: versions, signatures, effect, performance, judicial confirmation. Pure.

人民调解法 第二十八条 (oral: the mediator records it), 第二十九条 (what a written one says: parties; facts, issues and
responsibility; content, manner and time of performance; in effect when all parties and the mediator have signed and the
seal is set), 第三十三条 (joint application for confirmation within 30 days of effect). Without a mediation body it is a
和解协议 and has no window.
"""

from collections.abc import Iterable
from datetime import date

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.disputes.cases import MediationBody


class AgreementForm(Labelled):
    ORAL = "oral", "口头协议"
    WRITTEN = "written", "书面协议"


class AgreementState(Labelled):
    SIGNING = "signing", "签署中"
    EFFECTIVE = "effective", "已生效"
    REPLACED = "replaced", "已被新版本代替"
    ABANDONED = "abandoned", "未能签成"


A = AgreementState
AGREEMENT_NEXT: dict[AgreementState, frozenset[AgreementState]] = {
    A.SIGNING: frozenset({A.EFFECTIVE, A.REPLACED, A.ABANDONED}),
    A.EFFECTIVE: frozenset(),
    A.REPLACED: frozenset(),
    A.ABANDONED: frozenset(),
}


class SignerKind(Labelled):
    PARTY = "party", "当事人"
    MEDIATOR = "mediator", "调解员"
    SEAL = "seal", "调解组织印章"


class TermState(Labelled):
    """One promise of an agreement. Who says that it was done is part of the fact."""

    DUE = "due", "待履行"
    CLAIMED = "claimed", "义务人称已履行"
    PERFORMED = "performed", "已履行"
    BREACHED = "breached", "逾期未履行"
    REMEDIED = "remedied", "逾期后已补履行"


T = TermState
TERM_NEXT: dict[TermState, frozenset[TermState]] = {
    T.DUE: frozenset({T.CLAIMED, T.PERFORMED, T.BREACHED}),
    T.CLAIMED: frozenset({T.PERFORMED, T.BREACHED, T.DUE}),
    T.BREACHED: frozenset({T.REMEDIED}),
    T.PERFORMED: frozenset(),
    T.REMEDIED: frozenset(),
}
DONE = frozenset({T.PERFORMED, T.REMEDIED})


class ConfirmationState(Labelled):
    NONE = "none", "不适用"
    WINDOW = "window", "可以共同申请"
    APPLIED = "applied", "已申请"
    CONFIRMED = "confirmed", "法院已确认"
    REFUSED = "refused", "法院未予确认"
    LAPSED = "lapsed", "期限已过"


F = ConfirmationState
CONFIRMATION_NEXT: dict[ConfirmationState, frozenset[ConfirmationState]] = {
    F.NONE: frozenset(),
    F.WINDOW: frozenset({F.APPLIED, F.LAPSED}),
    F.APPLIED: frozenset({F.CONFIRMED, F.REFUSED}),
    F.CONFIRMED: frozenset(),
    F.REFUSED: frozenset(),
    F.LAPSED: frozenset(),
}
TITLES = {
    MediationBody.PEOPLE: "人民调解协议书",
    MediationBody.LABOUR: "劳动争议调解协议书",
    MediationBody.NONE: "和解协议书",
}


def title_of(body: MediationBody) -> str:
    return TITLES[body]


def has_window(body: MediationBody, form: AgreementForm) -> bool:
    return body is not MediationBody.NONE and form is AgreementForm.WRITTEN


def needs_seal(body: MediationBody) -> bool:
    """A settlement without a mediation body has no seal to wait for."""
    return body is not MediationBody.NONE


def check_agreement_step(current: AgreementState, target: AgreementState) -> None:
    if target not in AGREEMENT_NEXT[current]:
        raise AgreementStateError(current=current.label, target=target.label)


def check_term_step(current: TermState, target: TermState) -> None:
    if target not in TERM_NEXT[current]:
        raise TermStateError(current=current.label, target=target.label)


def check_confirmation_step(current: ConfirmationState, target: ConfirmationState) -> None:
    if target not in CONFIRMATION_NEXT[current]:
        raise ConfirmationStateError(current=current.label, target=target.label)


def check_terms_dates(dates: Iterable[date], today: date) -> None:
    if any(day < today for day in dates):
        raise TermDateError


class AgreementNotFoundError(NotFoundError):
    code = "case_agreement_not_found"
    message = "没有找到这份协议"


class AgreementStateError(ConflictError):
    code = "case_agreement_state_wrong"
    message = "协议当前为“{current}”，不能变为“{target}”"


class TermNotFoundError(NotFoundError):
    code = "agreement_term_not_found"
    message = "没有找到这项约定"


class TermStateError(ConflictError):
    code = "agreement_term_state_wrong"
    message = "这项约定当前为“{current}”，不能变为“{target}”"


class TermDateError(UnprocessableError):
    code = "agreement_term_date_wrong"
    message = "履行日期不能早于今天；每一项约定都要有履行日期"
    field = "terms"


class TermPartyError(UnprocessableError):
    code = "agreement_term_party_wrong"
    message = "履行的一方须是本案在案的当事人"
    field = "terms"


class SignedAlreadyError(ConflictError):
    code = "agreement_signed"
    message = "已经签过"


class MediatorSignsError(ConflictError):
    code = "mediator_signs"
    message = "这个位置由就位的调解员本人签字"


class MustSignThemselvesError(ConflictError):
    """劳动争议调解仲裁法 第七条 with the civil rule on representatives: conceding needs each one's own authority."""

    code = "concession_authority_missing"
    message = "代表人没有得到这位当事人的让步授权，须由本人签字"


class NotBreachedYetError(ConflictError):
    code = "agreement_term_not_due"
    message = "履行期限到{until}，还没有到期"


class ConfirmationStateError(ConflictError):
    code = "confirmation_state_wrong"
    message = "司法确认当前为“{current}”，不能变为“{target}”"


class ConfirmationWindowError(ConflictError):
    code = "confirmation_window_over"
    message = "协议生效满30日，不能再申请司法确认；可以就协议的履行向人民法院起诉"


class RecipientConfirmsError(ConflictError):
    code = "recipient_confirms"
    message = "权利人已登记，由权利人确认是否履行"


class TermDoneDateError(UnprocessableError):
    code = "agreement_term_done_on_wrong"
    message = "履行的日期不能晚于今天"
    field = "done_on"
