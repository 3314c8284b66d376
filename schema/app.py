"""The schema, put together from its nouns, and the ASGI application that serves it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import MaskErrors, MaxTokensLimiter
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.auth.cookies import session_token
from api.auth.origin import check_origin
from api.auth.sessions import viewer_of, viewer_of_token
from api.errors import PlatformError
from schema.annotation import AnnotationMutation, AnnotationQuery
from schema.audit import AuditQuery
from schema.comment import CommentMutation, CommentQuery
from schema.context import Context
from schema.failure import Failure, failure_of
from schema.history import HistoryQuery
from schema.limits import MAX_TOKENS, DemandLimiter
from schema.look import LookMutation
from schema.measure import MeasureQuery
from schema.prediction import PredictionMutation, PredictionQuery
from schema.presence import PresenceMutation
from schema.project import ProjectMutation, ProjectQuery
from schema.scalars import SCALARS
from schema.server import ServerQuery
from schema.slide import SlideMutation, SlideQuery
from schema.socket import SocketHandler
from schema.stream_frames import Groups, is_unexpected
from schema.stream_plan import StreamPlanner
from schema.subscription import Subscription
from schema.user import UserMutation, UserQuery

logger = logging.getLogger("coslide.graphql")

GRAPHQL_RESPONSE = "application/graphql-response+json"

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Of one request: room for 10,000 operations with their shapes."""


@strawberry.type(description="Everything that can be read.")
class Query(
    ServerQuery,
    UserQuery,
    ProjectQuery,
    SlideQuery,
    AnnotationQuery,
    HistoryQuery,
    CommentQuery,
    PredictionQuery,
    MeasureQuery,
    AuditQuery,
):
    pass


@strawberry.type(description="Everything that can be changed; each result is a union with Failure.")
class Mutation(
    UserMutation,
    ProjectMutation,
    SlideMutation,
    LookMutation,
    AnnotationMutation,
    CommentMutation,
    PredictionMutation,
    PresenceMutation,
):
    pass


class FailureHandler(strawberry.ExceptionHandler[PlatformError, Failure]):
    """Turns an expected failure into the `Failure` member of the field's union."""

    def handle(self, exception: PlatformError, *, field: Any, info: Any) -> Failure:
        return failure_of(exception)


class Schema(strawberry.Schema):
    """The schema; logs unexpected errors with their stack, leaves expected ones to the client."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        for error in errors:
            if is_unexpected(error):
                logger.error("GraphQL %s failed", error.path, exc_info=error.original_error)


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        DemandLimiter,
        lambda: MaskErrors(
            should_mask_error=is_unexpected,
            error_message="Something went wrong on the server. Try again; if it stays so, tell its administrator.",
        ),
    ],
    exception_handlers=[FailureHandler()],
)


class GraphQLResponse(Response):
    """An answer as `application/json`, always 200; or, for who accepts it, in GraphQL's own media type."""

    refused = False
    """Whether nothing was executed: the document or its variables were wrong."""

    def become_graphql_response(self) -> None:
        """GraphQL's own media type; its status tells whether the request was refused."""
        self.headers["content-type"] = f"{GRAPHQL_RESPONSE}; charset=utf-8"
        if self.refused:
            self.status_code = 400


def is_request_error(answer: Mapping[str, Any]) -> bool:
    """Whether nothing was executed: no data, and errors that belong to no field."""
    errors = answer.get("errors") or ()
    return answer.get("data") is None and bool(errors) and not any(error.get("path") for error in errors)


class GraphQLApp(GraphQL[Context, None]):
    """`POST /graphql` and the graphql-transport-ws socket; no GET, no multipart, no other protocol."""

    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            multipart_uploads_enabled=False,
        )
        self.planner = StreamPlanner(schema._schema)
        self.groups = Groups()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                check_origin(HTTPConnection(scope))
            except PlatformError as error:
                await JSONResponse(error.as_json(), status_code=error.status)(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    async def run(self, request: Any, *given: Any, **named: Any) -> Any:
        response = await super().run(request, *given, **named)
        if isinstance(response, GraphQLResponse) and GRAPHQL_RESPONSE in request.headers.get("accept", ""):
            response.become_graphql_response()
        return response

    async def process_result(self, request: Request, result: Any) -> GraphQLHTTPResponse:
        answer = await super().process_result(request, result)
        if is_request_error(answer):
            answer.pop("data", None)
        return answer

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        made = super().create_response(response_data, sub_response)
        refused = isinstance(response_data, dict) and "data" not in response_data
        response = GraphQLResponse(bytes(made.body), status_code=made.status_code, media_type="application/json")
        response.refused = refused
        return response

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        state = request.app.state
        viewer = await viewer_of(request)
        came = "authorization" in request.headers or session_token(request, state.settings) is not None
        return Context(viewer=viewer, settings=state.settings, app=state, refused=came and viewer is None)

    async def on_ws_connect(self, context: Context) -> Any:
        """Accept a browser by its cookie, a program by `{"authorization".

        "Bearer …"}` in the connection's first message.
        """
        parameters = context.connection_params or {}
        authorization = parameters.get("authorization") or parameters.get("Authorization")
        if isinstance(authorization, str):
            context.viewer = await viewer_of_token(authorization)
            context.refused = context.viewer is None
        if context.refused:
            raise ConnectionRejectionError  # 4403: who was signed in learns that they no longer are
        return await super().on_ws_connect(context)

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        settings = request.app.state.settings
        return bool(settings.public_url) and origin.rstrip("/").lower() == settings.origin.lower()

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()


def graphql_routes() -> list[BaseRoute]:
    """`POST /graphql`, bounded and compressed, and the socket at the same address."""
    app = GraphQLApp()
    limits = [
        Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=4),
    ]
    return [Route("/graphql", app, methods=["POST"], middleware=limits), WebSocketRoute("/graphql", app)]
