"""From rows to answers: grids, enterprises, claims, suspensions, members."""

from collections.abc import Sequence

from app.core.crypto import Crypto
from app.models.organisation import (
    Enterprise,
    EnterpriseClaim,
    EnterpriseLicence,
    EnterpriseSuspension,
    Grid,
    PartyOrganisation,
)
from app.schemas.organisation.areas import GridRead, PartyOrganisationRead
from app.schemas.organisation.enterprises import (
    EnterpriseClaimRead,
    EnterpriseDetailsRead,
    EnterpriseRead,
    LicenceRead,
    MemberRead,
    SuspensionRead,
)
from app.services.organisation.enterprises import label_of
from app.services.organisation.members import Member
from app.services.organisation.registration import EnterpriseDetails
from app.services.organisation.suspensions import opened


def grid_read(row: Grid, area: str, leader: str | None) -> GridRead:
    return GridRead(
        id=row.id, version=row.version, area_name=area, number=row.number, name=row.name, leader_name=leader
    )


def party_read(row: PartyOrganisation, secretary: str) -> PartyOrganisationRead:
    return PartyOrganisationRead.model_validate(row.model_dump() | {"secretary": secretary})


def enterprise_read(row: Enterprise, licences: Sequence[EnterpriseLicence]) -> EnterpriseRead:
    return EnterpriseRead.model_validate(
        row.model_dump() | {"state_label": row.state.label, "label": label_of(row, licences)}
    )


def licence_read(row: EnterpriseLicence) -> LicenceRead:
    return LicenceRead(
        kind=row.kind, kind_label=row.kind.label, number=row.number, valid_to=row.valid_to, file_id=row.file_id,
        verified=row.verified_at is not None,
    )  # fmt: skip


def details_read(details: EnterpriseDetails) -> EnterpriseDetailsRead:
    row = details.enterprise
    return EnterpriseDetailsRead.model_validate(
        row.model_dump()
        | {
            "state_label": row.state.label,
            "label": label_of(row, details.licences),
            "handler": details.handler,
            "licences": [licence_read(licence) for licence in details.licences],
            "file_ids": list(details.file_ids),
        }
    )


def claim_read(row: EnterpriseClaim, enterprise_name: str) -> EnterpriseClaimRead:
    return EnterpriseClaimRead.model_validate(
        row.model_dump()
        | {"enterprise_name": enterprise_name, "state_label": row.state.label, "role_label": row.role.label}
    )


def suspension_read(crypto: Crypto, row: EnterpriseSuspension) -> SuspensionRead:
    return SuspensionRead(
        id=row.id, version=row.version, enterprise_id=row.enterprise_id, state=row.state, state_label=row.state.label,
        basis=row.basis, suspended_at=row.created_at, appealed_at=row.appealed_at, answered_at=row.answered_at,
        **opened(crypto, row),
    )  # fmt: skip


def member_read(member: Member) -> MemberRead:
    row = member.appointment
    return MemberRead(
        appointment_id=row.id, version=row.version, person_id=row.person_id, name=member.name, role=row.role,
        role_label=row.role.label, valid_from=row.valid_from, valid_to=row.valid_to,
    )  # fmt: skip
