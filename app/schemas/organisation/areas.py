"""Requests and answers of areas, grids, the roster and liaison."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.organisation import AreaKind, LiaisonRole, LiaisonState, TaskForceRole
from app.schemas.base import Input, Output, Text, Version, example


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


class GridRead(Output):
    id: UUID
    version: int
    area_name: str
    number: int
    name: str | None = Field(description="null: the plan gives none; a task waits for it")
    leader_name: str | None


class GridForm(Input):
    model_config = example(
        {"name": "塘后村第一网格", "leader_id": "019abcde-0000-7000-8000-000000000001", "expected_version": 1}
    )

    name: Annotated[Text, Field(min_length=2, max_length=60)]
    leader_id: UUID | None = Field(default=None, description="A record of the roster")
    expected_version: Version


class PartyOrganisationRead(Output):
    id: UUID
    version: int
    seq: int = Field(description="Row of annex 2")
    name: str
    secretary: str
    address: str
    secretary_phone: str | None = Field(
        description="null: the public list leaves the column empty; a task waits for it"
    )


class SecretaryPhoneForm(Input):
    model_config = example({"phone": "0595-88000000", "expected_version": 1})

    phone: Annotated[Text, Field(min_length=5, max_length=20)]
    expected_version: Version
