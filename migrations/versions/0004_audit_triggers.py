"""the audit log is append-only in the database too

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# All but `seq` and `chain`, which the sealing worker sets once.
KEPT = ("id", "created_at", "actor_id", "act", "subject_kind", "subject_id", "details")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
        op.execute(
            "CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry "
            f"WHEN OLD.seq IS NOT NULL OR {changed} "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry "
            "WHEN OLD.created_at > strftime('%Y-%m-%d %H:%M:%S', 'now', '-190 days') "
            "BEGIN SELECT RAISE(ABORT, 'audit_entry is kept for 190 days'); END"
        )
        return
    changed = " OR ".join(
        f"NEW.{name}::text IS DISTINCT FROM OLD.{name}::text"
        if name == "details"
        else f"NEW.{name} IS DISTINCT FROM OLD.{name}"
        for name in KEPT
    )
    op.execute(
        "CREATE FUNCTION audit_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' AND (OLD.seq IS NOT NULL OR {changed}) THEN "
        "RAISE EXCEPTION 'audit_entry is append-only'; END IF; "
        "IF TG_OP = 'DELETE' AND OLD.created_at > now() - interval '190 days' THEN "
        "RAISE EXCEPTION 'audit_entry is kept for 190 days'; END IF; "
        "IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION 'audit_entry is append-only'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_guard BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_guard()"
    )
    op.execute(
        "CREATE TRIGGER audit_entry_whole BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_guard()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entry_unchanged")
        op.execute("DROP TRIGGER audit_entry_kept")
        return
    op.execute("DROP TRIGGER audit_entry_whole ON audit_entry")
    op.execute("DROP TRIGGER audit_entry_guard ON audit_entry")
    op.execute("DROP FUNCTION audit_entry_guard()")
