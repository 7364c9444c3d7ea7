"""Declarations: from rows to answers."""

from collections.abc import Mapping, Sequence

from app.models.training import DeclarationMaterial
from app.rules.identity.roles import Actor
from app.rules.training.declarations import DECLARATION_NEXT, DeclarationKind, DeclarationState
from app.schemas.base import Action
from app.schemas.training.declarations import (
    DeclarationKindRead,
    DeclarationKinds,
    DeclarationRead,
    MaterialRead,
    PaperRead,
)
from app.services.training.declarations import MANAGE, Opened

S = DeclarationState
OWN = {S.SUBMITTED: "submit", S.WITHDRAWN: "withdraw"}
OFFICE = {S.CHECKED: "check", S.RETURNED: "return", S.FORWARDED: "forward", S.PASSED: "outcome"}


def kinds_read(found: Mapping[DeclarationKind, Sequence[DeclarationMaterial]]) -> DeclarationKinds:
    return DeclarationKinds(
        items=[
            DeclarationKindRead(
                kind=kind, label=kind.label,
                materials=[
                    MaterialRead(
                        code=one.code, label=one.label, required=one.required, confirmed=one.confirmed, source=one.source
                    )
                    for one in rows
                ],
            )
            for kind, rows in found.items()
        ]
    )  # fmt: skip


def declaration_read(found: Opened, actor: Actor) -> DeclarationRead:
    row = found.row
    mine = row.person_id == actor.person_id
    labels = {one.code: one.label for one in found.materials}
    given = {paper.material for paper in found.papers}
    verbs = OWN if mine else OFFICE if actor.town_wide(MANAGE) else {}
    return DeclarationRead(
        id=row.id, person_id=row.person_id, person_name=found.name, kind=row.kind, kind_label=row.kind.label,
        occupation_code=row.occupation_code, target=row.target, state=row.state, state_label=row.state.label,
        papers=[
            PaperRead(material=paper.material, label=labels.get(paper.material, paper.material), file_id=paper.file_id)
            for paper in found.papers
        ],
        missing=[one.label for one in found.materials if one.required and one.code not in given],
        outside_office=row.outside_office, outside_number=row.outside_number, forwarded_at=row.forwarded_at,
        reason=found.reason, created_at=row.created_at, version=row.version,
        actions=[
            Action(
                action=verb, allowed=state in DECLARATION_NEXT[row.state],
                reason=None if state in DECLARATION_NEXT[row.state] else f"申报当前为“{row.state.label}”",
            )
            for state, verb in verbs.items()
        ],
    )  # fmt: skip
