"""One call as a handler sees it, and the registry that binds handlers to declared operations."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from attrs import define, field, frozen

from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.emulator._auth import Gatekeeper, Identity
from agora_chat_async.emulator._errors import Refusal, illegal, moderated, unauthorized
from agora_chat_async.emulator._fields import Fields
from agora_chat_async.emulator._routes import Operation
from agora_chat_async.emulator._settings import Settings
from agora_chat_async.emulator._state import State
from agora_chat_async.emulator._state.places import Sort

APP = ("application", "organization", "applicationName")
"""The members of an envelope that name the app."""
PLACE = ("path", "uri")
"""The members of an envelope that name the request."""

_LAST_PAGE = 1_000_000_000
_ORDERS: Final[Mapping[str, Sort]] = {"asc": "asc", "desc": "desc"}


@frozen
class Attachment:
    """An answer that is a file, not JSON."""

    content: bytes = field(repr=False)


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
    headers: Mapping[bytes, bytes]
    """By name in lower case."""
    elapsed: Callable[[], float]
    """Seconds since the request arrived."""
    fetched: bytes | None = None
    """A file that the service had to get from elsewhere first."""
    after: list[Callable[[], object]] = field(factory=list[Callable[[], object]])
    """What to do once the transaction is through."""

    def header(self, name: str) -> str | None:
        """One header of the request."""
        value = self.headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def fields(self, refuse: Callable[[str], Refusal] = illegal) -> Fields:
        """The body as an object."""
        return Fields(self.body, strict=self.settings.strict, refuse=refuse)

    def only_name(self, name: str) -> str:
        """The one member of a body that has no other: a username."""
        fields = self.fields()
        username = fields.name(name)
        fields.end()
        return username

    def only_texts(
        self, name: str, *, most: int = sys.maxsize, refuse: Callable[[str], Refusal] = illegal
    ) -> list[str]:
        """The one member of a body that has no other: a list of texts."""
        fields = self.fields(refuse)
        texts = fields.texts(name, most=most)
        fields.end()
        return texts

    def only_names(self, *, most: int = sys.maxsize, refuse: Callable[[str], Refusal] = illegal) -> list[str]:
        """The usernames of a body that has nothing else."""
        return [username.lower() for username in self.only_texts("usernames", most=most, refuse=refuse)]

    def joined_names(self) -> list[str]:
        """The names that a segment of the path joins by commas."""
        names = self.values["usernames"].split(",")
        if not all(names):
            raise illegal("invalid request: a username in the path is empty")
        return names

    def query(self, *names: str) -> dict[str, str]:
        """The query, which may hold these parameters only."""
        query = dict(parse_qsl(self.query_string, keep_blank_values=True))
        if self.settings.strict and (unknown := query.keys() - set(names)):
            raise illegal(f"invalid request: the operation has no query parameter {', '.join(sorted(unknown))}")
        return query

    def member_query(self) -> dict[str, str]:
        """The query of a list of members: by page number, or by cursor, which `version=v3` announces."""
        query = self.query("pagenum", "pagesize", "version", "limit", "cursor", "sort")
        by_cursor = query.get("version") == "v3"
        foreign = {"pagenum", "pagesize"} if by_cursor else {"version", "limit", "cursor"}
        if self.settings.strict and (unknown := query.keys() & foreign):
            raise illegal(f"invalid request: no list of members takes {', '.join(sorted(unknown))} here")
        return query if by_cursor else {name: value for name, value in query.items() if name not in foreign}

    def sort(self, query: dict[str, str]) -> Sort | None:
        """The order that is asked for."""
        if "sort" in query and query["sort"] not in _ORDERS:
            raise illegal(f"invalid request: sort has to be asc or desc, got {query['sort']}")
        return _ORDERS.get(query.get("sort", ""))

    def limit(self, query: dict[str, str], name: str = "limit", *, default: int, most: int) -> int:
        """A page's size, clamped as the service does."""
        return self.whole(query, name, default=default, least=1, most=most)

    def whole(self, query: dict[str, str], name: str, *, default: int, least: int, most: int) -> int:
        """A whole number of the query, clamped to its bounds."""
        text = query.get(name, str(default))
        try:
            return min(max(int(text), least), most)
        except ValueError:
            raise illegal(f"invalid request: {name} has to be a whole number, got {text}") from None

    def window(self, query: dict[str, str], *, default: int, most: int, least: int = 1) -> tuple[int, int]:
        """How many entries the page with a number has, and how many come before it."""
        size = self.whole(query, "pagesize", default=default, least=least, most=most)
        number = self.whole(query, "pagenum", default=1, least=1, most=_LAST_PAGE)
        return size, (number - 1) * size

    def echo(self, query: dict[str, str]) -> dict[str, list[str]]:
        """The query as answers repeat it."""
        return {name: [value] for name, value in query.items()}

    def refuse_moderated(self, text: str, error: str) -> None:
        """Let no text through in which moderation finds something."""
        if any(word in text for word in self.settings.moderated):
            raise moderated(error, text)

    def refuse_strangers(self) -> None:
        """Let the bearer of a user token reach no one but that user."""
        if not self.identity.user or self.operation.open_to_users:
            return
        me = self.state.users.find(self.identity.user)
        # In the path of a group or room a user is named second, and the request is about the group or room.
        place = next(iter(self.values), "")
        if me is None or not place.endswith("username") or self.values[place] not in {me["username"], me["uuid"]}:
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
        return self.stamped(**{name: common[name] for name in ("action", *members)}, **payload)

    def stamped(self, **payload: Any) -> dict[str, Any]:
        """Add to a result only when it was made and how long that took."""
        times = {"timestamp": int(self.settings.now() * 1000), "duration": int(self.elapsed() * 1000)}
        return {**payload, **times}


def next_page(cursor: str | None) -> dict[str, str]:
    """The member of an answer that leads to the next page, where there is one."""
    return {} if cursor is None else {"cursor": cursor}


Handler = Callable[[Call], dict[str, Any] | Attachment]
Prepare = Callable[[Call], Awaitable[None]]


class Answers:
    """The handlers of one group; used as a decorator, `@answers(Users.get)`."""

    def __init__(self) -> None:
        self.handlers = dict[str, Handler]()
        self.too_fast = dict[str, Callable[[], Refusal]]()
        """How operations refuse calls above their quota, where not as the others do."""
        self.prepare = dict[str, Prepare]()
        """What operations have to wait for before their handler runs."""

    def __call__(
        self,
        stub: Callable[..., Any],
        *,
        too_fast: Callable[[], Refusal] | None = None,
        prepare: Prepare | None = None,
    ) -> Callable[[Handler], Handler]:
        """Bind a handler to a declared operation."""
        name = endpoint_of(stub).id
        if too_fast is not None:
            self.too_fast[name] = too_fast
        if prepare is not None:
            self.prepare[name] = prepare
        return self.operation(name)

    def operation(self, name: str) -> Callable[[Handler], Handler]:
        """Bind a handler to the id of an operation."""

        def bind(handler: Handler) -> Handler:
            self.handlers[name] = handler
            return handler

        return bind
