"""Requests and answers of areas, the roster, liaison and enterprises."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.organisation import (
    AreaKind,
    EnterpriseClaimState,
    EnterpriseState,
    LiaisonRole,
    LiaisonState,
    TaskForceRole,
)
from app.schemas.base import Input, Instant, Output, Text, Version, example


class AreaRead(Output):
    id: UUID
    name: str
    kind: AreaKind
    grids: int = Field(description="Number of unit grids; their names are not yet known")


class RosterRead(Output):
    id: UUID
    name: str
    person_id: UUID | None = Field(description="Set once the person has claimed the record")
    task_force_role: TaskForceRole | None
    post: str | None


class LiaisonRead(Output):
    id: UUID
    version: int
    party_organisation: str
    secretary: str
    address: str
    role: LiaisonRole
    state: LiaisonState
    person: str | None = Field(description="null = the printed list leaves the cell blank")
    suggested: str | None = Field(description="An inference from the printed table, to be confirmed; never a fact")
    suggested_id: UUID | None


class LiaisonConfirmForm(Input):
    model_config = example({"roster_person_id": "019abcde-0000-7000-8000-000000000001", "expected_version": 1})

    roster_person_id: UUID
    expected_version: Version


class EnterpriseRead(Output):
    id: UUID
    version: int
    name: str
    state: EnterpriseState
    state_label: str
    address: str | None


class EnterpriseClaimForm(Input):
    model_config = example({"uscc": "91350581MA0000000X", "note": "营业执照原件已在窗口出示"})

    uscc: Annotated[Text, Field(min_length=1, max_length=40)] = Field(
        description="统一社会信用代码, 18 characters (GB 32100-2015)"
    )
    note: Annotated[Text, Field(max_length=200)] = ""


class EnterpriseClaimRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    uscc: str
    note: str
    state: EnterpriseClaimState
    state_label: str
    reason: str | None
    created_at: Instant


class ApproveForm(Input):
    model_config = example({"expected_version": 1})

    expected_version: Version


class ReturnForm(Input):
    model_config = example({"reason": "营业执照名称与登记不符，请携带原件到窗口", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version
