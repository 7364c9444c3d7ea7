"""Declarations (职称、等级认定): form, materials, what the outside office says."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.training.declarations import DeclarationKind, DeclarationState
from app.schemas.base import Action, ExpectedVersion, Input, Instant, Output, Text, Version, example

Reason = Annotated[Text, Field(min_length=2, max_length=300)]
FORM = {
    "kind": "level", "occupation_code": "6290101", "target": "中级工",
    "papers": [{"material": "identity", "file_id": "019abcde-0000-7000-8000-000000000001"}],
}  # fmt: skip


class MaterialRead(Output):
    code: str
    label: str
    required: bool
    confirmed: bool = Field(description="false：本镇先列的清单，以受理部门要求为准")
    source: str


class DeclarationKindRead(Output):
    kind: DeclarationKind
    label: str
    materials: list[MaterialRead]


class DeclarationKinds(Output):
    items: list[DeclarationKindRead]


class PaperForm(Input):
    model_config = example({"material": "identity", "file_id": "019abcde-0000-7000-8000-000000000001"})

    material: Annotated[Text, Field(min_length=2, max_length=40, description="材料清单上的编号")]
    file_id: UUID = Field(description="POST /files，purpose 为 declaration_paper")


class DeclarationForm(Input):
    model_config = example(FORM)

    kind: DeclarationKind
    occupation_code: Annotated[Text, Field(min_length=1, max_length=20)]
    target: Annotated[Text, Field(min_length=2, max_length=40, description="申报的职称或等级")]
    papers: Annotated[list[PaperForm], Field(max_length=30)] = Field(default_factory=list)


class DeclarationUpdate(DeclarationForm):
    model_config = example(FORM | {"expected_version": 1})

    expected_version: Version


class DeclarationReturnForm(ExpectedVersion):
    model_config = example({"reason": "工作年限证明没有盖章", "expected_version": 3})

    reason: Reason


class ForwardForm(ExpectedVersion):
    model_config = example(
        {"office": "石狮市人力资源和社会保障局", "number": "石人社受2026-0123", "expected_version": 3}
    )

    office: Annotated[Text, Field(min_length=2, max_length=80)]
    number: Annotated[Text, Field(min_length=2, max_length=60, description="外部受理号")]


class OutcomeForm(ExpectedVersion):
    model_config = example({"passed": True, "reason": None, "expected_version": 4})

    passed: bool
    reason: Reason | None = Field(default=None, description="未通过的，受理部门给的理由")


class PaperRead(Output):
    material: str
    label: str
    file_id: UUID


class DeclarationRead(Output):
    id: UUID
    person_id: UUID
    person_name: str | None
    kind: DeclarationKind
    kind_label: str
    occupation_code: str
    target: str
    state: DeclarationState
    state_label: str
    papers: list[PaperRead]
    missing: list[str] = Field(description="清单上必须而还没有的材料")
    outside_office: str | None
    outside_number: str | None
    forwarded_at: Instant | None
    reason: str | None
    created_at: Instant
    version: int
    actions: list[Action]
