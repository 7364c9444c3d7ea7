"""A PostgreSQL cluster of the test run's own: started once, as an unprivileged user, thrown away at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from demo.stack import free_port


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: SANQU_PG_BIN, the PATH, or Debian's places, the newest version first."""
    places = [Path(os.environ["SANQU_PG_BIN"])] if os.environ.get("SANQU_PG_BIN") else []
    if found := shutil.which("initdb"):
        places.append(Path(found).parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name, reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Cluster:
    def __init__(self, binaries: Path) -> None:
        self.attach(binaries)
        # pytest's own folders are 0700 and unreadable to the other user that root must start the server as.
        self.folder = Path(tempfile.mkdtemp(prefix="sanqu-pg-"))
        self.port = free_port()
        if self._user is not None:
            shutil.chown(self.folder, self._user)

    def attach(self, binaries: Path) -> None:
        """Speak to a cluster that another process of this run has started."""
        self._bin = binaries
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

    def sql(self, statement: str, database: str = "postgres") -> None:
        self._run(
            "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "sanqu", "-d", database,
            "-v", "ON_ERROR_STOP=1", "-q", "-c", statement,
        )  # fmt: skip

    def stop(self) -> None:
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
