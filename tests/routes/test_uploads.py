"""tus over real HTTP: whole, in pieces, broken off, resumed after a restart, refused, and by people who may not."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from tortoise.context import TortoiseContext

from api.auth import sessions
from api.models.database import tortoise_config
from api.models.project import Membership, Role
from api.models.slide import Slide, Upload, UploadStatus
from api.models.user import User
from api.settings import Settings
from api.slides import upload_disk, upload_receiving
from api.slides.services import SlideServices
from api.slides.space import SPARE_BYTES
from tests.factories import make_project, make_user
from tests.routes.conftest import Browse, Team
from tests.routes.slide_app import SlideServer
from tests.slides.conftest import files_under
from tests.slides.made import make_slide

TUS = {"tus-resumable": "1.0.0"}
BYTES = {**TUS, "content-type": "application/offset+octet-stream"}


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


async def begin(browser: httpx.AsyncClient, project_id: UUID, length: int, filename: str = "case.tiff") -> str:
    """Begin an upload; gives its path."""
    answer = await browser.post(
        "/uploads",
        headers={
            **TUS,
            "upload-length": str(length),
            "upload-metadata": metadata(filename=filename, projectId=str(project_id)),
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def send(browser: httpx.AsyncClient, path: str, offset: int, data: bytes) -> httpx.Response:
    return await browser.patch(path, content=data, headers={**BYTES, "upload-offset": str(offset)})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return make_slide(tmp_path / "made.tiff", mpp=0.5).path.read_bytes()


ServerHas = Callable[[int], Awaitable[None]]


@pytest.fixture
def server_has(monkeypatch: pytest.MonkeyPatch) -> ServerHas:
    """Waits until the server has taken so many bytes of the test's requests into its hands, on the disk or not."""
    taken = 0
    more = asyncio.Condition()
    with_deadline = upload_receiving._with_deadline

    async def watched(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal taken
        async for chunk in with_deadline(chunks):
            yield chunk
            async with more:
                taken += len(chunk)
                more.notify_all()

    async def wait(count: int) -> None:
        async with asyncio.timeout(20), more:
            await more.wait_for(lambda: taken >= count)

    monkeypatch.setattr(upload_receiving, "_with_deadline", watched)
    return wait


async def test_what_the_server_can_do(browse: Browse) -> None:
    answer = await (await browse(None)).options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination,expiration,checksum"
    assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1"
    assert answer.headers["tus-max-size"] == "100000000"


async def test_a_slide_in_pieces(browse: Browse, team: Team, services: SlideServices, content: bytes) -> None:
    manager = team.people[Role.MANAGER]
    browser = await browse(manager)
    path = await begin(browser, team.project.id, len(content), "Case 7.tiff")
    assert re.fullmatch(r"/uploads/[0-9a-f-]{36}", path)
    third = len(content) // 3
    offset = 0
    for piece in (content[:third], content[third : 2 * third], content[2 * third :]):
        head = await browser.head(path, headers=TUS)
        assert (head.headers["upload-offset"], head.headers["upload-length"]) == (str(offset), str(len(content)))
        assert head.headers["cache-control"] == "no-store"
        assert "upload-expires" in head.headers
        answer = await send(browser, path, offset, piece)
        offset += len(piece)
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset))
    slide = await Slide.get()
    assert answer.headers["coslide-slide"] == str(slide.id)
    assert (slide.name, slide.filename, slide.project_id) == ("Case 7", "Case 7.tiff", team.project.id)
    assert (slide.created_by_id, slide.size_bytes) == (manager.id, len(content))
    assert services.storage.slide_path(slide.sha256).read_bytes() == content
    row = await Upload.get()
    assert (row.status, row.slide_id, row.offset) == (UploadStatus.DONE, slide.id, len(content))
    head = await browser.head(path, headers=TUS)
    assert head.headers["coslide-slide"] == str(slide.id)
    assert "uploads/" not in " ".join(files_under(services.storage.root))


async def test_a_connection_that_breaks_keeps_what_arrived(
    browse: Browse, team: Team, content: bytes, services: SlideServices, server_has: ServerHas
) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))

    async def breaks_off() -> AsyncIterator[bytes]:
        yield content[:40_000]
        await asyncio.Event().wait()

    upload_id = UUID(path.rsplit("/", 1)[1])
    headers = {**BYTES, "upload-offset": "0", "content-length": str(len(content))}
    sending = asyncio.ensure_future(browser.patch(path, content=breaks_off(), headers=headers))
    await server_has(40_000)
    assert (await Upload.get(id=upload_id)).offset <= 40_000
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    async with asyncio.timeout(10):
        while not (await Upload.get(id=upload_id)).offset:
            await asyncio.sleep(0.01)
    head = await browser.head(path, headers=TUS)
    offset = int(head.headers["upload-offset"])
    assert offset == 40_000
    assert services.storage.upload_path(upload_id).read_bytes() == content[:offset]
    answer = await send(browser, path, offset, content[offset:])
    assert (answer.status_code, "coslide-slide" in answer.headers) == (204, True)
    assert services.storage.slide_path((await Slide.get()).sha256).read_bytes() == content


async def test_two_requests_at_once(browse: Browse, team: Team, content: bytes, server_has: ServerHas) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    release = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield content[:1000]
        await release.wait()
        yield content[1000:]

    headers = {**BYTES, "upload-offset": "0", "content-length": str(len(content))}
    first = asyncio.ensure_future(browser.patch(path, content=slowly(), headers=headers))
    await server_has(1000)
    assert code_of(await send(browser, path, 0, b"x")) == (423, "UPLOAD_LOCKED")
    assert code_of(await browser.delete(path, headers=TUS)) == (423, "UPLOAD_LOCKED")
    release.set()
    answer = await first
    assert (answer.status_code, await Slide.all().count()) == (204, 1)


@pytest.mark.parametrize("name", ["text", "dicom", "cut"])
async def test_a_refusal_says_why_and_leaves_nothing(
    browse: Browse, team: Team, services: SlideServices, content: bytes, name: str
) -> None:
    data, code = {
        "text": (b"this is no slide", "NOT_A_SLIDE"),
        "dicom": (b"\0" * 128 + b"DICM\x02\x00\x02\x00UI\x1c\x001.2.840.10008.5.1.4.1.1.66.4", "DICOM_NOT_A_SLIDE"),
        "cut": (content[:-1000], "SLIDE_TRUNCATED"),
    }[name]
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(data), "<b>notes</b>.txt")
    answer = await send(browser, path, 0, data)
    assert code_of(answer) == (422, code)
    row = await Upload.get()
    assert row.status is UploadStatus.REFUSED
    assert row.error == {"params": {}} | answer.json()["error"]
    assert (await Slide.all().count(), files_under(services.storage.root)) == (0, [])
    again = await send(browser, path, len(data), b"")
    assert code_of(again) == (422, code)
    assert (await browser.head(path, headers=TUS)).status_code == 422
    assert (await browser.delete(path, headers=TUS)).status_code == 204
    assert await Upload.all().count() == 0


async def test_wrong_offsets_and_too_many_bytes(browse: Browse, team: Team, content: bytes) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, 1000)
    assert code_of(await send(browser, path, 5, b"x")) == (409, "OFFSET_MISMATCH")
    assert code_of(await send(browser, path, 0, b"x" * 1001)) == (413, "UPLOAD_TOO_LONG")
    assert (await Upload.get()).offset == 0
    assert (await send(browser, path, 0, b"x" * 600)).headers["upload-offset"] == "600"
    refused = await send(browser, path, 0, b"x" * 600)
    assert code_of(refused) == (409, "OFFSET_MISMATCH")
    assert refused.json()["error"]["params"] == {"offset": 600}


async def test_requests_that_are_not_tus(browse: Browse, team: Team) -> None:
    browser = await browse(team.people[Role.OWNER])
    good = {"upload-length": "10", "upload-metadata": metadata(filename="a", projectId=str(team.project.id))}
    assert code_of(await browser.post("/uploads", headers=good)) == (412, "TUS_VERSION")
    for wrong, expected in (
        ({"upload-length": ""}, (422, "TUS_HEADER")),
        ({"upload-length": "-1"}, (422, "TUS_HEADER")),
        ({"upload-length": "9" * 20}, (422, "TUS_HEADER")),
        ({"upload-length": "0"}, (422, "SLIDE_EMPTY")),
        ({"upload-length": "100000001"}, (413, "TOO_LARGE")),
        ({"upload-metadata": "filename %%%"}, (422, "TUS_METADATA")),
        ({"upload-metadata": "filename " + "A" * 10_000}, (422, "TUS_METADATA")),
        ({"upload-metadata": metadata(filename="a")}, (422, "BAD_ID")),
        ({"upload-metadata": metadata(filename="a", projectId="1")}, (422, "BAD_ID")),
        ({"upload-metadata": metadata(filename="a", projectId=str(uuid4()))}, (404, "NOT_FOUND")),
    ):
        assert code_of(await browser.post("/uploads", headers={**TUS, **good, **wrong})) == expected
    assert await Upload.all().count() == 0
    path = await begin(browser, team.project.id, 10)
    plain = await browser.patch(path, content=b"x", headers={**TUS, "upload-offset": "0"})
    assert code_of(plain) == (415, "TUS_CONTENT_TYPE")
    assert code_of(await browser.patch(path, content=b"x", headers=BYTES)) == (422, "TUS_HEADER")
    assert code_of(await browser.delete(f"/uploads/{uuid4()}", headers=TUS)) == (404, "NO_SUCH_UPLOAD")


async def test_only_managers_may_upload_and_only_to_their_own_upload(
    browse: Browse, team: Team, services: SlideServices, content: bytes
) -> None:
    headers = {
        **TUS,
        "upload-length": str(len(content)),
        "upload-metadata": metadata(filename="a", projectId=str(team.project.id)),
    }
    for user, expected in (
        (None, (401, "NOT_SIGNED_IN")),
        (team.stranger, (404, "NOT_FOUND")),
        (team.people[Role.VIEWER], (403, "NOT_PERMITTED")),
        (team.people[Role.ANNOTATOR], (403, "NOT_PERMITTED")),
        (team.people[Role.REVIEWER], (403, "NOT_PERMITTED")),
    ):
        assert code_of(await (await browse(user)).post("/uploads", headers=headers)) == expected
    assert (await Upload.all().count(), files_under(services.storage.root)) == (0, [])
    path = await begin(await browse(team.people[Role.MANAGER]), team.project.id, len(content))
    other = await browse(team.people[Role.OWNER])  # an owner of the project is not the owner of the upload
    assert code_of(await send(other, path, 0, content)) == (404, "NO_SUCH_UPLOAD")
    assert (await other.head(path, headers=TUS)).status_code == 404
    assert code_of(await other.delete(path, headers=TUS)) == (404, "NO_SUCH_UPLOAD")
    # Somebody who lost the right in the meantime can't finish.
    await Membership.filter(user_id=team.people[Role.MANAGER].id).update(role=Role.VIEWER)
    demoted = await browse(team.people[Role.MANAGER])
    assert code_of(await send(demoted, path, 0, content)) == (403, "NOT_PERMITTED")
    assert (await Upload.get()).offset == 0


async def test_other_sites_can_not_upload(browse: Browse, team: Team) -> None:
    browser = await browse(team.people[Role.OWNER])
    headers = {**TUS, "upload-length": "5", "origin": "https://evil.example"}
    assert code_of(await browser.post("/uploads", headers=headers)) == (403, "ORIGIN_REFUSED")


async def test_ending_an_upload(browse: Browse, team: Team, services: SlideServices) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, 1000)
    await send(browser, path, 0, b"x" * 500)
    assert (await browser.delete(path, headers=TUS)).status_code == 204
    assert (await Upload.all().count(), files_under(services.storage.root)) == (0, [])
    assert (await browser.head(path, headers=TUS)).status_code == 404


def sha256_header(data: bytes) -> dict[str, str]:
    return {"upload-checksum": f"sha256 {base64.b64encode(hashlib.sha256(data).digest()).decode()}"}


async def test_bytes_that_were_damaged_on_the_way_do_not_count(
    browse: Browse, team: Team, content: bytes, services: SlideServices
) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    first, rest = content[:10_000], content[10_000:]
    good = {**BYTES, "upload-offset": "0", **sha256_header(first)}
    for damaged in (b"?" + first[1:], first[:-1] + b"?", first[:-1]):
        assert code_of(await browser.patch(path, content=damaged, headers=good)) == (460, "CHECKSUM_MISMATCH")
    assert (await browser.head(path, headers=TUS)).headers["upload-offset"] == "0"
    assert (await browser.patch(path, content=first, headers=good)).headers["upload-offset"] == "10000"
    sha1 = base64.b64encode(hashlib.sha1(rest).digest()).decode()
    last = {**BYTES, "upload-offset": "10000", "upload-checksum": f"sha1 {sha1}"}
    assert (await browser.patch(path, content=rest, headers=last)).status_code == 204
    slide = await Slide.get()
    assert services.storage.slide_path(slide.sha256).read_bytes() == content


@pytest.mark.parametrize(
    "header", ["", "sha256", "sha256 xx", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256 1B2M2Y8AsgTpgAmY7PhCfg=="]
)
async def test_checksums_that_can_not_be_read(browse: Browse, team: Team, content: bytes, header: str) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    headers = {**BYTES, "upload-offset": "0", "upload-checksum": header}
    assert code_of(await browser.patch(path, content=content, headers=headers)) == (400, "TUS_CHECKSUM")
    assert (await Upload.get()).offset == 0


async def test_bytes_to_be_verified_do_not_count_when_the_line_breaks(
    browse: Browse, team: Team, content: bytes, server_has: ServerHas
) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))

    async def breaks_off() -> AsyncIterator[bytes]:
        yield content[:40_000]
        await asyncio.Event().wait()

    headers = {**BYTES, "upload-offset": "0", "content-length": str(len(content)), **sha256_header(content)}
    sending = asyncio.ensure_future(browser.patch(path, content=breaks_off(), headers=headers))
    await server_has(40_000)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    async with asyncio.timeout(30):
        while (answer := await send(browser, path, 0, content)).status_code == 423:
            await asyncio.sleep(0.01)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(content)))


async def test_what_can_be_no_slide_is_refused_after_its_first_bytes(
    browse: Browse, team: Team, services: SlideServices
) -> None:
    """A film of 90 MB is not received to its end."""
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, 90_000_000, "film.mp4")
    head = b"\0\0\0\x20ftypisom" + b"\0" * 5000
    assert (await send(browser, path, 0, head[:1000])).headers["upload-offset"] == "1000"
    assert code_of(await send(browser, path, 1000, head[1000:])) == (422, "NOT_A_SLIDE")
    row = await Upload.get()
    assert (row.status, row.offset) == (UploadStatus.REFUSED, len(head))
    assert files_under(services.storage.root) == []
    assert code_of(await send(browser, path, len(head), b"more")) == (422, "NOT_A_SLIDE")


async def test_verified_bytes_that_are_no_slide_are_refused_at_once_too(browse: Browse, team: Team) -> None:
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, 90_000_000)
    head = b"<html>" + b" " * 5000
    answer = await browser.patch(path, content=head, headers={**BYTES, "upload-offset": "0", **sha256_header(head)})
    assert code_of(answer) == (422, "NOT_A_SLIDE")


async def test_a_project_that_is_full(browse: Browse, team: Team, content: bytes) -> None:
    browser = await browse(team.people[Role.OWNER])
    team.project.quota_bytes = 2 * len(content) + 10
    await team.project.save()
    path = await begin(browser, team.project.id, len(content))
    assert (await send(browser, path, 0, content)).status_code == 204
    await begin(browser, team.project.id, len(content))  # on its way: it has its room
    headers = {**TUS, "upload-length": "11", "upload-metadata": metadata(filename="a", projectId=str(team.project.id))}
    refused = await browser.post("/uploads", headers=headers)
    assert code_of(refused) == (413, "QUOTA_EXCEEDED")
    assert refused.json()["error"]["params"] == {
        "limit": team.project.quota_bytes,
        "used": 2 * len(content),
        "actual": 11,
    }
    assert await Upload.filter(status=UploadStatus.RECEIVING).count() == 1
    other = await make_project(team.people[Role.OWNER])
    await begin(browser, other.id, 11)


async def test_uploads_under_way_have_their_room_on_the_disk(
    browse: Browse, team: Team, services: SlideServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await browse(team.people[Role.OWNER])
    monkeypatch.setattr(services.storage, "free_bytes", lambda: SPARE_BYTES + 50_000_000)
    await begin(browser, team.project.id, 30_000_000)
    headers = {**TUS, "upload-metadata": metadata(filename="a", projectId=str(team.project.id))}
    refused = await browser.post("/uploads", headers={**headers, "upload-length": "30000000"})
    assert code_of(refused) == (507, "DISK_FULL")
    await begin(browser, team.project.id, 20_000_000)


async def test_a_disk_that_is_full_from_the_start(
    browse: Browse, team: Team, services: SlideServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.storage, "free_bytes", lambda: 10_000)
    headers = {
        **TUS,
        "upload-length": "9000",
        "upload-metadata": metadata(filename="a", projectId=str(team.project.id)),
    }
    answer = await (await browse(team.people[Role.OWNER])).post("/uploads", headers=headers)
    assert code_of(answer) == (507, "DISK_FULL")
    assert (await Upload.all().count(), files_under(services.storage.root)) == (0, [])


async def test_a_disk_that_fills_up_keeps_what_is_safe(
    browse: Browse, team: Team, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write fails as the kernel would make it fail; the next request goes on where the disk ended."""
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    assert (await send(browser, path, 0, content[:1000])).status_code == 204
    real_pwrite = os.pwrite

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(upload_disk.os, "pwrite", full)
    assert code_of(await send(browser, path, 1000, content[1000:])) == (507, "DISK_FULL")
    monkeypatch.setattr(upload_disk.os, "pwrite", real_pwrite)
    assert (await browser.head(path, headers=TUS)).headers["upload-offset"] == "1000"
    assert "coslide-slide" in (await send(browser, path, 1000, content[1000:])).headers


async def test_a_check_that_was_interrupted_is_done_when_the_client_asks(
    browse: Browse, team: Team, content: bytes, services: SlideServices
) -> None:
    """The server died between the last byte and the slide: all is there, so asking for the offset finishes it."""
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    upload_id = UUID(path.rsplit("/", 1)[1])
    services.storage.upload_path(upload_id).write_bytes(content)
    await Upload.filter(id=upload_id).update(offset=len(content), status=UploadStatus.CHECKING)
    head = await browser.head(path, headers=TUS)
    assert (head.status_code, head.headers["coslide-slide"]) == (200, str((await Slide.get()).id))


async def test_a_server_that_died_between_the_file_and_its_row(
    browse: Browse, team: Team, content: bytes, services: SlideServices
) -> None:
    """The file is in storage already, the slide's row is not: the check begins again and ends as it should."""
    browser = await browse(team.people[Role.OWNER])
    path = await begin(browser, team.project.id, len(content))
    upload_id = UUID(path.rsplit("/", 1)[1])
    file = services.storage.upload_path(upload_id)
    file.write_bytes(content)
    await Upload.filter(id=upload_id).update(offset=len(content), status=UploadStatus.CHECKING)
    sha256 = hashlib.sha256(content).hexdigest()
    _, index = await services.reader.describe(file)
    services.storage.adopt_slide(file, sha256, index.to_bytes(), None)
    assert file.exists()
    answers = await asyncio.gather(*(browser.head(path, headers=TUS) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {200, 423}
    last = await browser.head(path, headers=TUS)
    slide = await Slide.get()
    assert (last.headers["coslide-slide"], slide.sha256) == (str(slide.id), sha256)
    assert not file.exists()


async def test_cancelling_a_write_writes_nothing_twice(
    team: Team, services: SlideServices, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cancelled while bytes go to the disk: they are counted once, and the next request goes on."""
    monkeypatch.setattr(upload_receiving, "FLUSH_BYTES", 1000)
    user_id = team.people[Role.OWNER].id
    upload = await services.uploads.create(
        user_id=user_id, project_id=team.project.id, filename="a", length=len(content)
    )
    writing, release = threading.Event(), threading.Event()
    real_pwrite = os.pwrite

    def slow_pwrite(file: int, data: memoryview, at: int) -> int:
        writing.set()
        release.wait(10)
        return real_pwrite(file, data, at)

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, 3000, 1000):
            yield content[at : at + 1000]

    monkeypatch.setattr(upload_disk.os, "pwrite", slow_pwrite)
    request = asyncio.ensure_future(services.uploads.append(upload, 0, chunks()))
    await asyncio.to_thread(writing.wait, 10)
    request.cancel()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await request
    row = await Upload.get()
    assert row.offset == 1000
    assert services.storage.upload_path(row.id).read_bytes() == content[:1000]

    async def rest() -> AsyncIterator[bytes]:
        yield content[1000:]

    done = await services.uploads.append(row, 1000, rest())
    assert done.status is UploadStatus.DONE
    assert (await Slide.get()).sha256 == hashlib.sha256(content).hexdigest()


async def test_sweeping(browse: Browse, team: Team, content: bytes, services: SlideServices) -> None:
    browser = await browse(team.people[Role.OWNER])
    now = datetime.now(UTC)
    expired, going, checking = [
        UUID((await begin(browser, team.project.id, len(content))).rsplit("/", 1)[1]) for _ in range(3)
    ]
    await Upload.filter(id=expired).update(expires_at=now - timedelta(seconds=1))
    assert (await browser.head(f"/uploads/{expired}", headers=TUS)).status_code == 410
    services.storage.upload_path(checking).write_bytes(content)
    await Upload.filter(id=checking).update(offset=len(content), status=UploadStatus.CHECKING)
    orphan, young = uuid4(), uuid4()
    for folder in (orphan, young):
        (services.storage.new_upload_folder(folder) / "slide").write_bytes(b"left behind")
    os.utime(services.storage.uploads_root / str(orphan), (1e9, 1e9))
    assert await services.uploads.sweep() == 1
    assert {row.id for row in await Upload.all()} == {going, checking}
    assert (await Upload.get(id=checking)).status is UploadStatus.DONE
    kept = {path.name for path in services.storage.uploads_root.iterdir()}
    assert kept == {str(going), str(young)}


async def test_an_upload_goes_on_after_the_server_was_killed(tmp_path: Path, content: bytes) -> None:
    """kill -9 in the middle of a PATCH: what the new process says is safe is on the disk, and the slide comes out."""
    data = tmp_path / "data"
    data.mkdir()
    server = SlideServer(data)
    server.start()
    try:
        settings = Settings(data=data)
        async with TortoiseContext() as context:
            await context.init(config=tortoise_config(settings))
            user: User = await make_user()
            project = await make_project(user)
            token = await sessions.create(user.id, settings)
            async with httpx.AsyncClient(
                base_url=server.url, cookies={"coslide": token}, headers={"origin": server.url}, timeout=60
            ) as browser:
                path = await begin(browser, project.id, len(content))
                assert (await send(browser, path, 0, content[:50_000])).status_code == 204
                sent, killed = asyncio.Event(), asyncio.Event()

                async def rest() -> AsyncIterator[bytes]:
                    yield content[50_000:90_000]
                    sent.set()
                    await killed.wait()
                    for at in range(90_000, len(content), 1000):
                        yield content[at : at + 1000]

                headers = {**BYTES, "upload-offset": "50000", "content-length": str(len(content) - 50_000)}
                sending = asyncio.ensure_future(browser.patch(path, content=rest(), headers=headers))
                await sent.wait()
                server.kill()
                killed.set()
                with pytest.raises(httpx.HTTPError):
                    await sending
                server.start()
                head = await browser.head(path, headers=TUS)
                offset = int(head.headers["upload-offset"])
                assert 50_000 <= offset <= 90_000
                stored = (data / "uploads" / path.rsplit("/", 1)[1] / "slide").read_bytes()
                assert stored[:offset] == content[:offset]
                answer = await send(browser, path, offset, content[offset:])
                assert answer.status_code == 204
                slide = await Slide.get(id=answer.headers["coslide-slide"])
                assert (data / "slides" / slide.sha256[:2] / slide.sha256 / "slide").read_bytes() == content
    finally:
        server.stop()


async def begin_in_group(
    browser: httpx.AsyncClient, project_id: UUID, data: bytes, filename: str, group: UUID, size: int
) -> str:
    values = {"filename": filename, "projectId": str(project_id), "group": str(group), "groupSize": str(size)}
    headers = {**TUS, "upload-length": str(len(data)), "upload-metadata": metadata(**values)}
    answer = await browser.post("/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
async def test_the_files_of_a_series_become_one_slide(
    browse: Browse, team: Team, services: SlideServices, shared_data: Path, order: tuple[int, ...]
) -> None:
    browser = await browse(team.people[Role.OWNER])
    files = sorted((shared_data / "slides/dicom_cmu").iterdir())
    group = uuid4()
    paths = [
        await begin_in_group(browser, team.project.id, file.read_bytes(), file.name, group, len(files))
        for file in files
    ]
    for number in order[:-1]:
        answer = await send(browser, paths[number], 0, files[number].read_bytes())
        assert (answer.status_code, "coslide-slide" in answer.headers) == (204, False)
    assert await Slide.all().count() == 0
    last = await send(browser, paths[order[-1]], 0, files[order[-1]].read_bytes())
    slide = await Slide.get()
    assert last.headers["coslide-slide"] == str(slide.id)
    assert (slide.vendor, slide.width, len(slide.associated)) == ("dicom", 2220, 3)
    for path in paths:
        assert (await browser.head(path, headers=TUS)).headers["coslide-slide"] == str(slide.id)
    assert not [name for name in files_under(services.storage.root) if name.startswith("uploads")]
    assert {upload.status for upload in await Upload.all()} == {UploadStatus.DONE}


async def test_files_of_a_series_that_end_together(browse: Browse, team: Team, shared_data: Path) -> None:
    browser = await browse(team.people[Role.OWNER])
    files = sorted((shared_data / "slides/dicom_cmu").iterdir())
    group = uuid4()
    paths = [
        await begin_in_group(browser, team.project.id, file.read_bytes(), file.name, group, len(files))
        for file in files
    ]
    answers = await asyncio.gather(
        *(send(browser, path, 0, file.read_bytes()) for path, file in zip(paths, files, strict=True))
    )
    assert {answer.status_code for answer in answers} <= {204, 423}
    assert await Slide.all().count() == 1


async def test_a_series_that_is_no_slide_is_refused_as_a_whole(
    browse: Browse, team: Team, services: SlideServices
) -> None:
    browser = await browse(team.people[Role.OWNER])
    group = uuid4()
    parts = {"a.dcm": b"II*\0" + b"a" * 50, "b.dcm": b"II*\0" + b"b" * 50}
    paths = [await begin_in_group(browser, team.project.id, data, name, group, 2) for name, data in parts.items()]
    first, second = parts.values()
    assert (await send(browser, paths[0], 0, first)).status_code == 204
    assert code_of(await send(browser, paths[1], 0, second)) == (422, "ARCHIVE_MANY_SLIDES")
    assert [upload.status for upload in await Upload.all()] == [UploadStatus.REFUSED] * 2
    assert (await Slide.all().count(), files_under(services.storage.root)) == (0, [])


async def test_groups_that_can_not_be_read(browse: Browse, team: Team) -> None:
    browser = await browse(team.people[Role.OWNER])
    for group, size in (("x", "2"), (str(uuid4()), "0"), (str(uuid4()), "many"), (str(uuid4()), "10001")):
        values = {"filename": "a.dcm", "projectId": str(team.project.id), "group": group, "groupSize": size}
        headers = {**TUS, "upload-length": "10", "upload-metadata": metadata(**values)}
        assert code_of(await browser.post("/uploads", headers=headers)) == (422, "TUS_METADATA")
    assert await Upload.all().count() == 0
