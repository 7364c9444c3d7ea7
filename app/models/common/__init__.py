"""Tables that all domains share: notices, tasks, code tables, files, reports, share codes."""

from app.models.common.codes import CalendarDay, CodeEntry, CodeTableVersion, OccupationAlias
from app.models.common.files import ContentReview, File, FileUse, MediaCheck, PushEvent
from app.models.common.notices import Call, Notice, NoticeDelivery, SubscriptionCounter, Task
from app.models.common.reports import Report, ShareCode

__all__ = [
    "CalendarDay",
    "Call",
    "CodeEntry",
    "CodeTableVersion",
    "ContentReview",
    "File",
    "FileUse",
    "MediaCheck",
    "Notice",
    "NoticeDelivery",
    "OccupationAlias",
    "PushEvent",
    "Report",
    "ShareCode",
    "SubscriptionCounter",
    "Task",
]
