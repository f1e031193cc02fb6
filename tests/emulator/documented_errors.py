"""The table of documented errors: how a case is written, what it may name, and how it is produced over plain HTTP.

`tests/reference.json` lists the documented errors of every operation, each as status, name and occasion. A `Case` names
one of them by its beginning and tells the request that has it for an answer. What most operations document alike, such
as an expired token, is produced for all of them at once and needs no case of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from attrs import field, frozen

from agora_chat_async._endpoint import Endpoint
from agora_chat_async.api import all_endpoints

ENDPOINTS: Final[Mapping[str, Endpoint]] = {endpoint.id: endpoint for endpoint in all_endpoints()}
DOCUMENTED: Final[Mapping[str, Sequence[str]]] = {
    line["id"]: line["errors"] for line in json.loads(Path(__file__).parent.with_name("reference.json").read_text())
}
COMMON: Final = frozenset(
    {
        "400 json_parse",
        "401 auth_bad_access_token",
        "401 unauthorized",
        "404 organization_application_not_found",
        "415 web_application",
        "429 reach_limit",
        "429 resource_limited",
    }
)
"""What test_common_errors.py produces for every operation that documents it."""
USERS: Final = ("anna", "bob", "carl", "dora")

_ROOT: Final = "http://emulator/_emulator"
_NAME: Final = re.compile(r"\{(\w+)\}")
Step = tuple[str, str, Any] | float


@frozen
class Case:
    """One request, and the documented error that it has for an answer.

    In paths and bodies `{group}` and the like stand for ids of things that are made first, see `MAKERS`; the users of
    `USERS` are registered.
    """

    operation: str
    error: str
    """Beginning of one documented error of the operation, such as `400 illegal_argument: username missing`."""
    path: str = ""
    """What fills the placeholders of the path, separated by blanks."""
    body: Any = None
    query: str = ""
    form: Mapping[str, str] | None = None
    files: Mapping[str, Any] | None = None
    user: str = ""
    """Whose token is sent, in place of the app's."""
    says: str = ""
    """Part of the description."""
    settings: Mapping[str, Any] = field(factory=dict[str, Any])
    given: Sequence[Step] = ()
    """What happens before: requests as method, path and body, or seconds that pass."""
    shape: Collection[str] = ("error", "exception", "timestamp", "duration", "error_description")
    """Members of the answer."""

    def __str__(self) -> str:
        return f"{self.operation} {self.error}"

    @property
    def documented(self) -> list[str]:
        """The documented errors that it may be meant to produce."""
        return [error for error in DOCUMENTED[self.operation] if error.startswith(self.error)]


class World:
    """An emulator with the users, on which things are made when a case names them."""

    def __init__(self, client: httpx.AsyncClient, advance: Callable[[float], None]) -> None:
        self.client = client
        self.advance = advance
        self.names = dict[str, str]()

    async def request(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send a request in which things are named; JSON where there is a body."""
        if body is not None:
            content = await self.filled(json.dumps(body))
            options |= {"content": content.encode(), "headers": {"Content-Type": "application/json"}}
        return await self.client.request(method, await self.filled(path), **options)

    async def filled(self, text: str) -> str:
        """Put ids for the names of things."""
        for name in dict.fromkeys(_NAME.findall(text)):
            if name in MAKERS and name not in self.names:
                await self._make(name)
        return _NAME.sub(lambda found: self.names.get(found[1], found[0]), text)

    async def _make(self, name: str) -> None:
        method, path, body, read = MAKERS[name]
        files = {"files": body} if path.endswith("files") else {}
        response = await self.request(method, path, None if files else body, **files)
        assert response.status_code == 200, response.text
        value: Any = response.json()
        for key in (await self.filled(read)).split("."):
            value = value[int(key) if isinstance(value, list) else key]
        self.names[name] = str(value)


_TEXT: Final = {"from": "anna", "type": "txt", "body": {"msg": "hello"}}
MAKERS: Final[Mapping[str, tuple[str, str, Any, str]]] = {
    "group": (
        "POST",
        "/chatgroups",
        {"groupname": "g", "description": "d", "public": True, "owner": "anna", "members": ["bob"]},
        "data.groupid",
    ),
    "room": (
        "POST",
        "/chatrooms",
        {"name": "r", "description": "d", "owner": "anna", "members": ["bob"]},
        "data.id",
    ),
    "message": ("POST", "/messages/users", {**_TEXT, "to": ["bob"]}, "data.bob"),
    "group_message": ("POST", "/messages/chatgroups", {**_TEXT, "to": ["{group}"]}, "data.{group}"),
    "second_group_message": ("POST", "/messages/chatgroups", {**_TEXT, "to": ["{group}"]}, "data.{group}"),
    "other_group_message": ("POST", "/messages/chatgroups", {**_TEXT, "to": ["other"]}, "data.other"),
    "thread_message": ("POST", "/messages/chatgroups", {**_TEXT, "to": ["{thread}"]}, "data.{thread}"),
    "room_message": ("POST", "/messages/chatrooms", {**_TEXT, "to": ["{room}"]}, "data.{room}"),
    "thread": (
        "POST",
        "/thread",
        {"group_id": "{group}", "name": "t", "msg_id": "{group_message}", "owner": "anna"},
        "data.thread_id",
    ),
    "file": ("POST", "/chatfiles", {"file": ("a.txt", b"content")}, "entities.0.uuid"),
    "group_file": ("POST", "/chatgroups/{group}/share_files", {"file": ("a.txt", b"content")}, "data.file_id"),
    "label": ("POST", "/push/label", {"name": "label"}, "data.name"),
    "callbacks": ("POST", f"{_ROOT}/callbacks", {"size": 2}, "date"),
}
"""How each thing is made that cases may name, and where its id is in the answer."""


async def produce(
    case: Case, client: httpx.AsyncClient, advance: Callable[[float], None], token: Callable[..., str] | None = None
) -> None:
    """Send a case's request to an emulator and compare the answer with what is documented."""
    (documented,) = case.documented
    status, name = documented.partition(":")[0].split(" ", 1)
    world = World(client, advance)
    await client.post(f"{_ROOT}/seed", json={"users": list(USERS)})
    for step in case.given:
        if isinstance(step, tuple):
            await world.request(*step)
        else:
            advance(step)
    endpoint = ENDPOINTS[case.operation]
    filling = iter(case.path.split())
    path = _NAME.sub(lambda _: next(filling), endpoint.path) + (f"?{case.query}" if case.query else "")
    options = {name: value for name, value in (("files", case.files), ("data", case.form)) if value is not None}
    if token is not None:
        client.headers["Authorization"] = f"Bearer {token(user=case.user)}"
    response = await world.request(endpoint.method, path, case.body, **options)
    assert response.status_code == int(status), response.text
    answer = response.json()
    assert answer.keys() == set(case.shape)
    if name != "unnamed":
        assert answer["error"] == name
    assert case.says in str(answer.get("error_description") or answer.get("result"))


def filled(path: str) -> str:
    """Fill every placeholder of a path with a name that nobody has."""
    return _NAME.sub("x", path)


def each(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Run a test for every case."""
    return pytest.mark.parametrize("case", cases, ids=str)


def missing(groups: Collection[str], cases: Iterable[Case], reasons: Mapping[str, str]) -> list[str]:
    """Tell which documented errors of some groups no case produces and no reason explains.

    `reasons` tells, by the beginning of `operation error` or by a bare error for all operations, why not.
    """
    produced = {f"{case.operation} {error}" for case in cases for error in case.documented}
    return [
        f"{operation} {error}"
        for operation, errors in DOCUMENTED.items()
        if operation.partition(".")[0] in groups
        for error in errors
        if error not in COMMON
        and f"{operation} {error}" not in produced
        and not any(f"{operation} {error}".startswith(reason) or error.startswith(reason) for reason in reasons)
    ]
