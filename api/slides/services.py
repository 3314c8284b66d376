"""The long-lived parts of the slide store, opened together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from api.settings import Settings, Transcode
from api.slides.bucket import Bucket
from api.slides.bucket_storage import BucketStorage
from api.slides.ingest import Ingest
from api.slides.reader import ReaderPool
from api.slides.rewriter import Rewriter
from api.slides.storage import Storage
from api.slides.tiles import TileService
from api.slides.uploads import Uploads
from api.slides.warming import Warmer


@dataclass(frozen=True)
class SlideServices:
    """What the API keeps on `app.state` under these names."""

    storage: Storage
    reader: ReaderPool
    tiles: TileService
    ingest: Ingest
    uploads: Uploads
    warmer: Warmer
    rewriter: Rewriter


def open_storage(settings: Settings) -> Storage:
    """Where slide files are: the data folder, or a bucket with the data folder as its cache."""
    if settings.s3_bucket is None:
        return Storage(settings.data)
    return BucketStorage(settings.data, Bucket(settings), int(settings.s3_cache_gb * 1e9))


@asynccontextmanager
async def slide_services(settings: Settings) -> AsyncIterator[SlideServices]:
    """The slide store on `Settings.data`, with its reader processes running."""
    storage = open_storage(settings)
    memory_mb, timeout_s = settings.reader_memory_mb, settings.reader_timeout_s
    pool = ReaderPool(processes=settings.reader_processes, memory_mb=memory_mb, timeout_s=timeout_s)
    long_work = ReaderPool(processes=1, memory_mb=memory_mb, timeout_s=timeout_s, is_background=True)
    async with pool as reader, long_work as background:
        tiles = TileService(storage, reader, cache_mb=settings.tile_cache_mb)
        if isinstance(storage, BucketStorage):
            storage.on_evicted = tiles.close_file
        warmer = Warmer(tiles)
        max_bytes = int(settings.upload_max_gb * 1e9)
        at_a_time = max(1, settings.reader_processes - 1)
        quota_bytes = int(settings.project_quota_gb * 1e9) if settings.project_quota_gb else None
        ingest = Ingest(
            storage,
            reader,
            max_bytes=max_bytes,
            quota_bytes=quota_bytes,
            at_a_time=at_a_time,
            converts_always=settings.transcode is Transcode.ALWAYS,
            on_slide=warmer.wake,
        )
        lifetime = timedelta(hours=settings.upload_hours)
        uploads = Uploads(storage, ingest, max_bytes=max_bytes, quota_bytes=quota_bytes, lifetime=lifetime)
        rewriter = Rewriter(storage, background, ingest, tiles, quota_bytes=quota_bytes)
        try:
            yield SlideServices(storage, reader, tiles, ingest, uploads, warmer, rewriter)
        finally:
            await tiles.aclose()
