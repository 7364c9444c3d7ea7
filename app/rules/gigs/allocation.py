"""Runs of the allocation: states, errors. Pure; the engine is `matching/allocation`."""

from app.core.errors import ConflictError
from app.core.labels import Labelled


class RunState(Labelled):
    QUEUED = "queued", "排队"
    RUNNING = "running", "计算中"
    # Solved: a person of the firm or the office looks at the plan before it is published.
    READY = "ready", "方案待发布"
    PUBLISHED = "published", "已发布"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "失败"


class PinKind(Labelled):
    PIN = "pin", "指定"
    BAN = "ban", "排除"


class ProposalState(Labelled):
    PROPOSED = "proposed", "待培训接收"
    TAKEN = "taken", "已转为点单"


R = RunState
NEXT: dict[RunState, frozenset[RunState]] = {
    R.QUEUED: frozenset({R.RUNNING, R.CANCELLED, R.FAILED}),
    # A worker that died: the run is taken up again from its instant plan.
    R.RUNNING: frozenset({R.QUEUED, R.READY, R.CANCELLED, R.FAILED}),
    R.READY: frozenset({R.PUBLISHED, R.CANCELLED}),
    R.PUBLISHED: frozenset(),
    R.CANCELLED: frozenset(),
    R.FAILED: frozenset(),
}


def check_run_step(current: RunState, target: RunState) -> None:
    if target not in NEXT[current]:
        raise RunStateError(current=current.label, target=target.label)


class RunStateError(ConflictError):
    code = "allocation_run_state_wrong"
    message = "这次配工当前为“{current}”，不能变为“{target}”"
