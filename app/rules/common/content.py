"""Checks of what people publish: verdicts of WeChat and of the second person. Pure."""

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class Verdict(Labelled):
    PASS = "pass", "通过"  # WeChat's word
    REVIEW = "review", "需人工复核"
    RISKY = "risky", "违规"


class ContentKind(Labelled):
    IMAGE = "image", "图片"
    TEXT = "text", "文字"


class ReviewState(Labelled):
    OPEN = "open", "待复核"
    APPROVED = "approved", "复核通过"
    REFUSED = "refused", "复核不通过"


REVIEW_NEXT: dict[ReviewState, frozenset[ReviewState]] = {
    ReviewState.OPEN: frozenset({ReviewState.APPROVED, ReviewState.REFUSED}),
    ReviewState.APPROVED: frozenset(),
    ReviewState.REFUSED: frozenset(),
}


def check_review_transition(current: ReviewState, target: ReviewState) -> None:
    if target not in REVIEW_NEXT[current]:
        raise ReviewStateError(current=current.label)


class TextRiskyError(UnprocessableError):
    """Names each field that WeChat's content check refuses."""

    code = "text_risky"
    message = "文字内容未通过安全检查，请修改后再提交"


class ReviewNotFoundError(NotFoundError):
    code = "review_not_found"
    message = "没有找到这条待复核内容"


class ReviewStateError(ConflictError):
    code = "review_state_wrong"
    message = "这条内容已经复核过，当前为“{current}”"
