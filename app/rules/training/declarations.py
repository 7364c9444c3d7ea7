"""Declarations (职称评聘、等级认定申报): materials, the town's check, what the outside office says. Pure."""

from collections.abc import Collection, Iterable

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class DeclarationKind(Labelled):
    TITLE = "title", "职称评聘"
    LEVEL = "level", "职业技能等级认定"


class DeclarationState(Labelled):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已提交"
    CHECKED = "checked", "已初核"
    RETURNED = "returned", "退回补正"
    FORWARDED = "forwarded", "已转报"
    PASSED = "passed", "通过"
    FAILED = "failed", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"


S = DeclarationState
DECLARATION_NEXT: dict[DeclarationState, frozenset[DeclarationState]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.CHECKED, S.WITHDRAWN}),
    S.CHECKED: frozenset({S.RETURNED, S.FORWARDED, S.WITHDRAWN}),
    S.RETURNED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    # From here on the outside office has it.
    S.FORWARDED: frozenset({S.PASSED, S.FAILED}),
    S.PASSED: frozenset(),
    S.FAILED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
EDITABLE = frozenset({S.DRAFT, S.RETURNED})
OPEN = frozenset(DeclarationState) - {S.PASSED, S.FAILED, S.WITHDRAWN}


def check_declaration(current: DeclarationState, target: DeclarationState) -> None:
    if target not in DECLARATION_NEXT[current]:
        raise DeclarationStateError(current=current.label, target=target.label)


def check_editable(state: DeclarationState) -> None:
    if state not in EDITABLE:
        raise DeclarationNotEditableError(state=state.label)


def check_materials(required: Iterable[tuple[str, str]], given: Collection[str]) -> None:
    """`required`: code and label of what must be there."""
    missing = [label for code, label in required if code not in given]
    if missing:
        raise MaterialsMissingError(missing="、".join(missing))


class DeclarationNotFoundError(NotFoundError):
    code = "declaration_not_found"
    message = "没有找到这份申报"


class DeclarationStateError(ConflictError):
    code = "declaration_state_wrong"
    message = "申报当前为“{current}”，不能变为“{target}”"


class DeclarationNotEditableError(ConflictError):
    code = "declaration_not_editable"
    message = "申报当前为“{state}”，不能修改；退回补正后可以修改"


class DeclarationOpenError(ConflictError):
    code = "declaration_open"
    message = "您已有一份同样的申报在办理中"


class MaterialUnknownError(UnprocessableError):
    code = "material_unknown"
    message = "“{given}”不在材料清单上，请按清单上传"
    field = "materials"


class MaterialsMissingError(UnprocessableError):
    code = "materials_missing"
    message = "还缺材料：{missing}"
    field = "materials"
