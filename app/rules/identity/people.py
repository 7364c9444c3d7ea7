"""People as records: their state, merging two records of one human, looking one up. Pure."""

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class PersonState(Labelled):
    ACTIVE = "active", "正常"
    DISABLED = "disabled", "已停用"
    MERGED = "merged", "已并入另一份档案"
    DELETED = "deleted", "已注销"


P = PersonState
PERSON_NEXT: dict[PersonState, frozenset[PersonState]] = {
    P.ACTIVE: frozenset({P.DISABLED, P.MERGED, P.DELETED}),
    P.DISABLED: frozenset({P.ACTIVE, P.MERGED}),
    P.MERGED: frozenset(),
    P.DELETED: frozenset(),
}


def check_person_transition(current: PersonState, target: PersonState) -> None:
    if target not in PERSON_NEXT[current]:
        raise PersonStateError(current=current.label, target=target.label)


class PersonalField(Labelled):
    """A value that a reveal can name."""

    NAME = "name", "姓名"
    PHONE = "phone", "手机号"
    ID_NUMBER = "id_number", "身份证号"
    BIRTH_DATE = "birth_date", "出生日期"


class RevealReason(Labelled):
    """Why a full value is needed: a choice, so that the log holds no personal words."""

    CONTACT = "contact", "联系本人办理业务"
    VERIFY = "verify", "核对身份"
    REPORT = "report", "处理举报"
    CALL = "call", "致电通知"
    MEDIATION = "mediation", "调解纠纷"
    EMERGENCY = "emergency", "紧急情况"


class PersonNotFoundError(UnprocessableError):
    code = "person_not_found"
    message = "没有找到这个人，请先让本人登录并认领名册记录"
    field = "person_id"


class PersonInvisibleError(NotFoundError):
    code = "person_invisible"
    message = "没有找到这个人"


class PersonStateError(ConflictError):
    code = "person_state_wrong"
    message = "这个人当前为“{current}”，不能变为“{target}”"


class MergeSelfError(UnprocessableError):
    code = "merge_with_itself"
    message = "不能把一份档案并入它自己"
    field = "into"


class MergeConflictError(ConflictError):
    """Two records that are visibly two people."""

    code = "merge_conflict"
    message = "两份档案的{what}不同，看来不是同一个人；如确为同一人，请先由本人改正"


class NothingToRevealError(UnprocessableError):
    code = "nothing_to_reveal"
    message = "这个人没有登记{what}，请去掉后再查看"
    field = "fields"
