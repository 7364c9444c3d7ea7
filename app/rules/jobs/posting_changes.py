"""Changes to the dated rows of the posting rules: one person of the office proposes, another confirms. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

# A context is plain words; signs of a regular expression would let one row stop every check.
SIGNS = frozenset("\\^$*+?{}[]()|.<>")


class PolicyKey(StrEnum):
    """The numbers that the office sets by dated rows (`seeds/posting_policies.csv`)."""

    APPEAL_WORKDAYS = "appeal_workdays"
    ANSWER_WORKDAYS = "answer_workdays"
    SAMPLE_ONE_IN = "sample_one_in"
    SAMPLE_WORKDAYS = "sample_workdays"


# Until the rows are loaded; the rows are what counts.
HOUSE_POLICIES: dict[PolicyKey, int] = {
    PolicyKey.APPEAL_WORKDAYS: 5,
    PolicyKey.ANSWER_WORKDAYS: 5,
    PolicyKey.SAMPLE_ONE_IN: 10,
    PolicyKey.SAMPLE_WORKDAYS: 5,
}


class ChangeKind(Labelled):
    ADD_RULE = "add_rule", "新增规则"
    ADD_TERM = "add_term", "新增词条"
    END_RULE = "end_rule", "停用规则"
    END_TERM = "end_term", "停用词条"


class ChangeState(Labelled):
    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已生效"
    REFUSED = "refused", "未通过"


C = ChangeState
CHANGE_NEXT: dict[ChangeState, frozenset[ChangeState]] = {
    C.PROPOSED: frozenset({C.CONFIRMED, C.REFUSED}),
    C.CONFIRMED: frozenset(),
    C.REFUSED: frozenset(),
}


def check_change_transition(current: ChangeState, target: ChangeState) -> None:
    if target not in CHANGE_NEXT[current]:
        raise ChangeStateError(current=current.label)


def check_period(effective_from: date, effective_to: date | None, today: date) -> None:
    """What was lawful yesterday stays so: a row begins today at the earliest, and ends after it begins."""
    if effective_from < today:
        raise ChangePeriodError
    if effective_to is not None and effective_to < effective_from:
        raise ChangePeriodError


def check_words(words: Iterable[str]) -> None:
    for word in words:
        if not SIGNS.isdisjoint(word):
            raise ChangeWordError(word=word)


def contexts(unless: Sequence[str]) -> str:
    """Plain contexts as the alternatives of a term's `unless`."""
    return "|".join(unless)


class ChangeNotFoundError(NotFoundError):
    code = "posting_change_not_found"
    message = "没有找到这项规则变更"


class ChangeStateError(ConflictError):
    code = "posting_change_state_wrong"
    message = "这项规则变更当前为“{current}”，不能再处理"


class ChangeTargetError(UnprocessableError):
    code = "posting_change_target_unknown"
    message = "没有找到要停用的规则或词条，或它已经停用"
    field = "target_id"


class ChangePeriodError(UnprocessableError):
    code = "posting_change_period_wrong"
    message = "生效日期不能早于今天，停用日期不能早于生效日期"
    field = "effective_from"


class ChangeWordError(UnprocessableError):
    code = "posting_change_word_wrong"
    message = "“{word}”只能写普通的字词，不能含有表达式符号"
    field = "pattern"


class ChangeExistsError(ConflictError):
    code = "posting_change_exists"
    message = "同一天生效的同样一条已经存在"
