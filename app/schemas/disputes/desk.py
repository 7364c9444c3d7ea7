"""The manager's steps."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.disputes.cases import CaseCause, CaseKind, EndReason, MediationBody, Route
from app.rules.disputes.log import Interruption
from app.rules.disputes.parties import CaseSide
from app.schemas.base import ExpectedVersion, Fen, example
from app.schemas.disputes.cases import RESPONDENT, CasePartyForm, Claim, Reason


class ScreenCaseForm(ExpectedVersion):
    model_config = example({"cause": "unpaid", "expected_version": 2})

    cause: CaseCause = Field(description="事由，只用于统计")


class AdviseOutForm(ExpectedVersion):
    model_config = example({"reason": "对方在外省，调解组织无法处理", "routes": ["inspection"], "expected_version": 3})

    reason: Reason
    routes: Annotated[list[Route], Field(min_length=1, max_length=5)]


class AcceptCaseForm(ExpectedVersion):
    model_config = example({"mediation_body": "people", "expected_version": 3})

    mediation_body: MediationBody


class ChangeKindForm(ExpectedVersion):
    model_config = example({"kind": "platform_work", "reason": "没有劳动合同，按平台协议接单", "expected_version": 3})

    kind: CaseKind
    reason: Reason


class CaseFactsForm(ExpectedVersion):
    """The whole form: what is left empty is unknown."""

    model_config = example({
        "area_id": None, "grid_id": None, "known_on": "2026-09-16", "employed": False,
        "employment_ended_on": "2026-10-31", "injured": False, "expected_version": 3,
    })  # fmt: skip

    area_id: UUID | None = Field(default=None, description="在哪个村、园区")
    grid_id: UUID | None = Field(default=None, description="在哪个网格")
    known_on: date | None = None
    employed: bool | None = None
    employment_ended_on: date | None = None
    injured: bool = False


class AssignManagerForm(ExpectedVersion):
    model_config = example({
        "person_id": "0193f0f0-0000-7000-8000-000000000003", "reason": "休假移交", "expected_version": 4,
    })  # fmt: skip

    person_id: UUID = Field(description="另一位调解受理员")
    reason: Reason


class AbsorbForm(ExpectedVersion):
    model_config = example({"case_ids": ["0193f0f0-0000-7000-8000-000000000004"], "expected_version": 3})

    case_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class AddPartyForm(ExpectedVersion):
    model_config = example({"side": "respondent", "party": RESPONDENT, "expected_version": 3})

    side: CaseSide
    party: CasePartyForm
    claim: Claim | None = None
    claim_fen: Fen | None = None


class ReasonForm(ExpectedVersion):
    model_config = example({"reason": "等待伤残鉴定结论", "expected_version": 9})

    reason: Reason


class EndCaseForm(ReasonForm):
    model_config = example({"end_reason": "far_apart", "reason": "双方差距过大", "expected_version": 9})

    end_reason: EndReason


class ExtendForm(ExpectedVersion):
    model_config = example({"days": 15, "reason": "等待账目核对", "expected_version": 9})

    days: Annotated[int, Field(strict=True, ge=1, le=365, description="延长几日；各方都同意才延长")]
    reason: Reason


class InterruptForm(ExpectedVersion):
    model_config = example({"ground": "promise", "on": "2026-10-08", "expected_version": 5})

    ground: Interruption
    on: date = Field(description="哪一天")


class WithdrawCaseForm(ExpectedVersion):
    model_config = example({"expected_version": 3})


class FollowUpForm(ReasonForm):
    model_config = example({"reason": "已电话回访：协议履行完毕，双方没有新的争议", "expected_version": 20})
