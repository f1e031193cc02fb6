"""Finding the operation behind a request: a tree of path segments, grown from the endpoint table."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast, get_args
from urllib.parse import unquote_to_bytes

from attrs import field, frozen

from agora_chat_async._compile import JOINED, SPREAD, WHOLE, Header, SentAs, marks_of
from agora_chat_async._endpoint import Endpoint
from agora_chat_async._transfer import upload_of
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.quota import Quota, Rate


@frozen(eq=False)
class Operation:
    """What the emulator has to know of one operation of the service."""

    id: str
    method: str
    path: str
    route: str
    rates: tuple[Rate, ...] = ()
    shared: tuple[Quota, ...] = ()
    placeholders: tuple[str, ...] = ()
    has_body: bool = False
    form: bool = False
    """Whether the body is a form."""
    needs_content_type: bool = True
    open_to_users: bool = False
    """Whether the token of any user will do, also where no user is named."""
    takes_array: bool = False
    takes_file: bool = False
    joins_names: bool = False
    """Whether a segment of its path holds several names, joined by commas."""
    needs: frozenset[str] = frozenset()
    """Members that its body cannot be without."""
    weights: Mapping[str, str] = field(factory=dict[str, str])
    """Member of the body that holds the counted items, by the name that a rate has for it."""

    @classmethod
    def of(cls, endpoint: Endpoint) -> Operation:
        """Read a declaration."""
        parameters = {name: value for name, value in endpoint.signature.parameters.items() if name != "self"}
        counted = {rate.counts for rate in endpoint.all_rates if rate.counts}
        return cls(
            id=endpoint.id,
            method=endpoint.method,
            path=endpoint.path,
            route=endpoint.route,
            rates=endpoint.rates,
            shared=endpoint.shared,
            placeholders=endpoint.placeholders,
            has_body=endpoint.in_body and bool(parameters.keys() - set(endpoint.placeholders)),
            form=endpoint.form,
            takes_array=endpoint.takes_array,
            takes_file=any(upload_of in marks_of(parameter.annotation) for parameter in parameters.values()),
            joins_names=any(JOINED in marks_of(parameters[name].annotation) for name in endpoint.placeholders),
            needs=frozenset(_needed(endpoint, parameters)) if endpoint.in_body else frozenset(),
            weights={name: _wire_name(name, parameters[name].annotation) for name in counted},
        )


def _needed(endpoint: Endpoint, parameters: Mapping[str, inspect.Parameter]) -> Iterator[str]:
    for name, parameter in parameters.items():
        marks = marks_of(parameter.annotation)
        is_member = name not in endpoint.placeholders and SPREAD not in marks and WHOLE not in marks
        if is_member and parameter.default is parameter.empty and not any(isinstance(mark, Header) for mark in marks):
            yield _wire_name(name, parameter.annotation)


def _wire_name(name: str, annotation: Any) -> str:
    marks = getattr(annotation, "__metadata__", ())
    for mark in (*marks, *(mark for member in get_args(annotation) for mark in getattr(member, "__metadata__", ()))):
        if isinstance(mark, SentAs):
            return mark.name
    return name


class Route:
    """One method on one path shape, with the operations that share it on the wire."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.operations = list[Operation]()

    @property
    def ids(self) -> list[str]:
        """Ids of its operations."""
        return [operation.id for operation in self.operations]

    @property
    def weights(self) -> dict[str, str]:
        """Members of the body whose items some rate counts."""
        return {name: wire for operation in self.operations for name, wire in operation.weights.items()}

    def choose(self, values: Sequence[str], body: Any) -> Operation:
        """Tell by the names in the path and by the body which operation is meant."""
        several, is_array = any("," in value for value in values), isinstance(body, list)
        members = frozenset(cast("dict[str, Any]", body) if isinstance(body, dict) else ())
        fitting = [one for one in self.operations if one.takes_array is is_array] or self.operations
        fitting = [one for one in fitting if one.joins_names is several] or fitting
        fitting = [one for one in fitting if one.needs <= members] or fitting
        return max(fitting, key=lambda one: len(one.needs))


@frozen
class Match:
    """A route, and what fills its placeholders."""

    route: Route
    values: tuple[str, ...]


class _Node:
    __slots__ = ("children", "placeholder", "routes")

    def __init__(self) -> None:
        self.children = dict[str, _Node]()
        self.placeholder: _Node | None = None
        self.routes = dict[str, Route]()


_PLACEHOLDER: Final = "{}"

# Left out are forms that something else already answers, such as GET for a room's announcement or for the status of a
# user named batch, and those with another body, which are in _older.py.
OTHER_FORMS: Final[Mapping[str, str]] = {
    "POST /users/{}/disconnect": "GET /users/{}/disconnect",
    "GET /users/{}/rosters": "GET /user/{}/contacts",
    "POST /messages/recall": "POST /messages/msg_recall",
    "POST /chatfiles/{}": "GET /chatfiles/{}",
    "PUT /chatrooms/{}/announcement": "POST /chatrooms/{}/announcement",
    "DELETE /chatrooms/{}/mute": "GET /chatrooms/{}/mute",
    "PUT /chatrooms/{}/ban": "DELETE /chatrooms/{}/ban",
    "POST /metadata/chatroom/{}/user/{}": "DELETE /metadata/chatroom/{}/user/{}",
    "DELETE /threads/{}/users": "DELETE /thread/{}/users",
    "POST /callback/storage/retry": "POST /callbacks/storage/retry",
}
"""Routes that the vendor's pages name in two ways: the one that clients should not rely on, and the one declared."""

BODY_OPTIONAL: Final = frozenset({"room_attributes.get"})
"""Operations that some clients call without a body, and then without a content type."""


class RouteTree:
    """All routes by the segments of their paths; a literal segment goes before a placeholder."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        self.routes: dict[str, Route] = {}
        for operation in operations:
            self._add(operation)
        for other, name in OTHER_FORMS.items():
            if name in self.routes:
                self._grow(other).routes.setdefault(other.partition(" ")[0], self.routes[name])

    def _add(self, operation: Operation) -> None:
        route = self._grow(operation.route).routes.setdefault(operation.method, Route(operation.route))
        route.operations.append(operation)
        self.routes[route.name] = route

    def _grow(self, route: str) -> _Node:
        node = self._root
        for segment in route.partition(" ")[2].split("/")[1:]:
            if segment == _PLACEHOLDER:
                node.placeholder = node.placeholder or _Node()
                node = node.placeholder
            else:
                node = node.children.setdefault(segment, _Node())
        return node

    def find(self, method: str, segments: list[str]) -> tuple[Match | None, bool]:
        """Return the match, and whether the path is known at all, be it with another method."""
        known = False
        for node, values in _walk(self._root, segments, 0, ()):
            known = True
            if method in node.routes:
                return Match(node.routes[method], values), True
        return None, known


def _walk(
    node: _Node, segments: list[str], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    if at == len(segments):
        if node.routes:
            yield node, values
        return
    segment = segments[at]
    if segment in node.children:
        yield from _walk(node.children[segment], segments, at + 1, values)
    if node.placeholder is not None and segment:
        yield from _walk(node.placeholder, segments, at + 1, (*values, segment))


def split_path(raw_path: str) -> list[str]:
    """Split a path as it arrived into segments, each decoded once: an encoded slash stays within its segment."""
    try:
        return [
            unquote_to_bytes(segment).decode() if "%" in segment else segment for segment in raw_path.split("/")[1:]
        ]
    except UnicodeDecodeError:
        raise illegal("invalid request: the path is not UTF-8") from None
