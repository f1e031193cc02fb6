"""A request as it arrives over ASGI, its body, and the way back."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from attrs import frozen
from starlette.types import Receive, Scope, Send

from agora_chat_async._json import parse
from agora_chat_async.emulator._call import Attachment
from agora_chat_async.emulator._errors import Refusal, illegal
from agora_chat_async.emulator._multipart import read_upload
from agora_chat_async.emulator._routes import BODY_OPTIONAL, Route

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


@frozen
class Request:
    """What the emulator has to know of one request."""

    method: str
    raw_path: str
    query: str
    headers: dict[bytes, bytes]
    origin: str
    body: bytes
    at: float
    """When it counts as arrived, by the clock of the quotas."""

    @classmethod
    def of(cls, scope: Scope, raw_path: bytes, body: bytes, at: float) -> Request:
        """Read what the server tells of it."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"localhost").decode("latin-1")
        return cls(
            method=scope["method"],
            raw_path=raw_path.decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            origin=f"{scope['scheme']}://{host}",
            body=body,
            at=at,
        )

    @property
    def target(self) -> str:
        """Path and query as they arrived."""
        return f"{self.raw_path}?{self.query}" if self.query else self.raw_path

    def header(self, name: bytes) -> str | None:
        """One header, by its name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def item_counts(route: Route, body: bytes) -> dict[str, int]:
    """Count the items that the route's rates count; a body that cannot be read counts as one call."""
    if not route.weights:
        return {}
    try:
        content: Any = parse(body)
        return {name: len(content[wire]) for name, wire in route.weights.items() if isinstance(content[wire], list)}
    except (ValueError, LookupError, TypeError):
        return {}


def content_of(route: Route, request: Request) -> Any:
    """Read the body as the route's operations have theirs: JSON, a form, a file, or none."""
    if not any(operation.has_body for operation in route.operations):
        return None
    if any(operation.takes_file for operation in route.operations):
        return read_upload(request.header(b"content-type") or "", request.body)
    if not request.body and BODY_OPTIONAL.issuperset(route.ids):
        return {}
    is_form = any(operation.form for operation in route.operations)
    if any(operation.needs_content_type for operation in route.operations):
        kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
        wanted = _FORM if is_form else _JSON
        if kind != wanted:
            raise Refusal(415, "web_application", f"Unsupported Media Type: {kind or 'none'}, not {wanted}")
    if is_form:
        return _form(request.body)
    try:
        return parse(request.body)
    except ValueError as error:
        raise Refusal(400, "json_parse", f"Unexpected character or end in the body: {error}") from None


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise illegal("invalid request: the form is not UTF-8") from None


async def read_body(receive: Receive) -> bytes | None:
    """Read the body; None where the caller hung up before its end."""
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def respond(send: Send, status: int, answer: bytes | Attachment) -> None:
    """Send JSON or a file."""
    kind, body = written(answer)
    await send({"type": "http.response.start", "status": status, "headers": headers_of(kind, len(body))})
    await send({"type": "http.response.body", "body": body})


def written(answer: bytes | Attachment) -> tuple[bytes, bytes]:
    """Return the content type and the bytes of an answer."""
    if isinstance(answer, Attachment):
        return b"application/octet-stream", answer.content
    return b"application/json", answer


def headers_of(kind: bytes, length: int) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer."""
    return [(b"content-type", kind), (b"content-length", str(length).encode())]
