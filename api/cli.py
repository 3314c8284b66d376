"""`coslide`: the command line. Parses, wires and prints; the work is done below."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.auth import accounts, administration, links
from api.errors import InvalidInput, NotFound, PlatformError
from api.models.database import connected, migrate
from api.models.project import Project
from api.settings import Settings, get_settings

cli = typer.Typer(
    name="coslide", no_args_is_help=True, add_completion=False, help="Collaborative annotation of whole-slide images."
)
user_cli = typer.Typer(no_args_is_help=True, help="Accounts.")
slide_cli = typer.Typer(no_args_is_help=True, help="Slides.")
project_cli = typer.Typer(no_args_is_help=True, help="Projects.")
cli.add_typer(user_cli, name="user")
cli.add_typer(slide_cli, name="slide")
cli.add_typer(project_cli, name="project")


@cli.command()
def serve() -> None:
    """Serve: the API, its workers and, unless COSLIDE_TRITON_URL names one, the model server. Ctrl-C stops them all."""
    from api.supervisor import serve as supervise

    raise typer.Exit(asyncio.run(supervise(get_settings())))


@cli.command()
def worker() -> None:
    """Run one worker: it claims predictions from the database until it is stopped."""
    from workers.main import main as work

    work()


@cli.command("migrate")
def migrate_database() -> None:
    """Bring the database's tables up to date."""
    settings = get_settings()
    steps: list[str] = []
    asyncio.run(migrate(settings, lambda event, app, name: steps.append(name) if "start" in event else None))
    typer.echo(f"Database is up to date ({len(steps)} migration{'' if len(steps) == 1 else 's'} applied).")


_LOG_COLUMNS = 140


@cli.command()
def doctor() -> None:
    """Look at everything that serving needs; say what is wrong and what to do. Exits with 1 when something is."""
    from rich.console import Console

    from api.doctor import as_table, examine

    findings = asyncio.run(examine(get_settings()))
    # Where nobody sets a width, such as in a log, lines are long enough to be read.
    Console(width=None if sys.stdout.isatty() else _LOG_COLUMNS).print(as_table(findings))
    raise typer.Exit(0 if all(finding.works for finding in findings) else 1)


@cli.command()
def predict(
    slide: Annotated[Path, typer.Argument(help="The slide's file.", exists=True, dir_okay=True)],
    out: Annotated[Path, typer.Option(help="Where the polygons go, as GeoJSON.")],
    model: Annotated[str, typer.Option(help="Which model of the repository.")] = "tumor_fast",
    region: Annotated[
        str | None, typer.Option(help="x,y,width,height in level-0 pixels; the whole slide without it.")
    ] = None,
    mpp: Annotated[
        float | None, typer.Option(help="Micrometres per level-0 pixel, for a slide whose file does not say.")
    ] = None,
) -> None:
    """Predict on a slide's file without a server or an account; prints the figures as one JSON line."""
    from workers.run import predict_file

    box = region_of(region) if region else None
    figures = asyncio.run(predict_file(get_settings(), slide, out, model=model, region=box, mpp=mpp))
    typer.echo(json.dumps(figures))


def region_of(text: str) -> tuple[float, float, float, float]:
    """`x,y,width,height` in level-0 pixels."""
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError as exc:
        raise InvalidInput(f"--region is '{text}'; write it as x,y,width,height, such as 0,0,2000,1500.") from exc
    if width <= 0 or height <= 0:
        raise InvalidInput(f"--region is '{text}'; its width and height must be above 0.")
    return x, y, width, height


@user_cli.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    name: Annotated[str, typer.Option(help="The name others see.")],
    admin: Annotated[bool, typer.Option(help="May administer the server.")] = False,
) -> None:
    """Make an account with a random password, printed once."""

    async def run(settings: Settings) -> None:
        async with connected(settings):
            _, password = await accounts.create_with_random_password(email=email, name=name, is_admin=admin)
            typer.echo(f"Account {email} was made. Password, shown only now: {password}")

    asyncio.run(run(get_settings()))


@user_cli.command("link")
def sign_in_link(
    email: Annotated[str, typer.Argument(help="Whose account.")],
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the link works.")] = 15,
) -> None:
    """Print a single-use address that signs this account in."""

    async def run(settings: Settings) -> None:
        async with connected(settings):
            token = await links.create_link(await administration.find_account(email), minutes=minutes)
            typer.echo(f"{settings.origin}/auth/link?token={token}")

    asyncio.run(run(get_settings()))


@user_cli.command("password")
def reset_password(email: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Give an account a new random password, printed once, and sign it out everywhere."""

    async def run(settings: Settings) -> None:
        async with connected(settings):
            password = await administration.reset_password(await administration.find_account(email))
            typer.echo(f"Password of {email}, shown only now: {password}")

    asyncio.run(run(get_settings()))


@user_cli.command("disable")
def disable_user(email: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Shut an account out; what it made stays."""

    async def run(settings: Settings) -> None:
        async with connected(settings):
            await administration.disable(await administration.find_account(email))
            typer.echo(f"{email} can't sign in any more. To undo: coslide user enable {email}")

    asyncio.run(run(get_settings()))


@user_cli.command("enable")
def enable_user(email: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Let a disabled account in again."""

    async def run(settings: Settings) -> None:
        async with connected(settings):
            await administration.enable(await administration.find_account(email))
            typer.echo(f"{email} can sign in again.")

    asyncio.run(run(get_settings()))


@slide_cli.command("import")
def import_slide(
    files: Annotated[list[Path], typer.Argument(help="Slide files.", exists=True)],
    project: Annotated[str, typer.Option(help="The project's id.")],
) -> None:
    """Copy slide files into storage and add them to a project."""
    from api.slides.services import slide_services

    async def run(settings: Settings) -> None:
        async with connected(settings), slide_services(settings) as slides:
            found = await Project.get_or_none(id=UUID(project), deleted_at=None)
            if found is None:
                raise NotFound(f"There is no project {project}. Its id is in its address: /p/<id>.")
            for file in files:
                slide = await slides.ingest.import_file(file, found.id, None)
                typer.echo(f"{slide.id}  {slide.name}  {slide.width} x {slide.height}")

    asyncio.run(run(get_settings()))


@project_cli.command("quota")
def set_project_quota(
    project: Annotated[UUID, typer.Argument(help="The project's id.")],
    gigabytes: Annotated[float | None, typer.Argument(min=0, help="Room for its slide files.")] = None,
) -> None:
    """Give a project's slide files room of their own, or, without a number, the server's default again."""
    from api.slides.space import set_quota

    async def run(settings: Settings) -> None:
        async with connected(settings):
            found = await set_quota(project, None if gigabytes is None else int(gigabytes * 1e9))
            room = "the server's default room" if gigabytes is None else f"{gigabytes:g} GB"
            typer.echo(f"{found.name} has {room} for its slide files.")

    asyncio.run(run(get_settings()))


def main() -> None:
    """Entry point: expected failures print one line that says what to do, and exit with 1."""
    logging.basicConfig(level=get_settings().log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    try:
        cli()
    except PlatformError as error:
        typer.echo(f"coslide: {error.message}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
