"""Requests and answers of configuration, dictionary, notices and tasks."""

from uuid import UUID

from pydantic import Field

from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.identity.apps import WechatApp
from app.schemas.base import Instant, Labelled, Output


class Limits(Output):
    body_bytes: int
    page_size: int


class ConfigRead(Output):
    app: WechatApp
    app_name: str
    least_client_version: str = Field(description="Older clients ask to be updated")
    policy_versions: dict[str, str] = Field(description="Purpose → version of the text to be agreed to")
    templates: dict[str, str] = Field(description="Scene → WeChat template id for wx.requestSubscribeMessage")
    limits: Limits
    features: list[str] = Field(description="Domains that answer in this release")
    hotline: str | None


class CodeTable(Output):
    name: str
    revision: str


class DictionaryRead(Output):
    enums: dict[str, list[Labelled]] = Field(description="Every enumeration of the API, in display order")
    code_tables: list[CodeTable]


class CodeRead(Output):
    code: str
    name: str
    parent: str | None
    level: int
    ours: bool = Field(description="True where the code is finer than the published standard")


class CodeTableRead(Output):
    name: str
    revision: str
    items: list[CodeRead]


class OccupationHit(Output):
    code: str
    name: str
    matched: str = Field(description="The alias or name that matched")


class OccupationHits(Output):
    items: list[OccupationHit]


class NoticeRead(Output):
    id: UUID
    kind: NoticeKind
    title: str
    body: str
    page: str
    created_at: Instant
    read: bool


class TaskRead(Output):
    id: UUID
    kind: TaskKind
    kind_label: str
    subject_id: UUID
    title: str
    created_at: Instant
    due_at: Instant | None


class HealthRead(Output):
    status: str
    migration: str | None = Field(description="Revision of the database, null for /livez")
