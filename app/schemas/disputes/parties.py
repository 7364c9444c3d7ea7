"""What parties say and show, and who stands for them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.rules.disputes.parties import ConsentWay, RepresentativeKind
from app.schemas.base import Input, Instant, Output, Text, example
from app.schemas.disputes.cases import Words

PARTY = Field(default=None, description="代谁：代表人、承办人填写")
WAY = Field(default=None, description="承办人代为记录时：电话、书面还是当面")
Way = Literal[ConsentWay.PHONE, ConsentWay.PAPER, ConsentWay.PRESENT]


class StatementForm(Input):
    model_config = example({"words": "工资条和考勤都在，8月没有发。", "release": False, "concession": False})

    words: Words
    release: bool = Field(default=False, description="同时向对方出示；不出示的对方看不到")
    concession: bool = Field(default=False, description="为达成协议作的让步：不得作为以后的证据")
    party_id: UUID | None = PARTY
    way: Way | None = WAY


class StatementRead(Output):
    id: UUID
    party_id: UUID
    party_name: str
    mine: bool
    words: str
    concession: bool
    concession_told: str | None
    released: bool
    way: ConsentWay
    created_at: Instant
    version: int


class StatementList(Output):
    items: list[StatementRead]


class EvidenceForm(Input):
    model_config = example({
        "file_id": "0193f0f0-0000-7000-8000-000000000005", "about": "8月考勤表", "release": True,
    })  # fmt: skip

    file_id: UUID = Field(description="先上传，用途为 case_evidence")
    about: Annotated[Text, Field(min_length=1, max_length=200, description="证明什么")]
    release: bool = False
    party_id: UUID | None = PARTY


class EvidenceRead(Output):
    id: UUID
    party_id: UUID
    party_name: str
    mine: bool
    about: str
    released: bool
    url: str | None = Field(description="短时有效的链接；null：文件已不在")
    created_at: Instant
    version: int


class EvidenceList(Output):
    items: list[EvidenceRead]


class RepresentativeForm(Input):
    model_config = example({
        "kind": "elected", "person_id": "0193f0f0-0000-7000-8000-000000000006", "may_concede": False,
    })  # fmt: skip

    kind: RepresentativeKind
    person_id: UUID | None = Field(default=None, description="代理人：已登记的人的编号")
    colleague_id: UUID | None = Field(default=None, description="代表人：同案另一位申请人的 party id")
    may_concede: bool = Field(default=False, description="是否授权代为让步、和解、签协议；不授权的须本人签字")


class RepresentativeRead(Output):
    id: UUID
    party_id: UUID
    name: str
    kind: RepresentativeKind
    kind_label: str
    may_concede: bool
    told: str


class LeaveForm(Input):
    model_config = example({"separate": True})

    separate: bool = Field(default=False, description="退出后另立一案，请求、陈述、证据一并带去")


class LeftRead(Output):
    case_id: UUID
    told: str
    new_case_id: UUID | None
