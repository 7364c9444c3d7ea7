"""gigs

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# In the order in which they are made: what is pointed at first.
TABLES = (
    "labour_limit_row",
    "anchor",
    "day_exception",
    "weekly_window",
    "allocation_run",
    "mediation_referral",
    "order_template",
    "publishing_block",
    "roster_member",
    "settlement",
    "sharing_agreement",
    "timesheet_import",
    "wage_claim",
    "worker_block",
    "worker_profile",
    "worker_skill",
    "shared_worker",
    "shift_order",
    "training_proposal",
    "order_version",
    "shift",
    "offer",
    "plan_pin",
    "plan_unfilled",
    "waiting_entry",
    "assignment",
    "accident_report",
    "no_show",
    "rating",
    "site_mark",
    "timesheet",
    "settlement_line",
    "timesheet_difference",
)


def _versioned() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def upgrade() -> None:
    _part1()
    _part2()
    _part3()
    _part4()
    _part5()
    _part6()


def _part1() -> None:
    op.create_table(
        "labour_limit_row",
        *_versioned(),
        sa.Column("limit_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("law", sa.String(length=80), nullable=False),
        sa.Column("article", sa.String(length=40), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labour_limit_row")),
        sa.UniqueConstraint("limit_id", "effective_from", name=op.f("uq_labour_limit_row_limit_id_effective_from")),
    )
    op.create_table(
        "anchor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_anchor_weekday")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_anchor_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")),
    )
    op.create_index("ix_anchor_person", "anchor", ["person_id", "weekday"])
    op.create_table(
        "day_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=True),
        sa.Column("end_minute", sa.Integer(), nullable=True),
        sa.CheckConstraint("(start_minute IS NULL) = (end_minute IS NULL)", name=op.f("ck_day_exception_both")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_day_exception_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_exception")),
    )
    op.create_index("ix_day_exception_person", "day_exception", ["person_id", "day"])
    op.create_table(
        "weekly_window",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "end_minute > start_minute AND end_minute <= start_minute + 1440", name=op.f("ck_weekly_window_end")
        ),
        sa.CheckConstraint("start_minute >= 0 AND start_minute < 1440", name=op.f("ck_weekly_window_start")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_weekly_window_weekday")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_weekly_window_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_window")),
    )
    op.create_index("ix_weekly_window_person", "weekly_window", ["person_id", "weekday"])
    op.create_table(
        "allocation_run",
        *_versioned(),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("horizon_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("horizon_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("horizon_ends_at > horizon_starts_at", name=op.f("ck_allocation_run_horizon")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_allocation_run_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_allocation_run_requested_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_run")),
    )
    op.create_index("ix_allocation_run_enterprise", "allocation_run", ["enterprise_id", "created_at", "id"])
    op.create_index(
        "uq_allocation_run_open",
        "allocation_run",
        ["scope"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
        sqlite_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index("ix_allocation_run_state", "allocation_run", ["state", "created_at", "id"])
    op.create_table(
        "mediation_referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("chosen_by", sa.String(length=40), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_mediation_referral_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mediation_referral_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mediation_referral")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_mediation_referral_subject_kind_subject_id")),
    )
    op.create_index(op.f("ix_mediation_referral_enterprise_id"), "mediation_referral", ["enterprise_id"])
    op.create_index(op.f("ix_mediation_referral_person_id"), "mediation_referral", ["person_id"])


def _part2() -> None:
    op.create_table(
        "order_template",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_order_template_created_by_person")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_order_template_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_template")),
        sa.UniqueConstraint("enterprise_id", "name", name=op.f("uq_order_template_enterprise_id_name")),
    )
    op.create_table(
        "publishing_block",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("settlements", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("overdue_fen", sa.Integer(), nullable=False),
        sa.Column("oldest_due_on", sa.Date(), nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.String(length=300), nullable=True),
        sa.Column("appeal", sa.String(length=500), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_publishing_block_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_publishing_block_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishing_block")),
    )
    op.create_index(
        "uq_publishing_block_current",
        "publishing_block",
        ["enterprise_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('dismissed', 'lifted')"),
        sqlite_where=sa.text("state NOT IN ('dismissed', 'lifted')"),
    )
    op.create_table(
        "roster_member",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_roster_member_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roster_member_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_member")),
    )
    op.create_index("ix_roster_member_person", "roster_member", ["person_id", "enterprise_id"])
    op.create_index(
        "uq_roster_member_current",
        "roster_member",
        ["enterprise_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
        sqlite_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "settlement",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("due_fen", sa.Integer(), nullable=False),
        sa.Column("wage_period", sa.String(length=40), nullable=False),
        sa.Column("pay_days", sa.Integer(), nullable=False),
        sa.Column("disputed_fen", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_because", sa.String(length=300), nullable=False),
        sa.Column("paid_fen", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_by", sa.String(length=40), nullable=True),
        sa.Column("proof_file_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contested_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("overdue_step", sa.Integer(), nullable=False),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("due_fen >= 0 AND paid_fen >= 0", name=op.f("ck_settlement_amounts")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_settlement_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_settlement_person_id_person")),
        sa.ForeignKeyConstraint(["proof_file_id"], ["file.id"], name=op.f("fk_settlement_proof_file_id_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        sa.UniqueConstraint(
            "enterprise_id", "person_id", "period_start", "period_end", "part", name="uq_settlement_period"
        ),
    )
    op.create_index("ix_settlement_enterprise", "settlement", ["enterprise_id", "due_on", "id"])
    op.create_index("ix_settlement_person", "settlement", ["person_id", "due_on", "id"])
    op.create_index(op.f("ix_settlement_proof_file_id"), "settlement", ["proof_file_id"])
    op.create_index("ix_settlement_state", "settlement", ["state", "due_on"])
    op.create_table(
        "sharing_agreement",
        *_versioned(),
        sa.Column("lender_id", sa.Uuid(), nullable=False),
        sa.Column("borrower_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("process_code", sa.String(length=20), nullable=False),
        sa.Column("terms", sa.String(length=1000), nullable=False),
        sa.Column("firms_file_id", sa.Uuid(), nullable=True),
        sa.Column("workers_file_id", sa.Uuid(), nullable=True),
        sa.Column("offered_by", sa.Uuid(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_sharing_agreement_period")),
        sa.CheckConstraint("lender_id <> borrower_id", name=op.f("ck_sharing_agreement_two_firms")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_sharing_agreement_answered_by_person")),
        sa.ForeignKeyConstraint(
            ["borrower_id"], ["enterprise.id"], name=op.f("fk_sharing_agreement_borrower_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["firms_file_id"], ["file.id"], name=op.f("fk_sharing_agreement_firms_file_id_file")),
        sa.ForeignKeyConstraint(
            ["lender_id"], ["enterprise.id"], name=op.f("fk_sharing_agreement_lender_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["offered_by"], ["person.id"], name=op.f("fk_sharing_agreement_offered_by_person")),
        sa.ForeignKeyConstraint(
            ["workers_file_id"], ["file.id"], name=op.f("fk_sharing_agreement_workers_file_id_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_agreement")),
    )
    op.create_index("ix_sharing_agreement_borrower", "sharing_agreement", ["borrower_id", "created_at", "id"])
    op.create_index(op.f("ix_sharing_agreement_firms_file_id"), "sharing_agreement", ["firms_file_id"])
    op.create_index("ix_sharing_agreement_lender", "sharing_agreement", ["lender_id", "created_at", "id"])
    op.create_index(op.f("ix_sharing_agreement_workers_file_id"), "sharing_agreement", ["workers_file_id"])
    op.create_table(
        "timesheet_import",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=80), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("errors", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_timesheet_import_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name=op.f("fk_timesheet_import_imported_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet_import")),
    )
    op.create_index("ix_timesheet_import_enterprise", "timesheet_import", ["enterprise_id", "created_at", "id"])


def _part3() -> None:
    op.create_table(
        "wage_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_wage_claim_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wage_claim_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wage_claim")),
    )
    op.create_index("ix_wage_claim_pair", "wage_claim", ["enterprise_id", "person_id", "created_at"])
    op.create_index(op.f("ix_wage_claim_person_id"), "wage_claim", ["person_id"])
    op.create_table(
        "worker_block",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("blocked_by", sa.Uuid(), nullable=False),
        sa.Column("flagged_days", sa.Integer(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["blocked_by"], ["person.id"], name=op.f("fk_worker_block_blocked_by_person")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_worker_block_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_worker_block_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_block")),
        sa.UniqueConstraint("enterprise_id", "person_id", name=op.f("uq_worker_block_enterprise_id_person_id")),
    )
    op.create_index("ix_worker_block_person", "worker_block", ["person_id"])
    op.create_table(
        "worker_profile",
        *_versioned(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("least_hour_fen", sa.Integer(), nullable=True),
        sa.Column("reach_m", sa.Integer(), nullable=True),
        sa.Column("vehicle", sa.String(length=40), nullable=True),
        sa.Column("wanted_minutes_week", sa.Integer(), nullable=False),
        sa.Column("outside_minutes_week", sa.Integer(), nullable=False),
        sa.Column("overtime_consent", sa.Boolean(), nullable=False),
        sa.Column("student", sa.Boolean(), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=True),
        sa.Column("night_ok", sa.Boolean(), nullable=True),
        sa.Column("favourites", sa.JSON(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("hidden_from", sa.JSON(), nullable=False),
        sa.Column("companions", sa.JSON(), nullable=False),
        sa.Column("home_area_id", sa.Uuid(), nullable=True),
        sa.Column("home_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("home_coord_type", sa.String(length=40), nullable=True),
        sa.Column("minor_registration_file_id", sa.Uuid(), nullable=True),
        sa.Column("minor_health_file_id", sa.Uuid(), nullable=True),
        sa.Column("minor_ready_until", sa.Date(), nullable=True),
        sa.Column("minor_confirmed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("outside_minutes_week >= 0", name=op.f("ck_worker_profile_outside")),
        sa.CheckConstraint("wanted_minutes_week >= 0", name=op.f("ck_worker_profile_wanted")),
        sa.ForeignKeyConstraint(["home_area_id"], ["area.id"], name=op.f("fk_worker_profile_home_area_id_area")),
        sa.ForeignKeyConstraint(
            ["minor_confirmed_by"], ["person.id"], name=op.f("fk_worker_profile_minor_confirmed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["minor_health_file_id"], ["file.id"], name=op.f("fk_worker_profile_minor_health_file_id_file")
        ),
        sa.ForeignKeyConstraint(
            ["minor_registration_file_id"], ["file.id"], name=op.f("fk_worker_profile_minor_registration_file_id_file")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_worker_profile_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_worker_profile_person_id")),
    )
    op.create_index(op.f("ix_worker_profile_home_area_id"), "worker_profile", ["home_area_id"])
    op.create_index(op.f("ix_worker_profile_minor_health_file_id"), "worker_profile", ["minor_health_file_id"])
    op.create_index(
        op.f("ix_worker_profile_minor_registration_file_id"), "worker_profile", ["minor_registration_file_id"]
    )
    op.create_table(
        "worker_skill",
        *_versioned(),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("process_code", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("proof", sa.String(length=40), nullable=False),
        sa.Column("proof_file_id", sa.Uuid(), nullable=True),
        sa.Column("proved_by", sa.Uuid(), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_worker_skill_level")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_worker_skill_person_id_person")),
        sa.ForeignKeyConstraint(["proof_file_id"], ["file.id"], name=op.f("fk_worker_skill_proof_file_id_file")),
        sa.ForeignKeyConstraint(["proved_by"], ["person.id"], name=op.f("fk_worker_skill_proved_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_skill")),
        sa.UniqueConstraint("person_id", "process_code", name=op.f("uq_worker_skill_person_id_process_code")),
    )
    op.create_index("ix_worker_skill_process", "worker_skill", ["process_code", "level"])
    op.create_index(op.f("ix_worker_skill_proof_file_id"), "worker_skill", ["proof_file_id"])
    op.create_table(
        "shared_worker",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["sharing_agreement.id"], name=op.f("fk_shared_worker_agreement_id_sharing_agreement")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shared_worker_person_id_person")),
        sa.PrimaryKeyConstraint("agreement_id", "person_id", name=op.f("pk_shared_worker")),
    )
    op.create_index(op.f("ix_shared_worker_person_id"), "shared_worker", ["person_id"])
    op.create_table(
        "shift_order",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_name", sa.String(length=80), nullable=False),
        sa.Column("using_firm", sa.String(length=80), nullable=True),
        sa.Column("using_enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("sharing_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("process_code", sa.String(length=20), nullable=False),
        sa.Column("process_name", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("fill_mode", sa.String(length=40), nullable=False),
        sa.Column("pay_unit", sa.String(length=40), nullable=False),
        sa.Column("hour_fen", sa.Integer(), nullable=True),
        sa.Column("piece_lines", sa.JSON(), nullable=False),
        sa.Column("effective_hour_fen", sa.Integer(), nullable=False),
        sa.Column("wage_period", sa.String(length=40), nullable=False),
        sa.Column("pay_days", sa.Integer(), nullable=False),
        sa.Column("cover", sa.String(length=40), nullable=False),
        sa.Column("cover_by", sa.String(length=80), nullable=True),
        sa.Column("standby_fen", sa.Integer(), nullable=True),
        sa.Column("late_cancel_fen", sa.Integer(), nullable=False),
        sa.Column("place_address", sa.String(length=120), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("coord_type", sa.String(length=40), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("east_m", sa.Integer(), nullable=True),
        sa.Column("north_m", sa.Integer(), nullable=True),
        sa.Column("meals", sa.Boolean(), nullable=False),
        sa.Column("hazards", sa.JSON(), nullable=False),
        sa.Column("gear", sa.String(length=120), nullable=False),
        sa.Column("leaders_per", sa.Integer(), nullable=True),
        sa.Column("leader_level", sa.Integer(), nullable=True),
        sa.Column("minimum_age", sa.Integer(), nullable=False),
        sa.Column("duties", sa.String(length=1000), nullable=False),
        sa.Column("requirements", sa.String(length=1000), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.String(length=200), nullable=True),
        sa.Column("cancelled_because", sa.String(length=200), nullable=True),
        sa.Column("posted_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_shift_order_level")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_shift_order_area_id_area")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_shift_order_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["posted_by"], ["person.id"], name=op.f("fk_shift_order_posted_by_person")),
        sa.ForeignKeyConstraint(
            ["sharing_id"], ["sharing_agreement.id"], name=op.f("fk_shift_order_sharing_id_sharing_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["using_enterprise_id"], ["enterprise.id"], name=op.f("fk_shift_order_using_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_order")),
    )
    op.create_index(op.f("ix_shift_order_area_id"), "shift_order", ["area_id"])
    op.create_index("ix_shift_order_enterprise", "shift_order", ["enterprise_id", "created_at", "id"])
    op.create_index(op.f("ix_shift_order_sharing_id"), "shift_order", ["sharing_id"])
    op.create_index("ix_shift_order_state", "shift_order", ["state", "created_at", "id"])
    op.create_index(op.f("ix_shift_order_using_enterprise_id"), "shift_order", ["using_enterprise_id"])
    op.create_table(
        "training_proposal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("process_code", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("time_band", sa.String(length=10), nullable=False),
        sa.Column("short_halves", sa.Integer(), nullable=False),
        sa.Column("shifts", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["allocation_run.id"], name=op.f("fk_training_proposal_run_id_allocation_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_proposal")),
        sa.UniqueConstraint(
            "process_code",
            "level",
            "week",
            "time_band",
            name=op.f("uq_training_proposal_process_code_level_week_time_band"),
        ),
    )
    op.create_index(op.f("ix_training_proposal_run_id"), "training_proposal", ["run_id"])
    op.create_index("ix_training_proposal_state", "training_proposal", ["state", "week"])


def _part4() -> None:
    op.create_table(
        "order_version",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["shift_order.id"], name=op.f("fk_order_version_order_id_shift_order")),
        sa.PrimaryKeyConstraint("order_id", "number", name=op.f("pk_order_version")),
    )
    op.create_table(
        "shift",
        *_versioned(),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=False),
        sa.Column("work_minutes", sa.Integer(), nullable=False),
        sa.Column("night", sa.Boolean(), nullable=False),
        sa.Column("half", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("standby_seats", sa.Integer(), nullable=False),
        sa.Column("standby_taken", sa.Integer(), nullable=False),
        sa.Column("standby_offered", sa.Integer(), nullable=False),
        sa.Column("urgent_ring", sa.Integer(), nullable=False),
        sa.Column("urgent_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exhausted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_shift_period")),
        sa.CheckConstraint("seats > 0 AND standby_seats >= 0", name=op.f("ck_shift_seats")),
        sa.CheckConstraint(
            "standby_taken >= 0 AND standby_offered >= 0 AND standby_taken + standby_offered <= standby_seats",
            name=op.f("ck_shift_standby"),
        ),
        sa.CheckConstraint("taken >= 0 AND offered >= 0 AND taken + offered <= seats", name=op.f("ck_shift_regular")),
        sa.CheckConstraint("work_minutes > 0", name=op.f("ck_shift_work")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_shift_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["order_id"], ["shift_order.id"], name=op.f("fk_shift_order_id_shift_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_enterprise", "shift", ["enterprise_id", "starts_at", "id"])
    op.create_index(
        "ix_shift_open",
        "shift",
        ["starts_at", "id"],
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_shift_order_starts", "shift", ["order_id", "starts_at", "id"])
    op.create_index("ix_shift_state", "shift", ["state", "starts_at"])
    op.create_table(
        "offer",
        *_versioned(),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("seat", sa.String(length=40), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("order_version", sa.Integer(), nullable=False),
        sa.Column("ring", sa.Integer(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_person_id_person")),
        sa.ForeignKeyConstraint(["run_id"], ["allocation_run.id"], name=op.f("fk_offer_run_id_allocation_run")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_offer_shift_id_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_person", "offer", ["person_id", "created_at", "id"])
    op.create_index(op.f("ix_offer_run_id"), "offer", ["run_id"])
    op.create_index("ix_offer_shift", "offer", ["shift_id", "created_at", "id"])
    op.create_index("ix_offer_state_answer", "offer", ["state", "answer_by"])
    op.create_index(
        "uq_offer_open",
        "offer",
        ["shift_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'offered'"),
        sqlite_where=sa.text("state = 'offered'"),
    )
    op.create_table(
        "plan_pin",
        *_versioned(),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plan_pin_person_id_person")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_plan_pin_set_by_person")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_plan_pin_shift_id_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_pin")),
        sa.UniqueConstraint("shift_id", "person_id", name=op.f("uq_plan_pin_shift_id_person_id")),
    )
    op.create_index(op.f("ix_plan_pin_person_id"), "plan_pin", ["person_id"])
    op.create_index(op.f("ix_plan_pin_shift_id"), "plan_pin", ["shift_id"])
    op.create_table(
        "plan_unfilled",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["allocation_run.id"], name=op.f("fk_plan_unfilled_run_id_allocation_run")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_plan_unfilled_shift_id_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_unfilled")),
    )
    op.create_index("ix_plan_unfilled_run", "plan_unfilled", ["run_id", "shift_id"])
    op.create_index(op.f("ix_plan_unfilled_shift_id"), "plan_unfilled", ["shift_id"])
    op.create_table(
        "waiting_entry",
        *_versioned(),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_waiting_entry_person_id_person")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_waiting_entry_shift_id_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entry")),
    )
    op.create_index("ix_waiting_entry_line", "waiting_entry", ["shift_id", "state", "created_at", "id"])
    op.create_index("ix_waiting_entry_person", "waiting_entry", ["person_id", "created_at", "id"])
    op.create_index(
        "uq_waiting_entry_current",
        "waiting_entry",
        ["shift_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _part5() -> None:
    op.create_table(
        "assignment",
        *_versioned(),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_minutes", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(length=40), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("order_version", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("label_day_minutes", sa.Integer(), nullable=False),
        sa.Column("label_week_minutes", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.CheckConstraint("units IN (1, 2)", name=op.f("ck_assignment_units")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_assignment_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_assignment_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id_person")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_assignment_shift_id_shift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_enterprise", "assignment", ["enterprise_id", "starts_at", "id"])
    op.create_index(op.f("ix_assignment_offer_id"), "assignment", ["offer_id"])
    op.create_index("ix_assignment_person", "assignment", ["person_id", "starts_at", "id"])
    op.create_index("ix_assignment_shift", "assignment", ["shift_id", "created_at", "id"])
    op.create_index("ix_assignment_state", "assignment", ["state", "starts_at"])
    op.create_index(
        "uq_assignment_holding",
        "assignment",
        ["shift_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('released', 'left', 'called_off')"),
        sqlite_where=sa.text("state NOT IN ('released', 'left', 'called_off')"),
    )
    op.create_table(
        "accident_report",
        *_versioned(),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("account_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("claim_due_on", sa.Date(), nullable=False),
        sa.Column("own_claim_until", sa.Date(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_accident_report_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_accident_report_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_accident_report_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accident_report")),
        sa.UniqueConstraint("assignment_id", "client_id", name=op.f("uq_accident_report_assignment_id_client_id")),
    )
    op.create_index("ix_accident_report_enterprise", "accident_report", ["enterprise_id", "created_at", "id"])
    op.create_index(op.f("ix_accident_report_person_id"), "accident_report", ["person_id"])
    op.create_index("ix_accident_report_state", "accident_report", ["state", "claim_due_on"])
    op.create_table(
        "no_show",
        *_versioned(),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("excuse", sa.String(length=40), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_no_show_assignment_id_assignment")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_no_show_decided_by_person")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_no_show_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_no_show_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_show")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_no_show_assignment_id")),
    )
    op.create_index(op.f("ix_no_show_enterprise_id"), "no_show", ["enterprise_id"])
    op.create_index("ix_no_show_person", "no_show", ["person_id", "created_at", "id"])
    op.create_index("ix_no_show_state", "no_show", ["state", "appeal_due_at"])
    op.create_table(
        "rating",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_rating_stars")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_rating_assignment_id_assignment")),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_rating_by_person_id_person")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_rating_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rating_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("assignment_id", "side", name=op.f("uq_rating_assignment_id_side")),
    )
    op.create_index("ix_rating_enterprise", "rating", ["enterprise_id", "side"])
    op.create_index("ix_rating_person", "rating", ["person_id", "side"])
    op.create_table(
        "site_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_site_mark_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_site_mark_by_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_mark")),
    )
    op.create_index("ix_site_mark_assignment", "site_mark", ["assignment_id", "at"])
    op.create_index("uq_site_mark_client", "site_mark", ["assignment_id", "client_id"], unique=True)
    op.create_table(
        "timesheet",
        *_versioned(),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("firm_minutes", sa.Integer(), nullable=True),
        sa.Column("firm_pieces", sa.JSON(), nullable=False),
        sa.Column("worker_minutes", sa.Integer(), nullable=True),
        sa.Column("worker_pieces", sa.JSON(), nullable=False),
        sa.Column("stated_by", sa.String(length=40), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_minutes", sa.Integer(), nullable=True),
        sa.Column("final_pieces", sa.JSON(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_timesheet_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_timesheet_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_timesheet_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_timesheet_assignment_id")),
    )
    op.create_index("ix_timesheet_enterprise", "timesheet", ["enterprise_id", "day", "id"])
    op.create_index("ix_timesheet_person", "timesheet", ["person_id", "day", "id"])
    op.create_index("ix_timesheet_state", "timesheet", ["state", "stated_at"])


def _part6() -> None:
    op.create_table(
        "settlement_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=True),
        sa.Column("timesheet_id", sa.Uuid(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("exact", sa.String(length=60), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("reckoning", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_settlement_line_assignment_id_assignment")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_line_settlement_id_settlement")
        ),
        sa.ForeignKeyConstraint(
            ["timesheet_id"], ["timesheet.id"], name=op.f("fk_settlement_line_timesheet_id_timesheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_line")),
    )
    op.create_index(op.f("ix_settlement_line_assignment_id"), "settlement_line", ["assignment_id"])
    op.create_index("ix_settlement_line_settlement", "settlement_line", ["settlement_id", "created_at", "id"])
    op.create_index(
        "uq_settlement_line_work",
        "settlement_line",
        ["timesheet_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'work'"),
        sqlite_where=sa.text("kind = 'work'"),
    )
    op.create_table(
        "timesheet_difference",
        *_versioned(),
        sa.Column("timesheet_id", sa.Uuid(), nullable=False),
        sa.Column("raised_by", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("claimed_minutes", sa.Integer(), nullable=False),
        sa.Column("claimed_pieces", sa.JSON(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("offered_minutes", sa.Integer(), nullable=True),
        sa.Column("offered_pieces", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["timesheet_id"], ["timesheet.id"], name=op.f("fk_timesheet_difference_timesheet_id_timesheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet_difference")),
    )
    op.create_index("ix_timesheet_difference_state", "timesheet_difference", ["state", "answer_by"])
    op.create_index(
        "uq_timesheet_difference_open",
        "timesheet_difference",
        ["timesheet_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'answered')"),
        sqlite_where=sa.text("state IN ('open', 'answered')"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
