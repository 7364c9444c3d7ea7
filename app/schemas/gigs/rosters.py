"""A firm's roster and its blocks; what a worker sees of rosters."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Input, Instant, Output, Text, Version, example
from app.schemas.gigs.profiles import Level, SkillRead


class RosterCodeRead(Output):
    code: str = Field(description="As it is: the content of the QR code")
    next_at: Instant = Field(description="Show the next one from then")
    expires_at: Instant


class JoinForm(Input):
    model_config = example({"code": "K7M2P9QRTW"})

    code: Annotated[Text, Field(min_length=8, max_length=80)] = Field(
        description="What was scanned: the code on the firm's screen, or its share code"
    )


class MembershipRead(Output):
    enterprise_id: UUID
    enterprise_name: str
    joined_at: Instant


class RosterItem(Output):
    person_id: UUID
    name: str | None = Field(description="Masked; null where the person has not given one")
    favourite: bool
    active: bool = Field(description="False: wants no work for now")
    skills: list[SkillRead]
    joined_at: Instant
    version: int


class FavouriteForm(Input):
    model_config = example({"favourite": True, "expected_version": 1})

    favourite: bool
    expected_version: Version


class VouchForm(Input):
    """The firm's word for a level it has seen."""

    model_config = example({"level": 3, "expected_version": 1})

    level: Level
    expected_version: Version = Field(description="Of the skill")


class BlockForm(Input):
    model_config = example({"person_id": "019abcde-0000-7000-8000-000000000001", "reason": "多次迟到"})

    person_id: UUID
    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class BlockRead(Output):
    id: UUID
    person_id: UUID
    name: str | None = Field(description="Masked")
    reason: str
    blocked_at: Instant
    flagged: bool = Field(description="Soon after a wage claim: the gigs officer looks at it")
    version: int


class FlaggedBlockRead(Output):
    """What the office looks at."""

    id: UUID
    enterprise_id: UUID
    enterprise_name: str
    name: str | None = Field(description="Masked")
    reason: str
    flagged_days: int = Field(description="Days from the last wage claim to the block")
    blocked_at: Instant
    lifted_at: Instant | None
    version: int


class BlockReviewForm(Input):
    model_config = example({"lift": True, "note": "与讨薪有关，已要求企业改正", "expected_version": 1})

    lift: bool = Field(description="True: the block is taken off; the firm is told the note")
    note: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version
