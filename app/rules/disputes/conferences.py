"""The quarterly joint conference (三（一）2): agenda from the figures, resolutions that are tasks. Pure.

Small cells are suppressed before anything is drafted: an agenda is read by many.
"""

from collections.abc import Mapping, Sequence

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class ConferenceState(Labelled):
    DRAFT = "draft", "准备中"
    HELD = "held", "已召开"


CONFERENCE_NEXT: dict[ConferenceState, frozenset[ConferenceState]] = {
    ConferenceState.DRAFT: frozenset({ConferenceState.HELD}),
    ConferenceState.HELD: frozenset(),
}


class AgendaKind(Labelled):
    UNFINISHED = "unfinished", "上次决议未办结"
    FIGURES = "figures", "突出问题"
    OWN = "own", "其他议题"


FIGURES_AT_MOST = 5


def draft_agenda(unfinished: Sequence[str], counts: Mapping[str, int]) -> list[dict[str, str]]:
    """What is not done first, then the most frequent problems. `counts`: label → shown number, small ones left out."""
    items = [{"kind": AgendaKind.UNFINISHED.value, "told": f"上次决议未办结：{words}"} for words in unfinished]
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:FIGURES_AT_MOST]
    items += [
        {"kind": AgendaKind.FIGURES.value, "told": f"{label}：{count}起，研究共性原因和措施"} for label, count in ranked
    ]
    return items


def check_conference_step(current: ConferenceState, target: ConferenceState) -> None:
    if target not in CONFERENCE_NEXT[current]:
        raise ConferenceStateError(current=current.label, target=target.label)


class ConferenceNotFoundError(NotFoundError):
    code = "conference_not_found"
    message = "没有找到这次联席会议"


class ConferenceStateError(ConflictError):
    code = "conference_state_wrong"
    message = "会议当前为“{current}”，不能变为“{target}”"


class ConferencePeriodError(UnprocessableError):
    code = "conference_period_wrong"
    message = "统计起止日期应先后有序，最长一年"
    field = "last"
