"""A web backend that registers its users for chat and gives them tokens: one Session for the life of the process.

Needs AGORA_CHAT_ORG, AGORA_CHAT_APP, AGORA_CHAT_HOST, AGORA_APP_ID and AGORA_APP_CERTIFICATE.
Run it as `uvicorn --app-dir examples web_backend:app`, then `curl -X POST localhost:8000/chat-users/anna`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agora_chat_async import Session
from agora_chat_async.errors import AlreadyExists, InvalidArgument, QuotaWaitExceeded

SECONDS_TO_WAIT = 2.0


class State(TypedDict):
    """What lives as long as the process."""

    chat: Session


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[State]:
    """Open the session when the server starts and close it when it ends."""
    async with Session.from_env() as chat:
        yield {"chat": chat}


async def make_chat_user(request: Request) -> JSONResponse:
    """Register the user for chat if need be, and return a token to log in with."""
    chat: Session = request.state.chat
    username: str = request.path_params["username"]
    try:
        # Whoever waits for a web page should not wait long for the quota.
        await chat.with_options(max_wait=SECONDS_TO_WAIT).users.create(username)
    except AlreadyExists:
        pass
    except InvalidArgument as error:
        return JSONResponse({"error": str(error)}, status_code=422)
    except QuotaWaitExceeded as error:
        headers = {"Retry-After": str(round(error.retry_after) + 1)}
        return JSONResponse({"error": "busy, try again"}, status_code=503, headers=headers)
    return JSONResponse({"username": username, "token": chat.tokens.user(username)})


app = Starlette(routes=[Route("/chat-users/{username}", make_chat_user, methods=["POST"])], lifespan=lifespan)
