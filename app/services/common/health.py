"""Readiness: the database answers and has this release's structure, and the process is not on its way out."""

from functools import cache
from pathlib import Path

from sqlalchemy import inspect, text

from app.core.errors import UnavailableError
from app.services.runtime import Runtime

ROOT = Path(__file__).resolve().parents[3]


class NotReadyError(UnavailableError):
    code = "migration_missing"
    message = "数据库结构是 {found}，这一版需要 {needed}，请先运行 sanqu migrate"


class DrainingError(UnavailableError):
    code = "draining"
    message = "服务正在退出，请稍后再试"


@cache
def head_revision() -> str:
    """The newest migration of this release."""
    # Half a second to load: not at the start of every process, only where it is asked.
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head() or ""


async def check_ready(runtime: Runtime, *, draining: bool) -> str:
    if draining:
        raise DrainingError(retry_after=5)
    async with runtime.db.connection() as connection:
        found = None
        if await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
            found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    if found != head_revision():
        raise NotReadyError(found=found or "空的", needed=head_revision(), retry_after=10)
    return str(found)
