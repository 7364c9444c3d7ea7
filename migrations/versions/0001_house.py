"""house

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "app_token",
        sa.Column("appid", sa.String(length=40), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_holder", sa.String(length=60), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_app_token")),
    )
    op.create_table(
        "area",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("section", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("name", name=op.f("uq_area_name")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor_id"), ["actor_id"], unique=False)

    op.create_table(
        "civic_body",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("other_name", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_civic_body")),
        sa.UniqueConstraint("name", name=op.f("uq_civic_body_name")),
    )
    op.create_table(
        "code_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_table", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("parent", sa.String(length=20), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_entry")),
        sa.UniqueConstraint("code_table", "code", name=op.f("uq_code_entry_code_table_code")),
    )
    with op.batch_alter_table("code_entry", schema=None) as batch_op:
        batch_op.create_index("ix_code_entry_parent", ["code_table", "parent"], unique=False)

    op.create_table(
        "code_table_version",
        sa.Column("code_table", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("code_table", name=op.f("pk_code_table_version")),
    )
    op.create_table(
        "figure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("figure", sa.String(length=120), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=60), nullable=False),
        sa.Column("section", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure")),
        sa.UniqueConstraint("subject", "figure", name=op.f("uq_figure_subject_figure")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("caller", sa.String(length=40), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "operation", "key", name=op.f("pk_idempotency_record")),
    )
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_record_created_at"), ["created_at"], unique=False)

    op.create_table(
        "login_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_login_code")),
    )
    with op.batch_alter_table("login_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_code_claimed_at"), ["claimed_at"], unique=False)

    op.create_table(
        "minimum_wage_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("division", sa.String(length=12), nullable=False),
        sa.Column("monthly_fen", sa.Integer(), nullable=False),
        sa.Column("hourly_fen", sa.Integer(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("verified_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minimum_wage_row")),
        sa.UniqueConstraint("division", "effective_from", name=op.f("uq_minimum_wage_row_division_effective_from")),
    )
    op.create_table(
        "occupation_alias",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("alias", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupation_alias")),
        sa.UniqueConstraint("alias", name=op.f("uq_occupation_alias_alias")),
    )
    with op.batch_alter_table("occupation_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_occupation_alias_code"), ["code"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_by", sa.String(length=60), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=120), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_due",
            ["available_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unionid", sa.String(length=64), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.String(length=64), nullable=True),
        sa.Column("birth_date_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("unionid", name=op.f("uq_person_unionid")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_phone_hash"), ["phone_hash"], unique=False)

    op.create_table(
        "plan_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("section", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_item")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_plan_item_kind_name")),
    )
    op.create_table(
        "posting_rule_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("law", sa.String(length=80), nullable=False),
        sa.Column("article", sa.String(length=40), nullable=False),
        sa.Column("mend", sa.String(length=300), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_rule_row")),
        sa.UniqueConstraint("rule_id", "effective_from", name=op.f("uq_posting_rule_row_rule_id_effective_from")),
    )
    op.create_table(
        "posting_term_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("pattern", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("unless", sa.String(length=600), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_term_row")),
        sa.UniqueConstraint(
            "rule_id", "pattern", "effective_from", name=op.f("uq_posting_term_row_rule_id_pattern_effective_from")
        ),
    )
    op.create_table(
        "seed_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_history")),
    )
    op.create_table(
        "seed_record",
        sa.Column("dataset", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("target_version", sa.Integer(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "key", name=op.f("pk_seed_record")),
    )
    with op.batch_alter_table("seed_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seed_record_target_id"), ["target_id"], unique=False)

    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("appointed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_appointment_period")),
        sa.ForeignKeyConstraint(["appointed_by"], ["person.id"], name=op.f("fk_appointment_appointed_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appointment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_appointment_scope", ["scope_kind", "scope_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=20), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("ix_consent_person_purpose", ["person_id", "purpose"], unique=False)

    op.create_table(
        "enterprise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("address", sa.String(length=120), nullable=True),
        sa.Column("area_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_enterprise_approved_by_person")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_enterprise_area_id_area")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
        sa.UniqueConstraint("name", name=op.f("uq_enterprise_name")),
        sa.UniqueConstraint("uscc", name=op.f("uq_enterprise_uscc")),
    )
    with op.batch_alter_table("enterprise", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enterprise_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enterprise_state"), ["state"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("login_code_hash", sa.String(length=64), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_login_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("login_code_hash", name=op.f("uq_login_session_login_code_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("body", sa.String(length=300), nullable=False),
        sa.Column("page", sa.String(length=120), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("template_data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_person_created", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_notice_unread",
            ["person_id"],
            unique=False,
            postgresql_where=sa.text("read_at IS NULL"),
            sqlite_where=sa.text("read_at IS NULL"),
        )

    op.create_table(
        "roster_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roster_person_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_person")),
        sa.UniqueConstraint("name", name=op.f("uq_roster_person_name")),
        sa.UniqueConstraint("person_id", name=op.f("uq_roster_person_person_id")),
    )
    op.create_table(
        "seeker_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("experience_years", sa.JSON(), nullable=False),
        sa.Column("machines", sa.JSON(), nullable=False),
        sa.Column("certificates", sa.JSON(), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("wish_pay_unit", sa.String(length=40), nullable=True),
        sa.Column("wish_pay_fen", sa.Integer(), nullable=True),
        sa.Column("shift_patterns", sa.JSON(), nullable=False),
        sa.Column("free_until_minute", sa.Integer(), nullable=True),
        sa.Column("earliest_start", sa.Date(), nullable=True),
        sa.Column("commute_limit_m", sa.Integer(), nullable=True),
        sa.Column("vehicle", sa.String(length=40), nullable=True),
        sa.Column("wants_meals", sa.Boolean(), nullable=True),
        sa.Column("wants_lodging", sa.Boolean(), nullable=True),
        sa.Column("no_list", sa.JSON(), nullable=False),
        sa.Column("hidden_from", sa.JSON(), nullable=False),
        sa.Column("pay_cycles", sa.JSON(), nullable=False),
        sa.Column("seeker_state", sa.String(length=40), nullable=True),
        sa.Column("home_area_id", sa.Uuid(), nullable=True),
        sa.Column("home_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("home_coord_type", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["home_area_id"], ["area.id"], name=op.f("fk_seeker_profile_home_area_id_area")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_seeker_profile_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seeker_profile")),
        sa.UniqueConstraint("person_id", name=op.f("uq_seeker_profile_person_id")),
    )
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seeker_profile_home_area_id"), ["home_area_id"], unique=False)

    op.create_table(
        "task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_task_done_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("ix_task_state_created", ["state", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_task_open",
            ["kind", "subject_id"],
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "wechat_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_wechat_identity_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_identity")),
        sa.UniqueConstraint("app", "openid", name=op.f("uq_wechat_identity_app_openid")),
        sa.UniqueConstraint("person_id", "app", name=op.f("uq_wechat_identity_person_id_app")),
    )
    op.create_table(
        "claim_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("roster_person_id", sa.Uuid(), nullable=True),
        sa.Column("grants_role", sa.String(length=40), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_claim_code_issued_by_person")),
        sa.ForeignKeyConstraint(
            ["roster_person_id"], ["roster_person.id"], name=op.f("fk_claim_code_roster_person_id_roster_person")
        ),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_claim_code_used_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_claim_code_code_hash")),
    )
    with op.batch_alter_table("claim_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_code_roster_person_id"), ["roster_person_id"], unique=False)

    op.create_table(
        "enterprise_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_claim_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enterprise_claim_person_id_person")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_enterprise_claim_reviewed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_claim")),
    )
    with op.batch_alter_table("enterprise_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enterprise_claim_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enterprise_claim_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_enterprise_claim_pending",
            ["enterprise_id", "person_id"],
            unique=True,
            postgresql_where=sa.text("state = 'submitted'"),
            sqlite_where=sa.text("state = 'submitted'"),
        )

    op.create_table(
        "enterprise_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_name_enterprise_id_enterprise")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_name")),
        sa.UniqueConstraint("name", name=op.f("uq_enterprise_name_name")),
    )
    with op.batch_alter_table("enterprise_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enterprise_name_enterprise_id"), ["enterprise_id"], unique=False)

    op.create_table(
        "grid",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("leader_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_grid_area_id_area")),
        sa.ForeignKeyConstraint(["leader_id"], ["roster_person.id"], name=op.f("fk_grid_leader_id_roster_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid")),
        sa.UniqueConstraint("area_id", "number", name=op.f("uq_grid_area_id_number")),
    )
    with op.batch_alter_table("grid", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grid_leader_id"), ["leader_id"], unique=False)

    op.create_table(
        "party_organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("secretary_id", sa.Uuid(), nullable=False),
        sa.Column("secretary_phone", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("civic_body_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(enterprise_id IS NULL) <> (civic_body_id IS NULL)", name=op.f("ck_party_organisation_one_host")
        ),
        sa.ForeignKeyConstraint(
            ["civic_body_id"], ["civic_body.id"], name=op.f("fk_party_organisation_civic_body_id_civic_body")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_party_organisation_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["secretary_id"], ["roster_person.id"], name=op.f("fk_party_organisation_secretary_id_roster_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_party_organisation_name")),
        sa.UniqueConstraint("seq", name=op.f("uq_party_organisation_seq")),
    )
    with op.batch_alter_table("party_organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_party_organisation_civic_body_id"), ["civic_body_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_party_organisation_enterprise_id"), ["enterprise_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_party_organisation_secretary_id"), ["secretary_id"], unique=False)

    op.create_table(
        "task_force_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("roster_person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["roster_person_id"], ["roster_person.id"], name=op.f("fk_task_force_member_roster_person_id_roster_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_force_member")),
        sa.UniqueConstraint("seq", name=op.f("uq_task_force_member_seq")),
    )
    with op.batch_alter_table("task_force_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_force_member_roster_person_id"), ["roster_person_id"], unique=False)

    op.create_table(
        "vacancy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("occupation_code", sa.String(length=20), nullable=False),
        sa.Column("occupation_name", sa.String(length=80), nullable=False),
        sa.Column("engagement", sa.String(length=40), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("hired_count", sa.Integer(), nullable=False),
        sa.Column("pay_unit", sa.String(length=40), nullable=False),
        sa.Column("pay_min_fen", sa.Integer(), nullable=True),
        sa.Column("pay_max_fen", sa.Integer(), nullable=True),
        sa.Column("piece_rate_fen", sa.Integer(), nullable=True),
        sa.Column("piece_per_quantity", sa.Integer(), nullable=True),
        sa.Column("piece_hourly_output", sa.Integer(), nullable=True),
        sa.Column("pay_cycle", sa.String(length=40), nullable=False),
        sa.Column("minutes_per_day", sa.Integer(), nullable=False),
        sa.Column("days_per_month", sa.Integer(), nullable=True),
        sa.Column("shift_pattern", sa.String(length=40), nullable=False),
        sa.Column("work_start_minute", sa.Integer(), nullable=True),
        sa.Column("work_end_minute", sa.Integer(), nullable=True),
        sa.Column("place_address", sa.String(length=120), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("coord_type", sa.String(length=40), nullable=True),
        sa.Column("benefits", sa.JSON(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("required_years", sa.Integer(), nullable=True),
        sa.Column("required_machines", sa.JSON(), nullable=False),
        sa.Column("required_certificates", sa.JSON(), nullable=False),
        sa.Column("required_level", sa.String(length=40), nullable=True),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("duties", sa.String(length=1000), nullable=False),
        sa.Column("requirements", sa.String(length=1000), nullable=False),
        sa.Column("benefits_note", sa.String(length=300), nullable=False),
        sa.Column("contact_note", sa.String(length=200), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.String(length=200), nullable=True),
        sa.Column("posted_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("headcount > 0", name=op.f("ck_vacancy_headcount")),
        sa.CheckConstraint("hired_count >= 0 AND hired_count <= headcount", name=op.f("ck_vacancy_seats")),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name=op.f("fk_vacancy_enterprise_id_enterprise")),
        sa.ForeignKeyConstraint(["posted_by"], ["person.id"], name=op.f("fk_vacancy_posted_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancy")),
    )
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.create_index("ix_vacancy_enterprise", ["enterprise_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_vacancy_public",
            ["published_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.create_index(
            "ix_vacancy_public_occupation",
            ["occupation_code", "published_at", "id"],
            unique=False,
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.create_index("ix_vacancy_state_valid_until", ["state", "valid_until"], unique=False)

    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_content_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("contact_released", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_application_person_id_person")),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_application_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.create_index("ix_application_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_application_vacancy", ["vacancy_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_application_active",
            ["person_id", "vacancy_id"],
            unique=True,
            postgresql_where=sa.text("state NOT IN ('rejected', 'withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('rejected', 'withdrawn')"),
        )

    op.create_table(
        "liaison_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("roster_person_id", sa.Uuid(), nullable=True),
        sa.Column("suggested_person_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'unknown') = (roster_person_id IS NULL)", name=op.f("ck_liaison_link_unknown_is_empty")
        ),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_liaison_link_confirmed_by_person")),
        sa.ForeignKeyConstraint(
            ["party_organisation_id"],
            ["party_organisation.id"],
            name=op.f("fk_liaison_link_party_organisation_id_party_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["roster_person_id"], ["roster_person.id"], name=op.f("fk_liaison_link_roster_person_id_roster_person")
        ),
        sa.ForeignKeyConstraint(
            ["suggested_person_id"],
            ["roster_person.id"],
            name=op.f("fk_liaison_link_suggested_person_id_roster_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_link")),
    )
    with op.batch_alter_table("liaison_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_liaison_link_roster_person_id"), ["roster_person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_liaison_link_suggested_person_id"), ["suggested_person_id"], unique=False)
        batch_op.create_index(
            "uq_liaison_link_current",
            ["party_organisation_id", "role"],
            unique=True,
            postgresql_where=sa.text("valid_to IS NULL"),
            sqlite_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "vacancy_document",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_vacancy_document_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_vacancy_document")),
        sa.UniqueConstraint("vacancy_id", name=op.f("uq_vacancy_document_vacancy_id")),
    )
    op.create_table(
        "vacancy_version",
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_vacancy_version_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("vacancy_id", "number", name=op.f("pk_vacancy_version")),
    )
    op.create_table(
        "application_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("by_person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_step_application_id_application")
        ),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_application_step_by_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_step")),
    )
    with op.batch_alter_table("application_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_application_step_application_id"), ["application_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("application_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_application_step_application_id"))

    op.drop_table("application_step")
    op.drop_table("vacancy_version")
    op.drop_table("vacancy_document")
    with op.batch_alter_table("liaison_link", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_liaison_link_current",
            postgresql_where=sa.text("valid_to IS NULL"),
            sqlite_where=sa.text("valid_to IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_liaison_link_suggested_person_id"))
        batch_op.drop_index(batch_op.f("ix_liaison_link_roster_person_id"))

    op.drop_table("liaison_link")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_application_active",
            postgresql_where=sa.text("state NOT IN ('rejected', 'withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('rejected', 'withdrawn')"),
        )
        batch_op.drop_index("ix_application_vacancy")
        batch_op.drop_index("ix_application_person")

    op.drop_table("application")
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.drop_index("ix_vacancy_state_valid_until")
        batch_op.drop_index(
            "ix_vacancy_public_occupation",
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.drop_index(
            "ix_vacancy_public",
            postgresql_where=sa.text("state = 'published'"),
            sqlite_where=sa.text("state = 'published'"),
        )
        batch_op.drop_index("ix_vacancy_enterprise")

    op.drop_table("vacancy")
    with op.batch_alter_table("task_force_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_force_member_roster_person_id"))

    op.drop_table("task_force_member")
    with op.batch_alter_table("party_organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_party_organisation_secretary_id"))
        batch_op.drop_index(batch_op.f("ix_party_organisation_enterprise_id"))
        batch_op.drop_index(batch_op.f("ix_party_organisation_civic_body_id"))

    op.drop_table("party_organisation")
    with op.batch_alter_table("grid", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grid_leader_id"))

    op.drop_table("grid")
    with op.batch_alter_table("enterprise_name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enterprise_name_enterprise_id"))

    op.drop_table("enterprise_name")
    with op.batch_alter_table("enterprise_claim", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_enterprise_claim_pending",
            postgresql_where=sa.text("state = 'submitted'"),
            sqlite_where=sa.text("state = 'submitted'"),
        )
        batch_op.drop_index(batch_op.f("ix_enterprise_claim_state"))
        batch_op.drop_index(batch_op.f("ix_enterprise_claim_person_id"))

    op.drop_table("enterprise_claim")
    with op.batch_alter_table("claim_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_code_roster_person_id"))

    op.drop_table("claim_code")
    op.drop_table("wechat_identity")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_task_open", postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'")
        )
        batch_op.drop_index("ix_task_state_created")

    op.drop_table("task")
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seeker_profile_home_area_id"))

    op.drop_table("seeker_profile")
    op.drop_table("roster_person")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notice_unread", postgresql_where=sa.text("read_at IS NULL"), sqlite_where=sa.text("read_at IS NULL")
        )
        batch_op.drop_index("ix_notice_person_created")

    op.drop_table("notice")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_person_id"))
        batch_op.drop_index(batch_op.f("ix_login_session_expires_at"))

    op.drop_table("login_session")
    with op.batch_alter_table("enterprise", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enterprise_state"))
        batch_op.drop_index(batch_op.f("ix_enterprise_area_id"))

    op.drop_table("enterprise")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_person_purpose")

    op.drop_table("consent")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index("ix_appointment_scope")
        batch_op.drop_index(batch_op.f("ix_appointment_person_id"))

    op.drop_table("appointment")
    with op.batch_alter_table("seed_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seed_record_target_id"))

    op.drop_table("seed_record")
    op.drop_table("seed_history")
    op.drop_table("posting_term_row")
    op.drop_table("posting_rule_row")
    op.drop_table("plan_item")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_phone_hash"))

    op.drop_table("person")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_message_due",
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )

    op.drop_table("outbox_message")
    with op.batch_alter_table("occupation_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_occupation_alias_code"))

    op.drop_table("occupation_alias")
    op.drop_table("minimum_wage_row")
    with op.batch_alter_table("login_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_code_claimed_at"))

    op.drop_table("login_code")
    with op.batch_alter_table("idempotency_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_record_created_at"))

    op.drop_table("idempotency_record")
    op.drop_table("figure")
    op.drop_table("code_table_version")
    with op.batch_alter_table("code_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_code_entry_parent")

    op.drop_table("code_entry")
    op.drop_table("civic_body")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor_id"))

    op.drop_table("audit_entry")
    op.drop_table("area")
    op.drop_table("app_token")
