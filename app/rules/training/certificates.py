"""Certificates: who gets one, its number, what a stranger may check, how it ends. Pure."""

from datetime import date
from typing import Final

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.training.attendance import share_of
from app.rules.training.courses import PassBy

# 10 of 32 signs: 2^50 numbers, so that 10,000 guesses find one of 1,000 with a chance of 1 in 10^8.
NUMBER_SIGNS: Final = 10
PREFIX: Final = "BGPX"
HIGHEST_SCORE: Final = 100


class CertificateState(Labelled):
    ELIGIBLE = "eligible", "可发证"
    ISSUED = "issued", "有效"
    REVOKED = "revoked", "已撤销"
    SUPERSEDED = "superseded", "已换发"


S = CertificateState
CERTIFICATE_NEXT: dict[CertificateState, frozenset[CertificateState]] = {
    S.ELIGIBLE: frozenset({S.ISSUED}),
    S.ISSUED: frozenset({S.REVOKED, S.SUPERSEDED}),
    S.REVOKED: frozenset(),
    S.SUPERSEDED: frozenset(),
}


def check_certificate(current: CertificateState, target: CertificateState) -> None:
    if target not in CERTIFICATE_NEXT[current]:
        raise CertificateStateError(current=current.label, target=target.label)


def check_score(score: int | None, pass_by: PassBy) -> None:
    """0–100; a course that is passed by its hours has none."""
    if pass_by is PassBy.ASSESSMENT and score is None:
        raise ScoreMissingError
    if score is not None and not 0 <= score <= HIGHEST_SCORE:
        raise ScoreScaleError(most=HIGHEST_SCORE)


def has_passed(
    *, minutes: int, whole: int, least_share: int, pass_by: PassBy, score: int | None, pass_score: int
) -> tuple[bool, str]:
    """Whether, and the sentence with the numbers that say why."""
    share = share_of(minutes, whole)
    told = f"学时{minutes}分钟，占{share}%（要求{least_share}%）"
    enough = share >= least_share
    if pass_by is PassBy.ASSESSMENT:
        told += f"，考核{score}分（要求{pass_score}分）"
        enough = enough and score is not None and score >= pass_score
    return enough, told


def number_of(year: int, signs: str) -> str:
    return f"{PREFIX}{year}-{signs[:5]}-{signs[5:]}"


def holds_on(valid_to: date | None, today: date) -> bool:
    return valid_to is None or today <= valid_to


class CertificateNotFoundError(NotFoundError):
    code = "certificate_not_found"
    message = "没有这个编号的证书，请核对编号"


class CertificateStateError(ConflictError):
    code = "certificate_state_wrong"
    message = "证书当前为“{current}”，不能变为“{target}”"


class ClassNotCompletedError(ConflictError):
    code = "class_not_completed"
    message = "培训班结班之后才能发证"


class NoCertificateError(ConflictError):
    code = "course_without_certificate"
    message = "这门课程不发证书"


class CertificateNameError(ConflictError):
    code = "certificate_name_missing"
    message = "有{count}位合格学员没有填写姓名或姓名待复核，补全后再发证"


class ScoreScaleError(UnprocessableError):
    code = "score_scale"
    message = "分数应在0到{most}之间"
    field = "score"


class ScoreMissingError(UnprocessableError):
    code = "score_missing"
    message = "这门课程要考核，请填写分数"
    field = "score"


class OwnCertificateError(ConflictError):
    code = "own_certificate"
    message = "不能给自己发证、换证或撤证，请由另一位专员办理"
