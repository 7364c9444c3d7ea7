"""`sanqu …` as an operator types it: in this process, which is quick, or in one of its own."""

import asyncio
import subprocess

from typer.testing import CliRunner

from app.cli import main
from app.core.settings import Settings
from demo.stack import BIN


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The same database and keys; `more` without the prefix."""
    own = {"SANQU_DATABASE_URL": settings.database_url, "SANQU_DATA_DIR": str(settings.data_dir)}
    return own | {f"SANQU_{name.upper()}": value for name, value in more.items()}


async def sanqu(settings: Settings, *words: str, **more: str) -> tuple[int, str]:
    """Exit code and everything said; in a thread, because the command brings its own event loop."""
    done = await asyncio.to_thread(CliRunner().invoke, main, list(words), env=environment(settings, **more))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


async def sanqu_process(settings: Settings, *words: str, **more: str) -> tuple[int, str]:
    """Exit code and standard output of a real process."""
    process = await asyncio.create_subprocess_exec(
        BIN / "sanqu", *words, env=environment(settings, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, failed = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode() or failed.decode()
