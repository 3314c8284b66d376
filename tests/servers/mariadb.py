"""A MariaDB server that is fast because it may lose everything when it crashes."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pymysql

from tests.components import missing
from tests.servers.process import ServerProcess, free_port


def mariadb_binary() -> str | None:
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running_mariadb(*, keeps_commits: bool = False) -> Iterator[MariadbServer]:
    """A server in a folder of its own, which goes with it; `keeps_commits` as for `MariadbServer`."""
    if mariadb_binary() is None:
        missing("A MariaDB server", "install Debian's mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="coslide-mariadb-"))
    server = MariadbServer(folder, keeps_commits=keeps_commits)
    try:
        server.install()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _server_user() -> str:
    """The system user the server runs as: never root where the package made a user for it."""
    if os.geteuid() != 0:
        return getpass.getuser()
    return "mysql" if any(entry.pw_name == "mysql" for entry in pwd.getpwall()) else "root"


class MariadbServer(ServerProcess):
    """MariaDB on a free loopback port, its tables in `folder`, user `root` without a password.

    Args:
        folder: an existing folder that the server's user can reach (pytest's own are closed to other users).
        keeps_commits: hand what is committed to the system at once, for tests that kill the server.
    """

    def __init__(self, folder: Path, *, keeps_commits: bool = False) -> None:
        self.port = free_port()
        self._folder = folder
        self._user = _server_user()
        self._numbers = count(1)
        super().__init__(
            [
                mariadb_binary() or "mariadbd",
                *("--no-defaults", f"--user={self._user}", f"--datadir={folder / 'data'}"),
                *("--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={folder / 'socket'}"),
                *(
                    f"--pid-file={folder / 'pid'}",
                    "--skip-name-resolve",
                    "--skip-log-bin",
                    "--performance-schema=OFF",
                ),
                *(
                    "--character-set-server=utf8mb4",
                    "--collation-server=utf8mb4_unicode_ci",
                    "--max-connections=300",
                ),
                # Durability that no test needs:
                *(
                    f"--innodb-flush-log-at-trx-commit={2 if keeps_commits else 0}",
                    "--innodb-flush-method=nosync",
                    "--innodb-doublewrite=OFF",
                ),
                *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M"),
            ],
            log=folder / "mariadb.log",
            is_ready=self._answers,
        )

    def install(self) -> None:
        """Write the system tables. Once, before the first `start`."""
        if self._user != getpass.getuser():
            shutil.chown(self._folder, self._user)
        with self.log.open("ab") as output:
            subprocess.run(
                [
                    "mariadb-install-db",
                    *("--no-defaults", f"--user={self._user}", f"--datadir={self._folder / 'data'}"),
                    *(
                        "--auth-root-authentication-method=normal",
                        "--skip-test-db",
                        "--innodb-flush-method=nosync",
                    ),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
                timeout=120,
            )

    def create_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name}")

    def url(self, database: str) -> str:
        """The database's address in the form of `COSLIDE_DATABASE_URL`."""
        return f"mysql://root:@127.0.0.1:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        connection = pymysql.connect(host="127.0.0.1", port=self.port, user="root", password="", connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()
