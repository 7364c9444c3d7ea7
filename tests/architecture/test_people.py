"""Every column that points at a person has a decision: export, merge, deletion. A new table cannot be forgotten."""

from itertools import chain
from typing import Any

import sqlalchemy as sa

import app.models  # noqa: F401  # fills the metadata
from app.core.columns import SEALED, metadata
from app.services.identity.person_tables import (
    CHILDREN,
    EXPORTED_CHILDREN,
    HIDDEN_COLUMNS,
    ONE_RUNNING,
    PERSON_COLUMNS,
    OnDeletion,
    OnMerge,
)

# Person ids without a foreign key: the audit log must outlive everything, and says "who" by an id alone.
LOOSE = {"audit_entry.actor_id"}
# What hangs on an exported or deleted row and is neither, with the reason.
_ROSTER = "the public roster, which stays"
_PAPERS = "papers of a firm, kept with its claim or licence"
LEFT_ALONE = {
    "case_vote.party_id": "a party's word on a seat or an extension: the volume of the case",
    "agreement_term.party_id": "the agreement, which the law keeps",
    "agreement_term.to_party_id": "the agreement, which the law keeps",
    "party_representative.party_id": "who stood for a party: the volume of the case",
    "session_attendance.party_id": "who was there: the volume of the case",
    "case_evidence.file_id": "what was shown in a case stays in its volume",
    "worker_skill.proof_file_id": "goes with the skill",
    "worker_profile.minor_health_file_id": "goes with the profile",
    "worker_profile.minor_registration_file_id": "goes with the profile",
    "sharing_agreement.workers_file_id": "a firm's agreement, kept with it",
    "sharing_agreement.firms_file_id": "a firm's agreement, kept with it",
    "settlement.proof_file_id": "a firm's proof of payment, kept with its settlement",
    "certificate.enrolment_id": "decided by certificate.person_id",
    "certificate.supersedes_id": "a column of a certificate, decided with it",
    "competition_objection.entry_id": "decided by competition_objection.person_id",
    "competition_score.entry_id": "what the judges entered; the sums stand on the entry",
    "declaration_paper.file_id": "goes with the declaration",
    "timesheet.assignment_id": "decided by timesheet.person_id",
    "publication_line.award_id": "as published, with a masked name; kept with the publication",
    "publication_line.redemption_id": "as published, with a masked name; kept with the publication",
    "points_account.moved_to": "a column of an account, decided with it",
    "settlement_line.timesheet_id": "decided with its settlement",
    "settlement_line.assignment_id": "decided with its settlement",
    "rating.assignment_id": "decided by rating.person_id",
    "no_show.assignment_id": "decided by no_show.person_id",
    "assignment.offer_id": "decided by assignment.person_id",
    "accident_report.assignment_id": "decided by accident_report.person_id",
    "appointment.substitute_for": "a column of an appointment, decided with it",
    "claim_code.roster_person_id": _ROSTER,
    "consent.representation_id": "decided by consent.person_id",
    "assisted_act.representation_id": "decided by assisted_act.person_id",
    "call.notice_id": "decided by call.person_id, and before the notice it points at",
    "enterprise_claim.authorisation_file_id": _PAPERS,
    "enterprise_claim.licence_file_id": _PAPERS,
    "enterprise_licence.file_id": _PAPERS,
    "grid.leader_id": _ROSTER,
    "invitation.application_id": "what an invitation led to, decided by application.person_id",
    "liaison_link.roster_person_id": _ROSTER,
    "liaison_link.suggested_person_id": _ROSTER,
    "party_organisation.secretary_id": _ROSTER,
    "representation.evidence_file_id": "the proof goes with its authorisation",
    "task_force_member.roster_person_id": _ROSTER,
    "vacancy_import.file_id": "a firm's table of postings, kept with its import",
    "vacancy_takedown.report_id": "why a posting was taken down, kept with the posting",
}


def place(column: sa.Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def pointing_at(name: str) -> set[str]:
    keys = chain.from_iterable(table.foreign_keys for table in metadata.sorted_tables)
    return {place(key.parent) for key in keys if key.column.table.name == name}


def test_every_column_that_points_at_a_person_has_a_decision_and_no_other_has() -> None:
    """Fails for a new table: say in `person_tables` what becomes of its rows, and why."""
    assert set(PERSON_COLUMNS) == pointing_at("person")
    assert all(rule.why for rule in PERSON_COLUMNS.values())


def test_person_ids_are_foreign_keys() -> None:
    """A plain UUID would slip past the test above."""
    endings = ("person_id", "agent_id", "owner_id", "actor_id", "author_id", "reporter_id", "_by")
    named = {
        place(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(endings) and isinstance(column.type, sa.Uuid)
    }
    to_others = {"roster_person_id", "suggested_person_id"}
    bare = {spot for spot in named if spot.split(".")[1] not in to_others} - pointing_at("person")
    assert bare == LOOSE


def test_children_of_exported_and_deleted_rows_are_decided_too() -> None:
    for child, parent in CHILDREN.items():
        assert child in pointing_at(parent), child
    owned = {
        spot.split(".")[0]
        for spot, rule in PERSON_COLUMNS.items()
        if rule.exported or rule.on_deletion is OnDeletion.DELETE
    }
    hanging = set(chain.from_iterable(pointing_at(name) for name in owned))
    assert hanging - set(CHILDREN) == set(LEFT_ALONE)
    assert {spot.split(".")[0] for spot in CHILDREN} >= EXPORTED_CHILDREN


def test_rows_can_be_deleted_in_the_order_of_the_table() -> None:
    """A row goes before what it points at; who still points at deleted rows goes with them."""
    order = [spot.split(".")[0] for spot, rule in PERSON_COLUMNS.items() if rule.on_deletion is OnDeletion.DELETE]
    assert len(order) == len(set(order))
    for parent in order:
        for child in {spot.split(".")[0] for spot in pointing_at(parent)}:
            went_before = child in order and order.index(child) < order.index(parent)
            assert went_before or CHILDREN.get(next(s for s in pointing_at(parent) if s.startswith(child + "."))), child


def test_what_is_unique_per_person_is_not_simply_moved_in_a_merge() -> None:
    """Two rows that may not stand beside each other: the target's own stays, or the merge asks or decides first."""
    asked_first = {"wechat_identity.person_id"}
    for spot, rule in PERSON_COLUMNS.items():
        name, column = spot.split(".")
        table = metadata.tables[name]
        unique = [{c.name for c in index.columns} for index in table.indexes if index.unique]
        unique += [
            {c.name for c in constraint.columns}
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
        ]
        if any(column in columns for columns in unique):
            assert rule.on_merge is not OnMerge.MOVE or spot in asked_first or name in ONE_RUNNING, spot


def test_no_export_shows_a_secret_or_an_unopened_value() -> None:
    names = {column.name for table in metadata.sorted_tables for column in table.columns}
    assert names >= HIDDEN_COLUMNS
    tables = {"person"} | {spot.split(".")[0] for spot, rule in PERSON_COLUMNS.items() if rule.exported}
    for name in tables | EXPORTED_CHILDREN:
        for column in metadata.tables[name].columns:
            if column.name in HIDDEN_COLUMNS:
                continue
            assert not column.name.endswith("_hash"), place(column)
            if isinstance(column.type, sa.LargeBinary):
                assert SEALED in column.info, place(column)
