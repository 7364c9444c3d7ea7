"""Answers of configuration, dictionary, policies and health."""

from pydantic import Field

from app.rules.common.files import FileKind, FilePurpose
from app.rules.identity.apps import WechatApp
from app.rules.identity.consents import ConsentPurpose
from app.schemas.base import Labelled, Output


class UploadPurpose(Output):
    purpose: FilePurpose
    label: str
    kinds: list[FileKind]
    public: bool = Field(description="Shown to strangers once it is ready")


class Limits(Output):
    body_bytes: int
    page_size: int
    upload_bytes: int
    image_pixels: int
    pdf_pages: int
    sheet_rows: int


class ConfigRead(Output):
    app: WechatApp
    app_name: str
    least_client_version: str = Field(description="Older clients ask to be updated")
    policy_versions: dict[str, str] = Field(description="Purpose → version of the text to be agreed to")
    representation_text: str = Field(description="To be read to the person before somebody acts for them")
    representation_text_version: str
    templates: dict[str, str] = Field(description="Scene → WeChat template id for wx.requestSubscribeMessage")
    limits: Limits
    uploads: list[UploadPurpose]
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


class PolicyRead(Output):
    purpose: ConsentPurpose
    label: str
    version: str
    sensitive: bool
    text: str = Field(description="Markdown, Chinese: what for, what, how long, how to withdraw")


class HealthRead(Output):
    status: str
    migration: str | None = Field(description="Revision of the database, null for /livez")
