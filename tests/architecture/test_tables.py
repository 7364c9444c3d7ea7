"""What every table keeps to."""

from datetime import datetime, time, timedelta
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

import app.models  # noqa: F401  # fills the metadata
from app.core.columns import EnumText, Table, UtcDateTime, metadata, snake

PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
# PostgreSQL cuts longer identifiers silently, and two cut names can be the same.
LONGEST_NAME = 63
# Foreign keys that say who did something: rows are never looked up by them, and people are never deleted as rows.
WHO_DID_IT = {
    "agreement_signature.by_person_id", "case_agreement.drafted_by", "case_event.by_person_id", "case_evidence.by_person_id",
    "case_note.by_person_id", "case_statement.by_person_id", "case_vote.by_person_id", "conference.called_by",
    "dispute_case.opened_by", "mediation_session.set_by", "panel_seat.invited_by", "session_attendance.said_by",
    "attendance_mark.marked_by", "certificate.ended_by", "certificate.issued_by", "competition.announced_by",
    "competition_entry.checked_by", "competition_objection.answered_by", "competition_score.judge_id", "declaration.checked_by",
    "demand_pool.quoted_by", "enrolment.decided_by", "enrolment.jumped_by", "entry_group.made_by",
    "training_class.approved_by", "training_class.created_by", "training_shortage.decided_by",
    "activity.organised_by", "activity_person.confirmed_by", "points_award.actor_id", "points_budget.recorded_by",
    "points_claim.appeal_answered_by", "points_claim.decided_by", "points_claim.reviewed_by", "points_objection.answered_by",
    "points_publication.published_by", "points_rule.proposed_by", "points_rule.recorded_by", "redemption.ended_by",
    "redemption.fulfilled_by", "redemption.requested_by", "points_claim.submitted_by", "stock_change.decided_by", "stock_change.requested_by",
    "appointment.appointed_by", "application_step.by_person_id", "assisted_act.agent_id", "assisted_act.undone_by",
    "call.handled_by", "claim_code.issued_by", "claim_code.used_by", "content_review.decided_by",
    "enterprise.approved_by", "enterprise_claim.reviewed_by", "enterprise_licence.verified_by",
    "enterprise_suspension.answered_by", "enterprise_suspension.appealed_by", "enterprise_suspension.suspended_by",
    "interview.proposed_by", "invitation.invited_by", "fair_tally.counted_by",
    "liaison_link.confirmed_by", "member_invite.issued_by", "member_invite.used_by", "party_organisation.confirmed_by",
    "person.merged_into", "report.decided_by", "report.taken_by", "representation.revoked_by", "task.done_by",
    "vacancy.posted_by",
    "allocation_run.requested_by", "no_show.decided_by", "order_template.created_by", "plan_pin.set_by", "publishing_block.decided_by", "rating.by_person_id", "sharing_agreement.answered_by", "sharing_agreement.offered_by", "shift_order.posted_by", "site_mark.by_person_id", "timesheet_import.imported_by", "worker_block.blocked_by", "worker_profile.minor_confirmed_by", "worker_skill.proved_by",
    "posting_change.decided_by", "posting_change.proposed_by", "vacancy_import.imported_by",
    "vacancy_takedown.answered_by", "vacancy_takedown.appealed_by", "vacancy_takedown.taken_by",
    "survey_answer.recorded_by", "survey_assignment.assigned_by", "survey_household.recorded_by", "survey_wave.created_by",
}  # fmt: skip


def columns() -> list[sa.Column]:
    return list(chain.from_iterable(table.columns for table in metadata.sorted_tables))


def place(column: sa.Column) -> str:
    return f"{column.table.name}.{column.name}"


def test_there_are_tables_and_all_are_in_our_metadata() -> None:
    assert len(metadata.tables) > 30
    assert list(SQLModel.metadata.tables) == []


def test_every_instant_is_aware() -> None:
    # By what they hold, not by their class: SQLModel brings a type of its own for `datetime`.
    instants = [column for column in columns() if _holds(column) is datetime]
    assert len(instants) > 40
    assert [place(column) for column in instants if not isinstance(column.type, UtcDateTime)] == []
    assert [place(column) for column in columns() if _holds(column) in {time, timedelta}] == []


def _holds(column: sa.Column) -> type | None:
    kind = column.type.impl_instance if isinstance(column.type, sa.types.TypeDecorator) else column.type
    try:
        return kind.python_type
    except NotImplementedError:
        return None


def test_no_enumeration_of_the_database() -> None:
    assert [place(column) for column in columns() if isinstance(column.type, sa.Enum)] == []


def test_enumerations_fit_their_column() -> None:
    found = [column for column in columns() if isinstance(column.type, EnumText)]
    assert len(found) > 20
    for column in found:
        assert isinstance(column.type, EnumText)
        assert max(len(member.value) for member in column.type.enum) <= 40, place(column)


def test_texts_are_bounded() -> None:
    unbounded = [
        place(column)
        for column in columns()
        if isinstance(column.type, sa.String) and column.type.length is None
    ]  # fmt: skip
    assert unbounded == []


def test_the_database_invents_no_values() -> None:
    """The clock and the defaults are the service's: a default of the database would read the server's clock."""
    assert [place(column) for column in columns() if column.server_default or column.server_onupdate] == []
    assert [place(column) for column in columns() if column.onupdate] == []


def test_relationships_never_load_by_surprise() -> None:
    configure_mappers()
    for mapper in Table._sa_registry.mappers:
        for relationship in mapper.relationships:
            assert relationship.lazy in {"raise", "raise_on_sql"}, f"{mapper.class_.__name__}.{relationship.key}"


def test_everything_is_named_and_fits() -> None:
    names: list[str] = []
    for table in metadata.sorted_tables:
        assert table.name == snake("".join(part.title() for part in table.name.split("_")))
        names.append(table.name)
        names += [str(index.name) for index in table.indexes]
        for constraint in table.constraints:
            name = PREPARER.format_constraint(constraint)
            assert name, f"{table.name}: {constraint!r}"
            names.append(name)
    assert len(names) == len(set(names))
    assert [name for name in names if len(name) > LONGEST_NAME] == []


def test_foreign_keys_that_are_looked_up_are_indexed() -> None:
    bare = set()
    for table in metadata.sorted_tables:
        leading = {next(iter(table.primary_key.columns)).name}
        leading |= {next(iter(index.columns)).name for index in table.indexes if len(index.columns)}
        leading |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint)
        }
        bare |= {place(key.parent) for key in table.foreign_keys if key.parent.name not in leading}
    assert bare == WHO_DID_IT


def test_partial_indexes_are_partial_on_both_databases() -> None:
    """A condition given to one database alone would make a unique index total on the other."""
    for table in metadata.sorted_tables:
        for index in table.indexes:
            conditions = {
                name: None if (where := index.dialect_options[name]["where"]) is None else str(where)
                for name in ("postgresql", "sqlite")
            }
            assert conditions["postgresql"] == conditions["sqlite"], index.name


def test_versions_count_from_one() -> None:
    versioned = [table for table in metadata.sorted_tables if "version" in table.columns]
    assert len(versioned) > 15
    for table in versioned:
        assert table.columns["version"].default.arg == 1, table.name
        assert "updated_at" in table.columns, table.name


def test_personal_values_are_sealed() -> None:
    """No plain column for a name of a private person, a phone, a birth date, an identity number or a place of living."""
    suspicious = ("phone", "birth", "id_number", "home")
    public = {
        "party_organisation.secretary_phone": "a column of the public roster, empty in the source",
        "training_provider.phone": "an institution's own number",
        "person.phone_hash": "a keyed hash for equality",
        "person.id_number_hash": "a keyed hash for equality",
        "seeker_profile.home_area_id": "one of three areas, not an address",
        "worker_profile.home_coord_type": "the system of the sealed coordinates",
        "worker_profile.home_area_id": "an area of the town, no address",
        "seeker_profile.home_coord_type": "the system of the sealed coordinates",
    }
    found = {
        place(column)
        for column in columns()
        if any(word in column.name for word in suspicious) and not column.name.endswith("_sealed")
    }
    assert found == set(public)
    for column in columns():
        if column.name.endswith("_sealed"):
            assert isinstance(column.type, sa.LargeBinary), place(column)
