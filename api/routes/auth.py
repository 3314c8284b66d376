"""`/auth/…`: registering, signing in and out, sign-in links, and the two legs of OAuth."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.auth import accounts, audit, cookies, sessions
from api.auth.links import use_link
from api.auth.oauth import OAuth, Returned
from api.auth.origin import check_origin
from api.auth.permissions import require_session
from api.auth.secrets import hash_token, new_token
from api.auth.sign_in import register_with_password, sign_in_with_password
from api.errors import PlatformError
from api.models.audit import AuditKind
from api.models.user import User
from api.routes.body import read_json_object, required_text
from api.settings import Settings

SIGN_IN_PAGE = "/sign-in"


async def register(request: Request) -> Response:
    """`POST /auth/register {email, name, password, locale?}`: a new account, signed in. 201 with the user."""
    check_origin(request)
    settings: Settings = request.app.state.settings
    accounts.require_open_registration(settings)
    body = await read_json_object(request)
    user = await register_with_password(
        required_text(body, "email"),
        required_text(body, "name"),
        required_text(body, "password"),
        locale=required_text(body, "locale") if "locale" in body else "en",
        address=_address(request),
        attempts=settings.sign_in_attempts,
    )
    return await _signed_in(request, user, JSONResponse(_user_json(user), status_code=201))


async def login(request: Request) -> Response:
    """`POST /auth/login {email, password}`: begin a session. 200 with the user."""
    check_origin(request)
    settings: Settings = request.app.state.settings
    body = await read_json_object(request)
    user = await sign_in_with_password(
        required_text(body, "email"),
        required_text(body, "password"),
        address=_address(request),
        attempts=settings.sign_in_attempts,
    )
    return await _signed_in(request, user, JSONResponse(_user_json(user)))


async def logout(request: Request) -> Response:
    """`POST /auth/logout`: end the session. 204, also without one."""
    check_origin(request)
    settings: Settings = request.app.state.settings
    token = cookies.session_token(request, settings)
    if token is not None:
        await sessions.revoke(hash_token(token))
    response = Response(status_code=204)
    cookies.clear_session(response, settings)
    return response


async def link(request: Request) -> Response:
    """`GET /auth/link?token=`: sign in by a single-use link and go to the first page."""
    if request.method == "HEAD":  # a preview of the link must not use it up
        return Response(status_code=204)
    try:
        user = await use_link(request.query_params.get("token", ""))
    except PlatformError as error:
        return refusal(request, error)
    return await _signed_in(request, user, RedirectResponse("/", status_code=303))


async def oauth_start(request: Request) -> Response:
    """`GET /auth/oauth/{provider}/start?next=`: to the provider's sign-in page, and in the end to our page `next`."""
    try:
        return await _begin(request, link_to=None)
    except PlatformError as error:
        return refusal(request, error)


async def oauth_link(request: Request) -> Response:
    """`POST /auth/oauth/{provider}/start`: the address that adds the provider to the account one is signed in to.

    A POST with our own Origin, because a link to it on another page must not add that page's owner to one's account.
    """
    check_origin(request)
    viewer = require_session(await sessions.viewer_of(request))
    return await _begin(request, link_to=viewer.user_id)


async def oauth_callback(request: Request) -> Response:
    """`GET /auth/oauth/{provider}/callback`: where the provider sends the browser back to."""
    settings: Settings = request.app.state.settings
    oauth: OAuth = request.app.state.oauth
    query = request.query_params
    viewer = await sessions.viewer_of(request)
    try:
        user = await oauth.finish(
            request.path_params["provider"],
            Returned(query.get("state"), query.get("code"), query.get("error")),
            redirect_uri=_callback_address(request),
            binding=cookies.oauth_binding(request, settings),
            signed_in=viewer.user_id if viewer else None,
        )
    except PlatformError as error:
        return refusal(request, error)
    response = await _signed_in(request, user, RedirectResponse(oauth.page_of(query.get("state")), status_code=303))
    cookies.clear_oauth_binding(response, settings)
    return response


async def _begin(request: Request, link_to: UUID | None) -> Response:
    settings: Settings = request.app.state.settings
    oauth: OAuth = request.app.state.oauth
    binding = cookies.oauth_binding(request, settings) or new_token()
    address = await oauth.begin(
        request.path_params["provider"],
        redirect_uri=_callback_address(request),
        binding=binding,
        link_to=link_to,
        page=request.query_params.get("next", "/"),
    )
    response: Response = JSONResponse({"url": address}) if link_to else RedirectResponse(address, status_code=303)
    cookies.set_oauth_binding(response, settings, binding)
    response.headers["cache-control"] = "no-store"
    return response


def _callback_address(request: Request) -> str:
    """Our callback address as the browser can reach it: under the public address, or the one it used."""
    settings: Settings = request.app.state.settings
    base = settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/auth/oauth/{request.path_params['provider']}/callback"


def refusal(request: Request, error: PlatformError) -> Response:
    """A failed navigation: a person goes to the sign-in page, which tells it in their language; a program gets JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{SIGN_IN_PAGE}?{urlencode({'error': error.code})}", status_code=303)
    raise error


async def _signed_in(request: Request, user: User, response: Response) -> Response:
    """Begin a session on the answer; a session the browser had before ends."""
    settings: Settings = request.app.state.settings
    before = cookies.session_token(request, settings)
    if before is not None:
        await sessions.revoke(hash_token(before))
    token = await sessions.create(
        user.id, settings, user_agent=request.headers.get("user-agent", ""), address=_address(request)
    )
    await audit.record(AuditKind.SIGNED_IN, user, subject_id=user.id, subject_name=user.name)
    cookies.set_session(response, settings, token)
    response.headers["cache-control"] = "no-store"
    return response


def _user_json(user: User) -> dict[str, object]:
    return {"user": {"id": str(user.id), "name": user.name, "email": user.email, "locale": user.locale}}


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


routes = [
    Route("/auth/register", register, methods=["POST"]),
    Route("/auth/login", login, methods=["POST"]),
    Route("/auth/logout", logout, methods=["POST"]),
    Route("/auth/link", link, methods=["GET"]),
    Route("/auth/oauth/{provider}/start", oauth_start, methods=["GET"]),
    Route("/auth/oauth/{provider}/start", oauth_link, methods=["POST"]),
    Route("/auth/oauth/{provider}/callback", oauth_callback, methods=["GET"]),
]
