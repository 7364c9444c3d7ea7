"""A PostgreSQL cluster of the test run's own: started once, as an unprivileged user, thrown away at the end."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncpg

from demo.stack import free_port

# A run keeps a few databases of about 10 MB at a time.
ROOM_IN_MEMORY = 2 * 1024**3


def memory_folder() -> str | None:
    """A folder in memory, where there is one with room: copies of the template are made five times as fast there."""
    place = Path("/dev/shm")  # noqa: S108  # the folder inside it gets a made-up name
    if place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOM_IN_MEMORY:
        return str(place)
    return None


class Speaker:
    """An open connection in a thread with a loop of its own: tests call it from inside their own loops."""

    def __init__(self, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._run(asyncpg.connect(host="127.0.0.1", port=port, user="sanqu", database="postgres"))

    def say(self, statement: str) -> None:
        self._run(self._connection.execute(statement))

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: SANQU_PG_BIN, the PATH, or Debian's places, the newest version first."""
    places = [Path(os.environ["SANQU_PG_BIN"])] if os.environ.get("SANQU_PG_BIN") else []
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name, reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Cluster:
    def __init__(self, binaries: Path, *, in_memory: bool = False) -> None:
        self.attach(binaries)
        # pytest's own folders are 0700 and unreadable to the other user that root must start the server as.
        self.folder = Path(tempfile.mkdtemp(prefix="sanqu-pg-", dir=memory_folder() if in_memory else None))
        self.port = free_port()
        if self._user is not None:
            shutil.chown(self.folder, self._user)

    def attach(self, binaries: Path) -> None:
        """Speak to a cluster that another process of this run has started."""
        self._bin = binaries
        self._speaker: Speaker | None = None
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "postgres" if _has_user("postgres") else "nobody"

    def start(self) -> str:
        """Initialise and start; returns the URL of the superuser's database."""
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-U", "sanqu", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        # Throw-away data: durability off makes the suite twice as fast; commits and locks behave the same.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
            "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
        )
        self._run("pg_ctl", "-D", str(data), "-w", "-t", "30", "-l", str(self.folder / "log"), "-o", options, "start")
        return self.url("postgres")

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://sanqu@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str) -> None:
        """One statement in the superuser's database, on a connection that stays open: a program each is slow."""
        if self._speaker is None:
            self._speaker = Speaker(self.port)
        self._speaker.say(statement)

    def hang_up(self) -> None:
        if self._speaker is not None:
            self._speaker.close()
            self._speaker = None

    def stop(self) -> None:
        self.hang_up()
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str, check: bool = True) -> None:
        path = self._bin / program
        done = subprocess.run(
            [str(path if path.exists() else program), *words],
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}\n{done.stderr}")


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
