"""One call as a handler sees it, and the registry that binds handlers to declared operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from attrs import define, field

from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.emulator._auth import Gatekeeper, Identity
from agora_chat_async.emulator._errors import illegal, unauthorized
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._routes import Operation
from agora_chat_async.emulator._settings import Settings
from agora_chat_async.emulator._state import State

APP = ("application", "organization", "applicationName")
"""The members of an envelope that name the app."""
PLACE = ("path", "uri")
"""The members of an envelope that name the request."""


@define
class Call:
    """A request that was found to be in order, up to what its operation makes of it."""

    operation: Operation
    values: dict[str, str]
    """What fills the placeholders of the path."""
    query_string: str
    body: Any
    identity: Identity
    origin: str
    """Scheme and host that the caller used."""
    path: str
    """The path as it arrived, below the app."""
    state: State
    settings: Settings
    gatekeeper: Gatekeeper
    elapsed: Callable[[], float]
    """Seconds since the request arrived."""
    after: list[Callable[[], None]] = field(factory=list[Callable[[], None]])
    """What to do once the transaction is through."""

    def fields(self) -> Fields:
        """The body as an object."""
        return Fields(self.body, strict=self.settings.strict)

    def query(self, *names: str) -> dict[str, str]:
        """The query, which may hold these parameters only."""
        query = dict(parse_qsl(self.query_string, keep_blank_values=True))
        if self.settings.strict and (unknown := query.keys() - set(names)):
            raise illegal(f"invalid request: the operation has no query parameter {', '.join(sorted(unknown))}")
        return query

    def limit(self, query: dict[str, str], *, default: int, most: int) -> int:
        """A page's size, clamped as the service does."""
        text = query.get("limit", str(default))
        try:
            return min(max(int(text), 1), most)
        except ValueError:
            raise illegal(f"invalid request: limit has to be a whole number, got {text}") from None

    def refuse_strangers(self) -> None:
        """Let the bearer of a user token reach no one but that user."""
        if not self.identity.user or self.operation.open_to_users:
            return
        me = self.state.users.find(self.identity.user)
        place = next((name for name in self.values if name.endswith("username")), None)
        if me is None or place is None or self.values[place] not in {me["username"], me["uuid"]}:
            raise unauthorized("the token is one user's and the request is not about that user alone")

    def envelope(self, *members: str, action: str | None = None, **payload: Any) -> dict[str, Any]:
        """Wrap a result; `members` are the common ones that this operation's answers have."""
        common = {
            "action": action or self.operation.method.lower(),
            "application": self.settings.application,
            "organization": self.settings.org,
            "applicationName": self.settings.app,
            "path": f"/{self.path.split('/')[1]}",
            "uri": f"{self.origin}/{self.settings.org}/{self.settings.app}{self.path}",
        }
        envelope: dict[str, Any] = {name: common[name] for name in ("action", *members)}
        envelope.update(payload, timestamp=int(self.settings.now() * 1000), duration=int(self.elapsed() * 1000))
        return envelope


Handler = Callable[[Call], dict[str, Any]]


class Answers:
    """The handlers of one group; used as a decorator, `@answers(Users.get)`."""

    def __init__(self) -> None:
        self.handlers = dict[str, Handler]()

    def __call__(self, stub: Callable[..., Any]) -> Callable[[Handler], Handler]:
        """Bind a handler to a declared operation."""
        return self.operation(endpoint_of(stub).id)

    def operation(self, name: str) -> Callable[[Handler], Handler]:
        """Bind a handler to the id of an operation."""

        def bind(handler: Handler) -> Handler:
            self.handlers[name] = handler
            return handler

        return bind
