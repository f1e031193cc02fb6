"""The doors to the service: endpoints by name, endpoints as values, and requests of one's own making."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar, cast

from attrs import evolve, field, frozen

from agora_chat_async import _calls
from agora_chat_async._calls import Calls, Options, RawRoute, Result
from agora_chat_async._checks import seconds
from agora_chat_async._endpoint import Endpoint, endpoint_of
from agora_chat_async._http import check_raw_request
from agora_chat_async._json import parse
from agora_chat_async._retry import RetryPolicy
from agora_chat_async._split import Parts, split
from agora_chat_async.api import GROUPS, all_endpoints, load_group
from agora_chat_async.quota import per_second

if TYPE_CHECKING:
    from agora_chat_async._gate import Gate
    from agora_chat_async.api.callbacks import Callbacks
    from agora_chat_async.api.contacts import Contacts
    from agora_chat_async.api.files import Files
    from agora_chat_async.api.group_allowlist import GroupAllowlist
    from agora_chat_async.api.group_blocks import GroupBlocks
    from agora_chat_async.api.group_files import GroupFiles
    from agora_chat_async.api.group_members import GroupMembers
    from agora_chat_async.api.group_mutes import GroupMutes
    from agora_chat_async.api.groups import Groups
    from agora_chat_async.api.messages import Messages
    from agora_chat_async.api.mutes import Mutes
    from agora_chat_async.api.presence import Presence
    from agora_chat_async.api.push import Push
    from agora_chat_async.api.push_labels import PushLabels
    from agora_chat_async.api.reactions import Reactions
    from agora_chat_async.api.room_allowlist import RoomAllowlist
    from agora_chat_async.api.room_attributes import RoomAttributes
    from agora_chat_async.api.room_blocks import RoomBlocks
    from agora_chat_async.api.room_members import RoomMembers
    from agora_chat_async.api.room_mutes import RoomMutes
    from agora_chat_async.api.rooms import Rooms
    from agora_chat_async.api.thread_members import ThreadMembers
    from agora_chat_async.api.threads import Threads
    from agora_chat_async.api.user_attributes import UserAttributes
    from agora_chat_async.api.users import Users

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Unchanged(Enum):
    """Says that an option stays as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@frozen
class Response:
    """The answer to a raw request."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Read the body as JSON; a ValueError says where it is none."""
        return parse(self.body)


class Caller:
    """The endpoints of the service, called under one set of options."""

    if TYPE_CHECKING:
        users: Users
        contacts: Contacts
        user_attributes: UserAttributes
        mutes: Mutes
        presence: Presence
        messages: Messages
        files: Files
        group_files: GroupFiles
        groups: Groups
        group_members: GroupMembers
        group_mutes: GroupMutes
        group_blocks: GroupBlocks
        group_allowlist: GroupAllowlist
        rooms: Rooms
        room_members: RoomMembers
        room_attributes: RoomAttributes
        room_mutes: RoomMutes
        room_blocks: RoomBlocks
        room_allowlist: RoomAllowlist
        threads: Threads
        thread_members: ThreadMembers
        reactions: Reactions
        push: Push
        push_labels: PushLabels
        callbacks: Callbacks

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    if not TYPE_CHECKING:  # so that checkers refuse what does not exist

        def __getattr__(self, name: str) -> Any:
            if name not in GROUPS:
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            group = load_group(name)(self._calls)
            self.__dict__[name] = group  # found there from now on
            return group

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *GROUPS})

    def call(self, endpoint: Callable[Concatenate[Any, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call an endpoint that is named by its class, such as `call(Users.get, "anna")`.

        Args:
            endpoint: The endpoint.
            *args: Its positional arguments.
            **kwargs: Its keyword arguments.

        Returns:
            What the endpoint returns: something to await, or a listing.
        """
        declared = endpoint_of(endpoint)
        result: R = declared.function(getattr(self, declared.owner.name), *args, **kwargs)
        return result

    async def split(
        self, endpoint: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Parts[R]:
        """Call an endpoint with more items than the service takes at once, such as `split(Users.create_many, users)`.

        The items are divided by the documented limit, and the parts sent together, through the quota.

        Args:
            endpoint: The endpoint, named by its class.
            *args: Its positional arguments, the list as long as you like.
            **kwargs: Its keyword arguments.

        Returns:
            The parts in the order of the items, each with its result or error; `by_item()` tells of every item.

        Raises:
            InvalidArgument: An item breaks its rule, and nothing was sent; or the endpoint takes no such list.
        """
        declared = endpoint_of(endpoint)
        call = getattr(getattr(self, declared.owner.name), declared.__name__)
        return await split(declared, call, args, kwargs)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        retry_safe: bool = False,
    ) -> Response:
        """Send a request of your own making, with the session's token, quotas, retries and errors.

        Args:
            method: HTTP method.
            path: Path below the app, percent-encoded, such as `/users/anna`. Where an endpoint has the same route,
                its quotas hold; otherwise 100 calls a second for all such requests together.
            query: Query members.
            json: Body, as JSON-ready data.
            retry_safe: May it be sent again when it is not known whether it was carried out?

        Returns:
            Status, headers and body of a successful answer.

        Raises:
            APIError: The service answered with an error.
            OutcomeUnknown: The answer was lost and `retry_safe` is False.
        """
        check_raw_request(method, path)
        method = method.upper()
        endpoint = _endpoint_at(method, path)
        name, template = (endpoint.id, endpoint.path) if endpoint is not None else ("request", "")
        gate, counts = self._gate_for(endpoint, json)
        answer = await self._calls.send_raw(
            gate, RawRoute(name, method, template, retry_safe), (method, path, query, json, None), counts
        )
        return Response(answer.status, answer.headers, answer.body)

    async def with_meta(self, call: Awaitable[T]) -> Result[T]:
        """Await a call and learn how it went.

        Args:
            call: A call of this session, such as `chat.users.get("anna")`.

        Returns:
            The result in `value`; status, headers, attempts, waits and the whole envelope in `meta`.
        """
        return await _calls.with_meta(call)

    def with_options(
        self,
        *,
        timeout: float | Unchanged | None = UNCHANGED,
        attempt_timeout: float | Unchanged | None = UNCHANGED,
        max_wait: float | Unchanged | None = UNCHANGED,
        retry: RetryPolicy | Unchanged = UNCHANGED,
    ) -> Caller:
        """Return the same endpoints under other options; pool, token and quotas are shared.

        Args:
            timeout: Seconds for a whole call: waiting for quotas, all attempts and the body. None for no limit.
            attempt_timeout: Seconds for one attempt. None for no limit.
            max_wait: Seconds that a call waits for its quota. None for no limit, except 60 s for quotas a day.
            retry: How failed calls are repeated.
        """
        given = {"timeout": timeout, "attempt_timeout": attempt_timeout, "max_wait": max_wait, "retry": retry}
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not UNCHANGED}
        options = checked_options(evolve(self._calls.options, **changes))
        return Caller(evolve(self._calls, options=options))

    def _gate_for(self, endpoint: Endpoint | None, json: Any) -> tuple[Gate, Mapping[str, int] | None]:
        if endpoint is None:
            return self._calls.quotas.make_gate("other requests", (per_second(100),)), None
        counted = {rate.counts for rate in endpoint.all_rates if rate.counts}
        items = cast("dict[str, Any]", json) if isinstance(json, dict) else {}
        counts = {name: len(cast("list[Any]", items[name])) for name in counted if isinstance(items.get(name), list)}
        return self._calls.quotas.gate(endpoint), counts


def _endpoint_at(method: str, path: str) -> Endpoint | None:
    parts = path.split("/")
    found = [endpoint for endpoint in all_endpoints() if endpoint.method == method and _fits(endpoint, parts)]
    # A path that is spelled out goes before one with a placeholder, as at the service.
    return min(found, key=lambda endpoint: len(endpoint.placeholders), default=None)


def _fits(endpoint: Endpoint, parts: list[str]) -> bool:
    declared = endpoint.path.split("/")
    return len(declared) == len(parts) and all(
        a == b or a.startswith("{") for a, b in zip(declared, parts, strict=True)
    )


def checked_options(options: Options) -> Options:
    for name in ("timeout", "attempt_timeout", "max_wait"):
        value = getattr(options, name)
        if value is not None:
            seconds(name, value, zero=name == "max_wait")
    return options
