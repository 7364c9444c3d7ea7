"""“1+N+X” mediation."""

from app.models.disputes.agreements import (
    AgreementSignature,
    AgreementTerm,
    CaseAgreement,
    Conference,
    ConferenceResolution,
)
from app.models.disputes.cases import CaseDeadline, CaseEvent, CaseNote, DisputeCase, DisputePolicyRow
from app.models.disputes.panel import MediationSession, PanelSeat, SessionAttendance
from app.models.disputes.parties import CaseEvidence, CaseParty, CaseStatement, CaseVote, PartyRepresentative

__all__ = [
    "AgreementSignature",
    "AgreementTerm",
    "CaseAgreement",
    "CaseDeadline",
    "CaseEvent",
    "CaseEvidence",
    "CaseNote",
    "CaseParty",
    "CaseStatement",
    "CaseVote",
    "Conference",
    "ConferenceResolution",
    "DisputeCase",
    "DisputePolicyRow",
    "MediationSession",
    "PanelSeat",
    "PartyRepresentative",
    "SessionAttendance",
]
