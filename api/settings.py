"""Every setting of Coslide in one place, read once from environment variables `COSLIDE_*`."""

from __future__ import annotations

import enum
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Registration(enum.StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Transcode(enum.StrEnum):
    ASKED = "asked"
    ALWAYS = "always"


class Settings(BaseSettings):
    """Configuration; each field is `COSLIDE_<NAME>` in the environment. Frozen after reading."""

    model_config = SettingsConfigDict(env_prefix="COSLIDE_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on.")
    public_url: str | None = Field(
        None,
        description="Address people type, such as https://slides.example.org. Needed behind a proxy and for OAuth; "
        "https turns on secure cookies.",
    )
    data: Path = Field(Path("data"), description="Folder for slides, caches, heatmaps, logs and the SQLite file.")
    database_url: str | None = Field(
        None, description="sqlite:///path or mysql://user:password@host:3306/name. Default: SQLite in the data folder."
    )
    redis_url: str | None = Field(None, description="redis://host:6379/0. Needed with more than one API process.")
    secret: SecretStr | None = Field(
        None,
        description="Key that signs tile grants and OAuth state. Default: made once and kept in the data folder; "
        "set it when several machines serve.",
    )

    registration: Registration = Field(
        Registration.OPEN, description="open: anyone may register; closed: an administrator makes accounts."
    )
    session_days: int = Field(14, ge=1, description="Days until a sign-in ends.")
    password_workers: int = Field(2, ge=1, description="Password hashes computed at a time (64 MiB each).")
    sign_in_attempts: int = Field(
        10, ge=1, description="Failed sign-ins per account and per address in 15 minutes before a pause."
    )

    kakao_client_id: str | None = Field(None, description="Kakao REST API key.")
    kakao_client_secret: SecretStr | None = Field(None, description="Kakao client secret.")
    naver_client_id: str | None = Field(None, description="Naver client id.")
    naver_client_secret: SecretStr | None = Field(None, description="Naver client secret.")
    google_client_id: str | None = Field(None, description="Google client id.")
    google_client_secret: SecretStr | None = Field(None, description="Google client secret.")
    github_client_id: str | None = Field(None, description="GitHub client id.")
    github_client_secret: SecretStr | None = Field(None, description="GitHub client secret.")
    openid_name: str = Field("OpenID", description="Name shown on the button of the generic OpenID provider.")
    openid_configuration_url: str | None = Field(
        None, description="The provider's /.well-known/openid-configuration address."
    )
    openid_client_id: str | None = Field(None, description="OpenID client id.")
    openid_client_secret: SecretStr | None = Field(None, description="OpenID client secret.")

    upload_max_gb: float = Field(20, gt=0, description="Largest slide file accepted, in GB (10^9 bytes).")
    project_quota_gb: float | None = Field(
        None,
        gt=0,
        description="Room for the slide files of one project, in GB; `coslide project quota` gives one its own. "
        "Default: no limit.",
    )
    upload_hours: int = Field(24, ge=1, description="Hours until an unfinished upload is removed.")
    reader_processes: int = Field(2, ge=1, description="Isolated processes that open and decode slide files.")
    reader_memory_mb: int = Field(2048, ge=256, description="Memory limit of one reader process.")
    reader_timeout_s: float = Field(20, gt=0, description="Time limit of one read.")
    transcode: Transcode = Field(
        Transcode.ASKED,
        description="Pyramids of slides whose tiles must be decoded (JPEG 2000, MIRAX and others): asked: where a "
        "manager asks for one; always: of each such slide after its upload.",
    )
    tile_cache_mb: int = Field(2048, ge=0, description="Disk space for decoded tiles.")

    s3_bucket: str | None = Field(
        None, description="Bucket of S3-compatible storage for slide files. Default: they stay in the data folder."
    )
    s3_endpoint: str | None = Field(None, description="Address of the service, if it is not Amazon's.")
    s3_region: str = Field("us-east-1", description="The bucket's region.")
    s3_prefix: str | None = Field(None, description="What all keys in the bucket begin with.")
    s3_access_key: str | None = Field(None, description="Access key id. Default: from AWS_* variables or the machine.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret access key.")
    s3_cache_gb: float = Field(
        50, gt=0, description="Room in the data folder for copies of the bucket's slide files, in GB."
    )

    triton_url: str | None = Field(
        None, description="host:port of a Triton server's gRPC port. Default: `coslide serve` starts its own."
    )
    triton_venv: Path = Field(Path(".venv-triton"), description="Virtual environment that holds nvidia-pytriton.")
    model_repository: Path = Field(Path("model_repository"), description="Triton model repository.")
    model_timeout_s: float = Field(30, gt=0, description="Time limit of one inference.")
    workers: int = Field(1, ge=0, description="Worker processes that `coslide serve` starts.")
    predictions_at_once: int = Field(
        10, ge=1, description="Predictions that one worker does side by side, sharing the model evenly among people."
    )
    project_predictions: int | None = Field(
        None, ge=1, description="Predictions of one project that may run at a time. Default: no limit."
    )
    lease_s: float = Field(
        15, gt=1, description="Seconds without a heartbeat after which another worker takes a shard over."
    )

    history_days: int | None = Field(
        None,
        ge=1,
        description="Days to keep events; undo, history and time travel reach back no further. Default: for ever.",
    )

    log_level: str = Field("info", description="debug, info, warning or error.")

    @property
    def database(self) -> str:
        """The database's address in Tortoise's form."""
        url = self.database_url or f"sqlite://{(self.data / 'coslide.sqlite3').absolute()}"
        return url.replace("sqlite:////", "sqlite:///")

    @property
    def origin(self) -> str:
        """The address people type, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        return self.origin.startswith("https://")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read from the environment at the first call."""
    return Settings()
