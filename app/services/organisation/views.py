"""From rows to answers: enterprises and their claims."""

from app.models.organisation import Enterprise, EnterpriseClaim
from app.schemas.organisation import EnterpriseClaimRead, EnterpriseRead


def enterprise_read(row: Enterprise) -> EnterpriseRead:
    return EnterpriseRead.model_validate(row.model_dump() | {"state_label": row.state.label})


def claim_read(row: EnterpriseClaim, enterprise_name: str) -> EnterpriseClaimRead:
    return EnterpriseClaimRead.model_validate(
        row.model_dump() | {"enterprise_name": enterprise_name, "state_label": row.state.label}
    )
