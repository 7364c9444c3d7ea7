"""identity: sessions, consents, acting for others, files, reports, reach, enterprises

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("base_seq", sa.Integer(), nullable=False),
        sa.Column("base_chain", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        sa.UniqueConstraint("day", name=op.f("uq_calendar_day_day")),
    )
    op.create_table(
        "daily_mark",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_daily_mark")),
    )
    op.create_table(
        "push_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("trace_id", sa.String(length=100), nullable=True),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_event")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_push_event_dedupe_key")),
    )
    with op.batch_alter_table("push_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_event_trace_id"), ["trace_id"], unique=False)

    op.create_table(
        "rate_bucket",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("tat", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "caller", name=op.f("pk_rate_bucket")),
    )
    with op.batch_alter_table("rate_bucket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rate_bucket_tat"), ["tat"], unique=False)

    op.create_table(
        "sign_in_guard",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_guard")),
    )
    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_guard_failed_at"), ["failed_at"], unique=False)

    op.create_table(
        "console_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=32), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_console_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_console_account_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_console_account_username")),
    )
    op.create_table(
        "content_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("held_because", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_content_review_author_id_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_content_review_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_review")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_content_review_subject_kind_subject_id")),
    )
    with op.batch_alter_table("content_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_review_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_content_review_state"), ["state"], unique=False)

    op.create_table(
        "file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("object_name", sa.String(length=80), nullable=True),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("refused_because", sa.String(length=120), nullable=True),
        sa.Column("bound", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_file_owner_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index("ix_file_orphan", ["bound", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_file_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("first_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_report_decided_by_person")),
        sa.ForeignKeyConstraint(["reporter_id"], ["person.id"], name=op.f("fk_report_reporter_id_person")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_report_taken_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("ix_report_reporter", ["reporter_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_report_state_due", ["state", "due_at", "id"], unique=False)
        batch_op.create_index("ix_report_subject", ["subject_kind", "subject_id"], unique=False)
        batch_op.create_index(
            "uq_report_open",
            ["reporter_id", "subject_kind", "subject_id"],
            unique=True,
            postgresql_where=sa.text("state IN ('submitted', 'handling')"),
            sqlite_where=sa.text("state IN ('submitted', 'handling')"),
        )

    op.create_table(
        "retained_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("retention_class", sa.String(length=40), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_retained_record_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retained_record")),
    )
    with op.batch_alter_table("retained_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_retained_record_keep_until"), ["keep_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_retained_record_person_id"), ["person_id"], unique=False)

    op.create_table(
        "share_code",
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_share_code_created_by_person")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_share_code")),
    )
    with op.batch_alter_table("share_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_code_created_by"), ["created_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_code_target_id"), ["target_id"], unique=False)

    op.create_table(
        "subscription_counter",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_subscription_counter_remaining")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subscription_counter_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "app", "template_id", name=op.f("pk_subscription_counter")),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("scope_kind", sa.String(length=40), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("handled_by", sa.Uuid(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["handled_by"], ["person.id"], name=op.f("fk_call_handled_by_person")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_call_notice_id_notice")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_call_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_call_notice_id")),
    )
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.create_index("ix_call_audience", ["scope_kind", "scope_id", "state", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_call_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_call_state", ["state", "created_at", "id"], unique=False)

    op.create_table(
        "console_device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["console_account.id"], name=op.f("fk_console_device_account_id_console_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_device_token_hash")),
    )
    with op.batch_alter_table("console_device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_console_device_account_id"), ["account_id"], unique=False)

    op.create_table(
        "enterprise_licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_licence_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_enterprise_licence_file_id_file")),
        sa.ForeignKeyConstraint(["verified_by"], ["person.id"], name=op.f("fk_enterprise_licence_verified_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_licence")),
        sa.UniqueConstraint("enterprise_id", "kind", name=op.f("uq_enterprise_licence_enterprise_id_kind")),
    )
    with op.batch_alter_table("enterprise_licence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enterprise_licence_file_id"), ["file_id"], unique=False)

    op.create_table(
        "enterprise_suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("suspended_by", sa.Uuid(), nullable=False),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_by", sa.Uuid(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.id"], name=op.f("fk_enterprise_suspension_answered_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["appealed_by"], ["person.id"], name=op.f("fk_enterprise_suspension_appealed_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enterprise_suspension_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(
            ["suspended_by"], ["person.id"], name=op.f("fk_enterprise_suspension_suspended_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_suspension")),
    )
    with op.batch_alter_table("enterprise_suspension", schema=None) as batch_op:
        batch_op.create_index(
            "uq_enterprise_suspension_current",
            ["enterprise_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'lifted'"),
            sqlite_where=sa.text("state <> 'lifted'"),
        )

    op.create_table(
        "file_use",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_use_file_id_file")),
        sa.PrimaryKeyConstraint("file_id", "subject_kind", "subject_id", name=op.f("pk_file_use")),
    )
    with op.batch_alter_table("file_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_use_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "media_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("trace_id", sa.String(length=100), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_media_check_file_id_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_check")),
        sa.UniqueConstraint("app", "trace_id", name=op.f("uq_media_check_app_trace_id")),
    )
    with op.batch_alter_table("media_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_check_file_id"), ["file_id"], unique=False)

    op.create_table(
        "member_invite",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_member_invite_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_member_invite_issued_by_person")),
        sa.ForeignKeyConstraint(["used_by"], ["person.id"], name=op.f("fk_member_invite_used_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_invite")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_member_invite_code_hash")),
    )
    with op.batch_alter_table("member_invite", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_invite_enterprise_id"), ["enterprise_id"], unique=False)

    op.create_table(
        "notice_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("failure", sa.String(length=60), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_delivery_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_delivery")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("uq_notice_delivery_channel_external_id")),
    )
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_delivery_notice_id"), ["notice_id"], unique=False)

    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("successor_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["login_session.id"], name=op.f("fk_refresh_token_session_id_login_session")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_token_session_id"), ["session_id"], unique=False)

    op.create_table(
        "representation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_file_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("agent_id IS NULL OR agent_id <> person_id", name=op.f("ck_representation_two_people")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_representation_period")),
        sa.ForeignKeyConstraint(["agent_id"], ["person.id"], name=op.f("fk_representation_agent_id_person")),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"], ["file.id"], name=op.f("fk_representation_evidence_file_id_file")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_representation_person_id_person")),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"], name=op.f("fk_representation_revoked_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_representation_code_hash")),
    )
    with op.batch_alter_table("representation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_representation_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_representation_evidence_file_id"), ["evidence_file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_representation_person_id"), ["person_id"], unique=False)

    op.create_table(
        "assisted_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("representation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_version", sa.Integer(), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["person.id"], name=op.f("fk_assisted_act_agent_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assisted_act_person_id_person")),
        sa.ForeignKeyConstraint(
            ["representation_id"], ["representation.id"], name=op.f("fk_assisted_act_representation_id_representation")
        ),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_assisted_act_undone_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assisted_act")),
    )
    with op.batch_alter_table("assisted_act", schema=None) as batch_op:
        batch_op.create_index("ix_assisted_act_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assisted_act_representation_id"), ["representation_id"], unique=False)

    op.create_table(
        "own_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("representation_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(length=80), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["representation_id"], ["representation.id"], name=op.f("fk_own_code_representation_id_representation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_code")),
    )
    with op.batch_alter_table("own_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_own_code_representation_id"), ["representation_id"], unique=False)

    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("substitute_for", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_appointment_substitute_for"), ["substitute_for"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_appointment_substitute_for_appointment"), "appointment", ["substitute_for"], ["id"]
        )

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seq", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("chain", sa.String(length=64), nullable=True))
        batch_op.create_index("ix_audit_entry_subject", ["subject_id", "subject_kind"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_unsealed",
            ["created_at", "id"],
            unique=False,
            postgresql_where=sa.text("seq IS NULL"),
            sqlite_where=sa.text("seq IS NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_audit_entry_seq"), ["seq"])

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("method", sa.String(length=40), nullable=False, server_default=sa.text("'self'")))
        batch_op.add_column(sa.Column("representation_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_consent_representation_id"), ["representation_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_consent_representation_id_representation"), "representation", ["representation_id"], ["id"]
        )

    with op.batch_alter_table("enterprise", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verified_how", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("verified_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("registered_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("handler_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("licence_valid_to", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("authorisation_valid_to", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("returned_because", sa.String(length=200), nullable=True))
        batch_op.create_index(batch_op.f("ix_enterprise_registered_by"), ["registered_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_enterprise_verified_until"), ["verified_until"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_enterprise_registered_by_person"), "person", ["registered_by"], ["id"]
        )

    with op.batch_alter_table("enterprise_claim", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("role", sa.String(length=40), nullable=False, server_default=sa.text("'recruiter'"))
        )
        batch_op.add_column(sa.Column("licence_file_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("authorisation_file_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("authorisation_valid_to", sa.Date(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_enterprise_claim_authorisation_file_id"), ["authorisation_file_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_enterprise_claim_licence_file_id"), ["licence_file_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_enterprise_claim_licence_file_id_file"), "file", ["licence_file_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_enterprise_claim_authorisation_file_id_file"), "file", ["authorisation_file_id"], ["id"]
        )

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("latest_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("revoked_because", sa.String(length=40), nullable=True))

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("party_organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_party_organisation_confirmed_by_person"), "person", ["confirmed_by"], ["id"]
        )

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_held", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("id_number_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("id_number_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("state", sa.String(length=40), nullable=False, server_default=sa.text("'active'"))
        )
        batch_op.add_column(sa.Column("state_reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("night_messages", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_person_id_number_hash"), ["id_number_hash"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_person_merged_into_person"), "person", ["merged_into"], ["id"])

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("other_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("note", sa.String(length=200), nullable=True))

    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("enterprise_label", sa.String(length=120), nullable=False, server_default=sa.text("''"))
        )
        batch_op.add_column(sa.Column("using_firm", sa.String(length=80), nullable=True))

    with op.batch_alter_table("wechat_identity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sending_until", sa.DateTime(timezone=True), nullable=True))
    # The rows that are there have their values; new ones get theirs from the service.
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.alter_column("method", server_default=None)
    with op.batch_alter_table("enterprise_claim", schema=None) as batch_op:
        batch_op.alter_column("role", server_default=None)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("name_held", server_default=None)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("state", server_default=None)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("night_messages", server_default=None)
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.alter_column("enterprise_label", server_default=None)
    op.execute(sa.text("UPDATE outbox_message SET topic = 'notice' WHERE topic = 'wechat.subscribe_message'"))
    op.execute(sa.text("UPDATE enterprise SET verified_how = 'upload' WHERE approved_at IS NOT NULL"))
    op.execute(sa.text("UPDATE vacancy SET enterprise_label = '已核验' WHERE published_at IS NOT NULL"))
    op.execute(sa.text("UPDATE login_session SET latest_at = expires_at"))
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.alter_column("latest_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("wechat_identity", schema=None) as batch_op:
        batch_op.drop_column("sending_until")

    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.drop_column("using_firm")
        batch_op.drop_column("enterprise_label")

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_column("note")
        batch_op.drop_column("other_id")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_person_merged_into_person"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_person_id_number_hash"))
        batch_op.drop_column("night_messages")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("state_reason")
        batch_op.drop_column("state")
        batch_op.drop_column("id_number_hash")
        batch_op.drop_column("id_number_sealed")
        batch_op.drop_column("name_held")

    with op.batch_alter_table("party_organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_party_organisation_confirmed_by_person"), type_="foreignkey")
        batch_op.drop_column("confirmed_by")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("delivered_at")
        batch_op.drop_column("deadline_at")

    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("revoked_because")
        batch_op.drop_column("seen_at")
        batch_op.drop_column("latest_at")

    with op.batch_alter_table("enterprise_claim", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_enterprise_claim_authorisation_file_id_file"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_enterprise_claim_licence_file_id_file"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_enterprise_claim_licence_file_id"))
        batch_op.drop_index(batch_op.f("ix_enterprise_claim_authorisation_file_id"))
        batch_op.drop_column("authorisation_valid_to")
        batch_op.drop_column("authorisation_file_id")
        batch_op.drop_column("licence_file_id")
        batch_op.drop_column("role")

    with op.batch_alter_table("enterprise", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_enterprise_registered_by_person"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_enterprise_verified_until"))
        batch_op.drop_index(batch_op.f("ix_enterprise_registered_by"))
        batch_op.drop_column("returned_because")
        batch_op.drop_column("authorisation_valid_to")
        batch_op.drop_column("licence_valid_to")
        batch_op.drop_column("handler_sealed")
        batch_op.drop_column("registered_by")
        batch_op.drop_column("verified_until")
        batch_op.drop_column("verified_how")

    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_consent_representation_id_representation"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_consent_representation_id"))
        batch_op.drop_column("representation_id")
        batch_op.drop_column("method")

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_audit_entry_seq"), type_="unique")
        batch_op.drop_index(
            "ix_audit_entry_unsealed", postgresql_where=sa.text("seq IS NULL"), sqlite_where=sa.text("seq IS NULL")
        )
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_column("chain")
        batch_op.drop_column("seq")

    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_appointment_substitute_for_appointment"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_appointment_substitute_for"))
        batch_op.drop_column("substitute_for")

    with op.batch_alter_table("own_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_own_code_representation_id"))

    op.drop_table("own_code")
    with op.batch_alter_table("assisted_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_assisted_act_representation_id"))
        batch_op.drop_index("ix_assisted_act_person")

    op.drop_table("assisted_act")
    with op.batch_alter_table("representation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_representation_person_id"))
        batch_op.drop_index(batch_op.f("ix_representation_evidence_file_id"))
        batch_op.drop_index(batch_op.f("ix_representation_agent_id"))

    op.drop_table("representation")
    with op.batch_alter_table("refresh_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_token_session_id"))

    op.drop_table("refresh_token")
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_delivery_notice_id"))

    op.drop_table("notice_delivery")
    with op.batch_alter_table("member_invite", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_invite_enterprise_id"))

    op.drop_table("member_invite")
    with op.batch_alter_table("media_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_media_check_file_id"))

    op.drop_table("media_check")
    with op.batch_alter_table("file_use", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_file_use_subject_id"))

    op.drop_table("file_use")
    with op.batch_alter_table("enterprise_suspension", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_enterprise_suspension_current",
            postgresql_where=sa.text("state <> 'lifted'"),
            sqlite_where=sa.text("state <> 'lifted'"),
        )

    op.drop_table("enterprise_suspension")
    with op.batch_alter_table("enterprise_licence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enterprise_licence_file_id"))

    op.drop_table("enterprise_licence")
    with op.batch_alter_table("console_device", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_console_device_account_id"))

    op.drop_table("console_device")
    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.drop_index("ix_call_state")
        batch_op.drop_index(batch_op.f("ix_call_person_id"))
        batch_op.drop_index("ix_call_audience")

    op.drop_table("call")
    op.drop_table("subscription_counter")
    with op.batch_alter_table("share_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_share_code_target_id"))
        batch_op.drop_index(batch_op.f("ix_share_code_created_by"))

    op.drop_table("share_code")
    with op.batch_alter_table("retained_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_retained_record_person_id"))
        batch_op.drop_index(batch_op.f("ix_retained_record_keep_until"))

    op.drop_table("retained_record")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_report_open",
            postgresql_where=sa.text("state IN ('submitted', 'handling')"),
            sqlite_where=sa.text("state IN ('submitted', 'handling')"),
        )
        batch_op.drop_index("ix_report_subject")
        batch_op.drop_index("ix_report_state_due")
        batch_op.drop_index("ix_report_reporter")

    op.drop_table("report")
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_file_owner_id"))
        batch_op.drop_index("ix_file_orphan")

    op.drop_table("file")
    with op.batch_alter_table("content_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_review_state"))
        batch_op.drop_index(batch_op.f("ix_content_review_author_id"))

    op.drop_table("content_review")
    op.drop_table("console_account")
    with op.batch_alter_table("sign_in_guard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_guard_failed_at"))

    op.drop_table("sign_in_guard")
    with op.batch_alter_table("rate_bucket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rate_bucket_tat"))

    op.drop_table("rate_bucket")
    with op.batch_alter_table("push_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_event_trace_id"))

    op.drop_table("push_event")
    op.drop_table("daily_mark")
    op.drop_table("calendar_day")
    op.drop_table("audit_head")
