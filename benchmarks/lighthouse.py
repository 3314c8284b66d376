"""ENTRY: Lighthouse on the sign-in page and on a slide's page (`make bench-lighthouse`).

Its performance follows what else the machine does.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

from api.models.database import migrate
from api.settings import Settings
from tests.components import SHARED_DATA
from tests.e2e.stories import tell
from tests.servers.coslide import ApiServer

SLIDE = SHARED_DATA / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs"


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not SLIDE.is_file():
        print(f"Needs Chromium and the slide {SLIDE}.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="coslide-lighthouse-") as folder:
        data = Path(folder)
        asyncio.run(migrate(Settings(data=data)))
        api = ApiServer(data)
        try:
            api.start()
            seen = tell("lighthouse", api.url, Path(chromium), slide=str(SLIDE))
        finally:
            api.stop()
    print(json.dumps({page: seen[page] for page in ("signIn", "viewer")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
