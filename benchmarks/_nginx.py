"""The limit: nginx sends files of the same bytes with sendfile and asks nobody for permission."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 10.0

_CONFIGURATION = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; types {{ image/jpeg jpg; }}
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


def has_nginx() -> bool:
    return shutil.which("nginx") is not None


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """nginx on the files under `folder/files`; gives its process id and port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    # Started by root, its workers would be "nobody" and could not read a temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(user=user, folder=folder, port=port))
    with subprocess.Popen(["nginx", "-p", str(folder), "-c", str(configuration)]) as server:
        try:
            _wait_until_it_listens(port)
            yield server.pid, port
        finally:
            server.terminate()


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("nginx did not start; its error is above")
