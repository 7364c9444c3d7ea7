"""Tables of identity: people, sessions, staff, privacy and audit."""

from app.models.identity.people import Person, WechatIdentity
from app.models.identity.privacy import (
    AssistedAct,
    AuditEntry,
    AuditHead,
    Consent,
    OwnCode,
    Representation,
    RetainedRecord,
)
from app.models.identity.sessions import (
    ConsoleAccount,
    ConsoleDevice,
    LoginCode,
    LoginSession,
    RefreshToken,
    SignInGuard,
)
from app.models.identity.staff import Appointment, ClaimCode

__all__ = [
    "Appointment",
    "AssistedAct",
    "AuditEntry",
    "AuditHead",
    "ClaimCode",
    "Consent",
    "ConsoleAccount",
    "ConsoleDevice",
    "LoginCode",
    "LoginSession",
    "OwnCode",
    "Person",
    "RefreshToken",
    "Representation",
    "RetainedRecord",
    "SignInGuard",
    "WechatIdentity",
]
