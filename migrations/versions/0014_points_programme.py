"""points: rules, activities, claims, rewards, redemptions, publication, households

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "points_household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_household")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_points_household_code_hash")),
    )
    op.create_table(
        "points_site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=120), nullable=False),
        sa.Column("hours", sa.String(length=120), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_site")),
        sa.UniqueConstraint("name", name=op.f("uq_points_site_name")),
    )
    op.create_table(
        "reward",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("donor", sa.String(length=60), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("per_person", sa.Integer(), nullable=True),
        sa.Column("adults_only", sa.Boolean(), nullable=False),
        sa.Column("prepared", sa.Boolean(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("low_stock", sa.Integer(), nullable=True),
        sa.CheckConstraint("points > 0", name=op.f("ck_reward_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward")),
    )
    with op.batch_alter_table("reward", schema=None) as batch_op:
        batch_op.create_index("ix_reward_state", ["state", "points", "id"], unique=False)

    op.create_table(
        "household_member",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["points_household.id"], name=op.f("fk_household_member_household_id_points_household")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_household_member_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_household_member")),
    )
    with op.batch_alter_table("household_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_member_household_id"), ["household_id"], unique=False)

    op.create_table(
        "pick_up_guard",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pick_up_guard_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_pick_up_guard")),
    )
    op.create_table(
        "points_budget",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("honour_from", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decision", sa.String(length=200), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("granted >= 0 AND granted <= points", name=op.f("ck_points_budget_granted")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_points_budget_recorded_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_budget")),
        sa.UniqueConstraint("year", name=op.f("uq_points_budget_year")),
    )
    op.create_table(
        "points_publication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_by"], ["person.id"], name=op.f("fk_points_publication_published_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_publication")),
    )
    with op.batch_alter_table("points_publication", schema=None) as batch_op:
        batch_op.create_index("ix_points_publication_days", ["starts_on", "ends_on"], unique=True)

    op.create_table(
        "points_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("fact", sa.String(length=40), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("cap_day", sa.Integer(), nullable=True),
        sa.Column("cap_month", sa.Integer(), nullable=True),
        sa.Column("cap_year", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.String(length=40), nullable=False),
        sa.Column("confirmed_by", sa.String(length=80), nullable=False),
        sa.Column("second_above", sa.Integer(), nullable=True),
        sa.Column("lasts_years", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decision", sa.String(length=200), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state = 'proposed' OR state = 'withdrawn' OR decided_on IS NOT NULL", name=op.f("ck_points_rule_decision")
        ),
        sa.CheckConstraint("points > 0", name=op.f("ck_points_rule_points")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_points_rule_proposed_by_person")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_points_rule_recorded_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_rule")),
    )
    with op.batch_alter_table("points_rule", schema=None) as batch_op:
        batch_op.create_index(
            "uq_points_rule_code",
            ["code"],
            unique=True,
            postgresql_where=sa.text("state = 'adopted'"),
            sqlite_where=sa.text("state = 'adopted'"),
        )

    op.create_table(
        "reward_stock",
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("fulfilled", sa.Integer(), nullable=False),
        sa.Column("written_off", sa.Integer(), nullable=False),
        sa.CheckConstraint("free + held + fulfilled + written_off = received", name=op.f("ck_reward_stock_received")),
        sa.CheckConstraint(
            "free >= 0 AND held >= 0 AND fulfilled >= 0 AND written_off >= 0", name=op.f("ck_reward_stock_amounts")
        ),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name=op.f("fk_reward_stock_reward_id_reward")),
        sa.ForeignKeyConstraint(["site_id"], ["points_site.id"], name=op.f("fk_reward_stock_site_id_points_site")),
        sa.PrimaryKeyConstraint("reward_id", "site_id", name=op.f("pk_reward_stock")),
    )
    with op.batch_alter_table("reward_stock", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reward_stock_site_id"), ["site_id"], unique=False)

    op.create_table(
        "stock_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_change_quantity")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_stock_change_decided_by_person")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_stock_change_requested_by_person")),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name=op.f("fk_stock_change_reward_id_reward")),
        sa.ForeignKeyConstraint(["site_id"], ["points_site.id"], name=op.f("fk_stock_change_site_id_points_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_change")),
    )
    with op.batch_alter_table("stock_change", schema=None) as batch_op:
        batch_op.create_index("ix_stock_change_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_change_reward_id"), ["reward_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_stock_change_site_id"), ["site_id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("organised_by", sa.Uuid(), nullable=False),
        sa.Column("cancelled_because", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "capacity IS NULL OR (capacity > 0 AND joined <= capacity)", name=op.f("ck_activity_capacity")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_activity_period")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_activity_grid_id_grid")),
        sa.ForeignKeyConstraint(["organised_by"], ["person.id"], name=op.f("fk_activity_organised_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_grid_id"), ["grid_id"], unique=False)
        batch_op.create_index("ix_activity_starts_at", ["starts_at", "id"], unique=False)

    op.create_table(
        "points_award",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("told", sa.String(length=120), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_points_award_actor_id_person")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_points_award_grid_id_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_points_award_person_id_person")),
        sa.ForeignKeyConstraint(["rule_id"], ["points_rule.id"], name=op.f("fk_points_award_rule_id_points_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_award")),
        sa.UniqueConstraint("code", "cause", "person_id", name=op.f("uq_points_award_code_cause_person_id")),
    )
    with op.batch_alter_table("points_award", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_award_cause"), ["cause"], unique=False)
        batch_op.create_index("ix_points_award_day", ["on_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_award_grid_id"), ["grid_id"], unique=False)
        batch_op.create_index("ix_points_award_person", ["person_id", "on_day"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_award_rule_id"), ["rule_id"], unique=False)
        batch_op.create_index(
            "ix_points_award_waiting",
            ["created_at"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "points_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appeal_answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appeal_answered_by"], ["person.id"], name=op.f("fk_points_claim_appeal_answered_by_person")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_points_claim_decided_by_person")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_points_claim_grid_id_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_points_claim_person_id_person")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_points_claim_reviewed_by_person")),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name=op.f("fk_points_claim_submitted_by_person")),
        sa.ForeignKeyConstraint(["rule_id"], ["points_rule.id"], name=op.f("fk_points_claim_rule_id_points_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_claim")),
    )
    with op.batch_alter_table("points_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_claim_grid_id"), ["grid_id"], unique=False)
        batch_op.create_index("ix_points_claim_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_claim_rule_id"), ["rule_id"], unique=False)
        batch_op.create_index("ix_points_claim_same", ["person_id", "rule_id", "on_day"], unique=False)
        batch_op.create_index("ix_points_claim_state", ["state", "created_at", "id"], unique=False)

    op.create_table(
        "redemption",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("helper_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("picked_up_by", sa.String(length=40), nullable=True),
        sa.Column("fulfilled_by", sa.Uuid(), nullable=True),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_redemption_ended_by_person")),
        sa.ForeignKeyConstraint(["fulfilled_by"], ["person.id"], name=op.f("fk_redemption_fulfilled_by_person")),
        sa.ForeignKeyConstraint(["hold_id"], ["points_hold.id"], name=op.f("fk_redemption_hold_id_points_hold")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["points_household.id"], name=op.f("fk_redemption_household_id_points_household")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_redemption_person_id_person")),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name=op.f("fk_redemption_reward_id_reward")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_redemption_requested_by_person")),
        sa.ForeignKeyConstraint(["site_id"], ["points_site.id"], name=op.f("fk_redemption_site_id_points_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_redemption_code_hash")),
    )
    with op.batch_alter_table("redemption", schema=None) as batch_op:
        batch_op.create_index(
            "ix_redemption_due",
            ["until"],
            unique=False,
            postgresql_where=sa.text("state IN ('held', 'ready')"),
            sqlite_where=sa.text("state IN ('held', 'ready')"),
        )
        batch_op.create_index("ix_redemption_fulfilled", ["fulfilled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_redemption_hold_id"), ["hold_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_redemption_household_id"), ["household_id"], unique=False)
        batch_op.create_index("ix_redemption_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_redemption_reward_id"), ["reward_id"], unique=False)
        batch_op.create_index("ix_redemption_site", ["site_id", "state", "created_at", "id"], unique=False)

    op.create_table(
        "activity_person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("void_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_activity_person_activity_id_activity")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_activity_person_confirmed_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_activity_person_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_person")),
        sa.UniqueConstraint("activity_id", "person_id", name=op.f("uq_activity_person_activity_id_person_id")),
    )
    with op.batch_alter_table("activity_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_person_person_id"), ["person_id"], unique=False)

    op.create_table(
        "points_claim_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["points_claim.id"], name=op.f("fk_points_claim_photo_claim_id_points_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_claim_photo")),
    )
    with op.batch_alter_table("points_claim_photo", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_claim_photo_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_claim_photo_digest"), ["digest"], unique=False)

    op.create_table(
        "publication_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["award_id"], ["points_award.id"], name=op.f("fk_publication_line_award_id_points_award")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["points_publication.id"],
            name=op.f("fk_publication_line_publication_id_points_publication"),
        ),
        sa.ForeignKeyConstraint(
            ["redemption_id"], ["redemption.id"], name=op.f("fk_publication_line_redemption_id_redemption")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_line")),
        sa.UniqueConstraint("publication_id", "number", name=op.f("uq_publication_line_publication_id_number")),
    )
    with op.batch_alter_table("publication_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publication_line_award_id"), ["award_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_publication_line_redemption_id"), ["redemption_id"], unique=False)

    op.create_table(
        "points_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_points_objection_answered_by_person")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["publication_line.id"], name=op.f("fk_points_objection_line_id_publication_line")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_points_objection_person_id_person")),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["points_publication.id"],
            name=op.f("fk_points_objection_publication_id_points_publication"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_objection")),
        sa.UniqueConstraint("line_id", "person_id", name=op.f("uq_points_objection_line_id_person_id")),
    )
    with op.batch_alter_table("points_objection", schema=None) as batch_op:
        batch_op.create_index("ix_points_objection_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_objection_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_points_objection_publication_id"), ["publication_id"], unique=False)

    op.drop_index("uq_points_account_shard", table_name="points_account")
    with op.batch_alter_table("points_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("household_id", sa.Uuid(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_points_account_available"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_points_account_available"), "kind NOT IN ('person', 'household') OR balance + debt >= 0"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_points_account_household_id_points_household"), "points_household", ["household_id"], ["id"]
        )
    _shards("person_id IS NULL AND household_id IS NULL")
    owned = sa.text("household_id IS NOT NULL")
    op.create_index(
        "uq_points_account_household", "points_account", ["household_id"], unique=True, postgresql_where=owned,
        sqlite_where=owned,
    )  # fmt: skip

    with op.batch_alter_table("points_lot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("notices", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("points_lot", schema=None) as batch_op:
        batch_op.alter_column("notices", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("points_lot", schema=None) as batch_op:
        batch_op.drop_column("notices")

    # The ledger is never deleted from: purses stay as accounts without an owner, told apart by their shard.
    op.execute(
        "UPDATE points_account SET shard = (SELECT count(*) FROM points_account AS other "
        "WHERE other.kind = 'household' AND other.id <= points_account.id) WHERE kind = 'household'"
    )
    op.drop_index("uq_points_account_household", table_name="points_account")
    op.drop_index("uq_points_account_shard", table_name="points_account")
    with op.batch_alter_table("points_account", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_points_account_household_id_points_household"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_points_account_available"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_points_account_available"), "kind <> 'person' OR balance + debt >= 0"
        )
        batch_op.drop_column("household_id")
    _shards("person_id IS NULL")

    with op.batch_alter_table("points_objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_points_objection_publication_id"))
        batch_op.drop_index(batch_op.f("ix_points_objection_person_id"))
        batch_op.drop_index("ix_points_objection_created")

    op.drop_table("points_objection")
    with op.batch_alter_table("publication_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publication_line_redemption_id"))
        batch_op.drop_index(batch_op.f("ix_publication_line_award_id"))

    op.drop_table("publication_line")
    with op.batch_alter_table("points_claim_photo", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_points_claim_photo_digest"))
        batch_op.drop_index(batch_op.f("ix_points_claim_photo_claim_id"))

    op.drop_table("points_claim_photo")
    with op.batch_alter_table("activity_person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_activity_person_person_id"))

    op.drop_table("activity_person")
    with op.batch_alter_table("redemption", schema=None) as batch_op:
        batch_op.drop_index("ix_redemption_site")
        batch_op.drop_index(batch_op.f("ix_redemption_reward_id"))
        batch_op.drop_index("ix_redemption_person")
        batch_op.drop_index(batch_op.f("ix_redemption_household_id"))
        batch_op.drop_index(batch_op.f("ix_redemption_hold_id"))
        batch_op.drop_index("ix_redemption_fulfilled")
        batch_op.drop_index(
            "ix_redemption_due",
            postgresql_where=sa.text("state IN ('held', 'ready')"),
            sqlite_where=sa.text("state IN ('held', 'ready')"),
        )

    op.drop_table("redemption")
    with op.batch_alter_table("points_claim", schema=None) as batch_op:
        batch_op.drop_index("ix_points_claim_state")
        batch_op.drop_index("ix_points_claim_same")
        batch_op.drop_index(batch_op.f("ix_points_claim_rule_id"))
        batch_op.drop_index("ix_points_claim_person")
        batch_op.drop_index(batch_op.f("ix_points_claim_grid_id"))

    op.drop_table("points_claim")
    with op.batch_alter_table("points_award", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_points_award_waiting",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_points_award_rule_id"))
        batch_op.drop_index("ix_points_award_person")
        batch_op.drop_index(batch_op.f("ix_points_award_grid_id"))
        batch_op.drop_index("ix_points_award_day")
        batch_op.drop_index(batch_op.f("ix_points_award_cause"))

    op.drop_table("points_award")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.drop_index("ix_activity_starts_at")
        batch_op.drop_index(batch_op.f("ix_activity_grid_id"))

    op.drop_table("activity")
    with op.batch_alter_table("stock_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_change_site_id"))
        batch_op.drop_index(batch_op.f("ix_stock_change_reward_id"))
        batch_op.drop_index("ix_stock_change_created")

    op.drop_table("stock_change")
    with op.batch_alter_table("reward_stock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reward_stock_site_id"))

    op.drop_table("reward_stock")
    with op.batch_alter_table("points_rule", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_points_rule_code",
            postgresql_where=sa.text("state = 'adopted'"),
            sqlite_where=sa.text("state = 'adopted'"),
        )

    op.drop_table("points_rule")
    with op.batch_alter_table("points_publication", schema=None) as batch_op:
        batch_op.drop_index("ix_points_publication_days")

    op.drop_table("points_publication")
    op.drop_table("points_budget")
    op.drop_table("pick_up_guard")
    with op.batch_alter_table("household_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_household_member_household_id"))

    op.drop_table("household_member")
    with op.batch_alter_table("reward", schema=None) as batch_op:
        batch_op.drop_index("ix_reward_state")

    op.drop_table("reward")
    op.drop_table("points_site")
    op.drop_table("points_household")


def _shards(which: str) -> None:
    """The accounts of the system: one for each kind and shard."""
    op.create_index(
        "uq_points_account_shard", "points_account", ["kind", "shard"], unique=True, postgresql_where=sa.text(which),
        sqlite_where=sa.text(which),
    )  # fmt: skip
