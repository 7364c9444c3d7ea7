"""Postings from a sheet: states of an import, and its errors. Pure; the columns stand in `import_sheet.py`."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class ImportState(Labelled):
    QUEUED = "queued", "排队中"
    READING = "reading", "读取中"
    RUNNING = "running", "导入中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "无法导入"


I = ImportState  # noqa: E741  # one letter keeps the table a table
IMPORT_NEXT: dict[ImportState, frozenset[ImportState]] = {
    I.QUEUED: frozenset({I.READING, I.CANCELLED, I.FAILED}),
    I.READING: frozenset({I.RUNNING, I.CANCELLED, I.FAILED}),
    # Who imports may lose the right to half way.
    I.RUNNING: frozenset({I.DONE, I.CANCELLED, I.FAILED}),
    I.DONE: frozenset(),
    I.CANCELLED: frozenset(),
    I.FAILED: frozenset(),
}
IMPORT_OPEN = frozenset({I.QUEUED, I.READING, I.RUNNING})


class RowState(Labelled):
    WAITING = "waiting", "等待导入"
    DRAFT = "draft", "已存草稿"
    PUBLISHED = "published", "已发布"
    HELD = "held", "待复核"
    REFUSED = "refused", "未导入"


def check_import_transition(current: ImportState, target: ImportState) -> None:
    if target not in IMPORT_NEXT[current]:
        raise ImportStateError(current=current.label, target=target.label)


class ImportNotFoundError(NotFoundError):
    code = "import_not_found"
    message = "没有找到这次导入"


class ImportStateError(ConflictError):
    code = "import_state_wrong"
    message = "这次导入当前为“{current}”，不能变为“{target}”"


class ImportRunningError(ConflictError):
    code = "import_running"
    message = "本企业有一次导入正在进行，请等它完成或取消后再导入"
