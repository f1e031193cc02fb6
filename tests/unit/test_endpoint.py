import inspect
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest

from agora_chat_async._checks import Int
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Endpoint, Group, endpoint_of
from agora_chat_async._pages import Page, Pages
from agora_chat_async._transfer import Sink
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.api import GROUPS, all_endpoints, load_group
from agora_chat_async.api.messages import Messages
from agora_chat_async.api.users import Users
from agora_chat_async.content import Custom, Image, Location, Text
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.messages import ChatType, MessageLevel, RecallResult, RouteType
from agora_chat_async.models.users import DeliveryStatus, NewUser, OnlineStatus
from agora_chat_async.quota import Quota, per_minute, per_second

ENDPOINTS = [endpoint for endpoint in all_endpoints() if endpoint.owner.name in {"users", "messages"}]
"""What the other groups send is asserted with them, in tests/groups."""
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[endpoint.id for endpoint in ENDPOINTS])

ANNA = b'{"username": "anna"}'
SEND = {"from": "bob", "type": "txt", "body": {"msg": "hi"}, "ext": {"k": 1}}
TEXT = Text("hi")


class Recorder:
    """Notes what an endpoint hands over to be sent, and answers with the given bodies."""

    def __init__(self, *answers: bytes) -> None:
        self.sent = list[tuple[str, str, str, Any, Any, Any]]()
        self.answers = list(answers)

    async def send(  # noqa: PLR0917 - called by compiled functions only
        self,
        endpoint: Endpoint,
        path: str,
        query: Mapping[str, Any] | None,
        json: Any,
        counts: Mapping[str, int] | None,
        headers: Mapping[str, str] | None = None,
        sink: Sink | None = None,
        /,
    ) -> Any:
        self.sent.append((endpoint.id, endpoint.method, path, query, json, counts))
        body = self.answers.pop(0)
        return endpoint.decode(body)[0]


CALLS: list[tuple[str, dict[str, Any], str, str, Any, Any, Any]] = [
    (
        "users.create",
        {"username": "anna", "password": "p", "nickname": "Anna"},
        "POST",
        "/users",
        None,
        {"username": "anna", "password": "p", "nickname": "Anna"},
        None,
    ),
    (
        "users.create_many",
        {"users": [NewUser("anna", "p", "Anna"), NewUser("bob")]},
        "POST",
        "/users",
        None,
        [{"username": "anna", "password": "p", "nickname": "Anna"}, {"username": "bob"}],
        None,
    ),
    ("users.get", {"username": "Ä/b"}, "GET", "/users/%C3%84%2Fb", None, None, None),
    ("users.list", {"limit": 7, "cursor": "c/1"}, "GET", "/users", {"limit": 7, "cursor": "c/1"}, None, None),
    ("users.delete", {"username": "anna"}, "DELETE", "/users/anna", None, None, None),
    (
        "users.delete_many",
        {"limit": 7, "cursor": "c"},
        "DELETE",
        "/users",
        {"limit": 7, "cursor": "c"},
        None,
        None,
    ),
    (
        "users.set_password",
        {"username": "anna", "password": "new"},
        "PUT",
        "/users/anna/password",
        None,
        {"newpassword": "new"},
        None,
    ),
    ("users.ban", {"username": "anna"}, "POST", "/users/anna/deactivate", None, None, None),
    ("users.unban", {"username": "anna"}, "POST", "/users/anna/activate", None, None, None),
    ("users.disconnect", {"username": "anna"}, "GET", "/users/anna/disconnect", None, None, None),
    ("users.get_online_status", {"username": "anna"}, "GET", "/users/anna/status", None, None, None),
    (
        "users.get_online_status_many",
        {"usernames": ("anna", "bob")},
        "POST",
        "/users/batch/status",
        None,
        {"usernames": ["anna", "bob"]},
        None,
    ),
    (
        "users.count_offline_messages",
        {"owner_username": "anna"},
        "GET",
        "/users/anna/offline_msg_count",
        None,
        None,
        None,
    ),
    (
        "users.get_offline_message_status",
        {"username": "anna", "msg_id": "123"},
        "GET",
        "/users/anna/offline_msg_status/123",
        None,
        None,
        None,
    ),
    (
        "messages.send_to_users",
        {
            "to": ["anna", "eve"],
            "content": TEXT,
            "sender": "bob",
            "ext": {"k": 1},
            "roam_ignore_users": ["eve"],
            "sync_device": True,
            "route_type": "ROUTE_ONLINE",
        },
        "POST",
        "/messages/users",
        None,
        {
            **SEND,
            "to": ["anna", "eve"],
            "roam_ignore_users": ["eve"],
            "sync_device": True,
            "routetype": "ROUTE_ONLINE",
        },
        {"to": 2},
    ),
    (
        "messages.send_to_chatgroups",
        {
            "to": ["1", "2", "3"],
            "content": TEXT,
            "sender": "bob",
            "ext": {"k": 1},
            "need_group_ack": False,
            "roam_ignore_users": [],
            "sync_device": False,
            "route_type": RouteType.ONLINE,
        },
        "POST",
        "/messages/chatgroups",
        None,
        {
            **SEND,
            "to": ["1", "2", "3"],
            "need_group_ack": False,
            "roam_ignore_users": [],
            "sync_device": False,
            "routetype": "ROUTE_ONLINE",
        },
        {"to": 3},
    ),
    (
        "messages.send_to_chatrooms",
        {
            "to": ["1"],
            "content": TEXT,
            "sender": "bob",
            "ext": {"k": 1},
            "level": MessageLevel.HIGH,
            "roam_ignore_users": ["eve"],
            "sync_device": True,
            "route_type": "ROUTE_ONLINE",
        },
        "POST",
        "/messages/chatrooms",
        None,
        {
            **SEND,
            "to": ["1"],
            "chatroom_msg_level": "high",
            "roam_ignore_users": ["eve"],
            "sync_device": True,
            "routetype": "ROUTE_ONLINE",
        },
        {"to": 1},
    ),
    (
        "messages.broadcast_to_chatrooms",
        {"content": TEXT, "sender": "bob", "level": "low", "ext": {"k": 1}, "sync_device": True},
        "POST",
        "/messages/chatrooms/broadcast",
        None,
        {
            "msg": {"type": "txt", "msg": "hi"},
            "from": "bob",
            "chatroom_msg_level": "low",
            "ext": {"k": 1},
            "sync_device": True,
        },
        None,
    ),
    ("messages.get_history", {"time": "2026072312"}, "GET", "/chatmessages/2026072312", None, None, None),
    (
        "messages.modify",
        {
            "msg_id": "123",
            "content": Custom("order", {"id": "7"}),
            "user": "bob",
            "ext": {"k": 1},
            "combine_ext": False,
        },
        "PUT",
        "/messages/rewrite/123",
        None,
        {
            "new_msg": {"type": "custom", "customEvent": "order", "customExts": {"id": "7"}},
            "user": "bob",
            "new_ext": {"k": 1},
            "is_combine_ext": False,
        },
        None,
    ),
    (
        "messages.recall",
        {
            "msg_id": "123",
            "to": "anna",
            "chat_type": ChatType.CHAT,
            "sender": "bob",
            "sync_device": False,
            "force": True,
        },
        "POST",
        "/messages/msg_recall",
        None,
        {"msg_id": "123", "to": "anna", "chat_type": "chat", "from": "bob", "sync_device": False, "force": True},
        None,
    ),
    (
        "messages.delete_conversation",
        {"username": "anna", "channel": "bob", "type": "chat", "delete_roam": True},
        "DELETE",
        "/users/anna/user_channel",
        None,
        {"channel": "bob", "type": "chat", "delete_roam": True},
        None,
    ),
    *[
        (
            f"messages.{name}",
            {
                "sender": "bob",
                "target": "anna",
                "content": TEXT,
                "ext": {"k": 1},
                "is_ack_read": True,
                "msg_timestamp": 1656906628428,
                "need_download": False,
            },
            "POST",
            path,
            None,
            {**SEND, "target": "anna", "is_ack_read": True, "msg_timestamp": 1656906628428, "need_download": False},
            None,
        )
        for name, path in (
            ("import_to_user", "/messages/users/import"),
            ("import_to_chatgroup", "/messages/chatgroups/import"),
        )
    ],
]

ANSWERS: dict[str, tuple[bytes, Any]] = {
    "users.disconnect": (b'{"data": {"result": true}}', True),
    "users.get_online_status": (b'{"data": {"anna": "offline"}}', OnlineStatus.OFFLINE),
    "users.get_online_status_many": (
        b'{"data": [{"anna": "online"}, {"bob": "away"}]}',
        {"anna": OnlineStatus.ONLINE, "bob": "away"},
    ),
    "users.count_offline_messages": (b'{"data": {"anna": "2", "group": 3}}', 5),
    "users.get_offline_message_status": (b'{"data": {"123": "undelivered"}}', DeliveryStatus.UNDELIVERED),
    "users.set_password": (b'{"action": "set user password"}', None),
    "users.unban": (b'{"action": "activate user"}', None),
    "messages.send_to_users": (b'{"data": {"anna": "1029457500870543736"}}', {"anna": "1029457500870543736"}),
    "messages.send_to_chatgroups": (b'{"data": {"1": 1029457500870543736}}', {"1": "1029457500870543736"}),
    "messages.send_to_chatrooms": (b'{"data": {}}', {}),
    "messages.broadcast_to_chatrooms": (b'{"data": {"id": "9"}}', "9"),
    "messages.modify": (b'{"data": "success"}', "success"),
    "messages.recall": (b'{"data": {"recalled": "yes"}}', RecallResult(recalled="yes")),
    "messages.delete_conversation": (b'{"data": {"result": "ok"}}', None),
    "messages.import_to_user": (b'{"data": {"msg_id": 10242948881}}', "10242948881"),
    "messages.import_to_chatgroup": (b'{"data": {"msg_id": "10242948881"}}', "10242948881"),
}
OTHER_ANSWER = b'{"entities": [' + ANNA + b'], "data": [{"url": "https://h/f"}]}'


def bound(endpoint_id: str, door: Recorder) -> Any:
    group, _, name = endpoint_id.partition(".")
    return getattr(load_group(group)(door), name)


@pytest.mark.parametrize("call", CALLS, ids=[call[0] for call in CALLS])
async def test_sends(call: tuple[str, dict[str, Any], str, str, Any, Any, Any]) -> None:
    """With all its arguments each operation sends the documented request."""
    endpoint_id, arguments, *request = call
    door = Recorder(ANSWERS.get(endpoint_id, (OTHER_ANSWER, None))[0])
    await bound(endpoint_id, door)(**arguments)
    assert door.sent == [(endpoint_id, *request)]


def test_every_operation_is_among_them() -> None:
    """The table of calls names each operation, with each of its parameters."""
    given = {endpoint_id: set(arguments) for endpoint_id, arguments, *_ in CALLS}
    assert given == {endpoint.id: {*endpoint.signature.parameters} - {"self"} for endpoint in ENDPOINTS}


@each_endpoint
async def test_leaves_out_what_is_not_given(endpoint: Endpoint) -> None:
    """An argument that is None or not given is absent on the wire, not null."""
    arguments = next(arguments for endpoint_id, arguments, *_ in CALLS if endpoint_id == endpoint.id)
    required = {
        name: arguments[name]
        for name, parameter in endpoint.signature.parameters.items()
        if name != "self" and parameter.default is parameter.empty
    }
    optional = {name: None for name, parameter in endpoint.signature.parameters.items() if parameter.default is None}
    answer = ANSWERS.get(endpoint.id, (OTHER_ANSWER, None))[0]
    door = Recorder(answer, answer)
    await bound(endpoint.id, door)(**required)
    await bound(endpoint.id, door)(**required, **optional)
    first, second = door.sent
    assert first == second
    for part in first[3:5]:
        members = part[0] if isinstance(part, list) else part or {}
        assert None not in members.values()


@pytest.mark.parametrize("endpoint_id", ANSWERS)
async def test_reads_the_useful_part(endpoint_id: str) -> None:
    """What comes back is the documented part of the envelope, in its own type."""
    body, expected = ANSWERS[endpoint_id]
    arguments = next(arguments for name, arguments, *_ in CALLS if name == endpoint_id)
    result = await bound(endpoint_id, Recorder(body))(**arguments)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"msg_id": "123", "recalled": "yes"}}',
        b'{"msgs": [{"msg_id": "123", "recalled": "yes"}]}',
    ],
)
async def test_recall_reads_both_forms(body: bytes) -> None:
    """Two versions of the service put the outcome of a recall in two places."""
    result = await Messages(Recorder(body)).recall("123", "anna", "chat")
    assert result.ok
    assert result.msg_id == "123"


async def test_a_failed_recall_is_not_ok() -> None:
    """The service answers 200 with the reason."""
    body = b'{"data": {"msg_id": "123", "recalled": "not_found"}}'
    assert not (await Messages(Recorder(body)).recall("123", "anna", "chat")).ok


async def test_a_listing_follows_its_cursor() -> None:
    """Each page is asked for with the cursor of the one before, and the envelope is kept beside the items."""
    door = Recorder(b'{"entities": [' + ANNA + b'], "cursor": "c1", "count": 1}', b'{"entities": [], "count": 0}')
    pages = Users(door).list(limit=1)
    assert isinstance(pages, Pages)
    assert door.sent == []
    page = await pages
    assert ([user.username for user in page], page.cursor, page.extra["count"]) == (["anna"], "c1", 1)
    assert [user async for user in pages] == []
    assert [sent[3] for sent in door.sent] == [{"limit": 1}, {"limit": 1, "cursor": "c1"}]


async def test_deleting_many_tells_where_to_go_on() -> None:
    """One answer is one page."""
    page = await Users(Recorder(b'{"entities": [' + ANNA + b'], "cursor": "c1"}')).delete_many(limit=1)
    assert isinstance(page, Page)
    assert (page.items[0].username, page.cursor) == ("anna", "c1")


@pytest.mark.parametrize(
    ("moment", "sent"),
    [
        (datetime(2026, 7, 23, 12, 59, tzinfo=UTC), "2026072312"),
        (datetime(2026, 7, 23, 1, tzinfo=timezone(timedelta(hours=2))), "2026072223"),
    ],
)
async def test_history_takes_moments_of_any_zone(moment: datetime, sent: str) -> None:
    """The hour is sent in UTC."""
    door = Recorder(b'{"data": [{"url": "https://h/f"}]}')
    await Messages(door).get_history(moment)
    assert door.sent[0][2] == f"/chatmessages/{sent}"


@pytest.mark.parametrize(
    ("endpoint_id", "change", "message"),
    [
        ("users.create", {"username": "Anna"}, "username='Anna': text of 1 to 64 characters out of a-z 0-9 _ - ."),
        ("users.create", {"password": "hunter2" * 10}, "password=(hidden): text of 1 to 64 bytes"),
        ("users.create", {"nickname": ""}, "nickname='': text of 1 to 100 characters"),
        ("users.create_many", {"users": []}, "users='0 items': 1 to 60 items"),
        ("users.create_many", {"users": [NewUser("a")] * 61}, "users='61 items': 1 to 60 items"),
        ("users.create_many", {"users": [NewUser("a"), "b"]}, "users[1]='str': a NewUser"),
        ("users.get", {"username": ".."}, "username='..': a name that is not empty, '.' or '..'"),
        ("users.delete", {"username": ""}, "username='': text of 1 to 64 characters"),
        ("users.delete", {"username": "."}, "username='.': a name that is not empty"),
        ("users.list", {"limit": 0}, "limit=0: a whole number from 1 to 100"),
        ("users.delete_many", {"limit": 101}, "limit=101: a whole number from 1 to 100"),
        ("users.get_online_status_many", {"usernames": "anna"}, "usernames='anna': a list of values, not a single one"),
        ("users.get_online_status_many", {"usernames": ["a", ""]}, "usernames[1]='': text of 1 to 64 characters"),
        ("messages.send_to_users", {"to": ["a"] * 601}, "to='601 items': 1 to 600 items"),
        ("messages.send_to_chatgroups", {"to": ["1"] * 4}, "to='4 items': 1 to 3 items"),
        ("messages.send_to_chatrooms", {"to": ["1"] * 11}, "to='11 items': 1 to 10 items"),
        ("messages.send_to_users", {"content": "hi"}, "content='hi': a content such as Text('hello')"),
        ("messages.send_to_users", {"content": Text("x" * 5200)}, "content='5217 bytes with ext': at most 5120 bytes"),
        ("messages.send_to_users", {"sender": ""}, "sender='': text of 1 to 64 characters"),
        ("messages.send_to_users", {"route_type": "x"}, "route_type='x': one of ROUTE_ONLINE"),
        ("messages.send_to_users", {"roam_ignore_users": ["a"] * 21}, "roam_ignore_users='21 items': 0 to 20 items"),
        ("messages.broadcast_to_chatrooms", {"content": Text("x" * 5120)}, "at most 5120 bytes"),
        ("messages.broadcast_to_chatrooms", {"level": "top"}, "level='top': one of high, normal, low"),
        ("messages.get_history", {"time": "20260723"}, "time='20260723': text of 10 to 10 characters out of 0-9"),
        ("messages.get_history", {"time": "\N{FULLWIDTH DIGIT TWO}" * 10}, "out of 0-9, as yyyyMMddHH in UTC"),
        ("messages.get_history", {"time": datetime(2026, 7, 23)}, "a datetime with a time zone"),  # noqa: DTZ001
        ("messages.modify", {"msg_id": "5I02W"}, "msg_id='5I02W': text of 1 to 64 characters out of 0-9"),
        ("messages.modify", {"content": Location("1", "2", "x")}, "a Text or Custom; only these can be edited"),
        ("messages.recall", {"chat_type": "room"}, "chat_type='room': one of chat, groupchat, chatroom"),
        ("messages.delete_conversation", {"type": "chatroom"}, "type='chatroom': one of chat, groupchat"),
        ("messages.import_to_user", {"content": None}, "content=None: a content such as Text('hello')"),
    ],
)
async def test_refuses_before_anything_is_sent(endpoint_id: str, change: dict[str, Any], message: str) -> None:
    """A bad argument is told by name, value and rule, and no request leaves."""
    arguments = next(arguments for name, arguments, *_ in CALLS if name == endpoint_id)
    door = Recorder()
    with pytest.raises(InvalidArgument) as caught:
        await bound(endpoint_id, door)(**arguments | change)
    assert message in str(caught.value)
    assert caught.value.argument.partition("[")[0] in change
    assert "hunter2" not in "".join(traceback.format_exception_only(caught.value))
    assert door.sent == []


@pytest.mark.parametrize("content", [Text("hi"), Image("https://h/chatfiles/1", secret="s"), Location("1", "2", "x")])
async def test_sends_type_and_body_side_by_side(content: Any) -> None:
    """In a send the type stands beside the body, not in it."""
    door = Recorder(b'{"data": {}}')
    await Messages(door).send_to_users(["anna"], content)
    body = door.sent[0][4]
    assert body["type"] == content.type
    assert "type" not in body["body"]


@each_endpoint
def test_compiled_signature_is_the_declared_one(endpoint: Endpoint) -> None:
    """Names, kinds and defaults of the compiled function are the stub's, not only said to be."""
    compiled = inspect.signature(endpoint.function, follow_wrapped=False).parameters.values()
    declared = inspect.signature(endpoint.stub).parameters.values()
    assert [(p.name, p.kind, p.default) for p in compiled] == [(p.name, p.kind, p.default) for p in declared]
    assert inspect.iscoroutinefunction(endpoint.function) == inspect.iscoroutinefunction(endpoint.stub)
    assert endpoint.function.__qualname__ == endpoint.stub.__qualname__
    assert inspect.signature(endpoint.function) == inspect.signature(endpoint.stub)


async def test_wrong_calls_name_the_method() -> None:
    """A call that does not fit the signature fails as that of a written method does."""
    users = Users(Recorder())
    with pytest.raises(TypeError, match=r"Users\.create\(\) missing 1 required positional argument: 'username'"):
        await users.create()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Users\.create\(\) got an unexpected keyword argument 'name'"):
        await users.create(name="anna")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Users\.delete_many\(\) missing 1 required keyword-only argument: 'limit'"):
        await users.delete_many()  # type: ignore[call-arg]


async def test_traceback_shows_the_generated_line() -> None:
    """A traceback through a compiled endpoint shows its source, as for a written one."""
    with pytest.raises(InvalidArgument) as caught:
        await Users(Recorder()).create("Anna")
    text = "".join(traceback.format_exception(caught.value))
    assert "<endpoint users.create " in text
    assert "body['username'] = check_username_0('username', username)" in text


def test_endpoints_are_found_on_the_class_and_methods_on_the_group() -> None:
    """The class gives the declaration, a group its bound method, made once."""
    users = Users(Recorder())
    assert endpoint_of(Users.create) is Users.endpoints["users.create"]
    assert users.create is users.create
    assert users.create.__self__ is users  # type: ignore[attr-defined]
    assert Users(Recorder()).create is not users.create
    with pytest.raises(TypeError, match=r"name one by its class, such as Users\.create"):
        endpoint_of(users.create)


def test_groups_are_those_of_the_table() -> None:
    """Each group is loaded by the name that its operations have."""
    assert {name: load_group(name).name for name in GROUPS} == {name: name for name in GROUPS}


TASKS = Quota("tasks", (per_minute(5),), concurrent=3)


class Odd(Group, name="odd", page="https://example.com"):
    """Declarations that only together use all there is."""

    @GET("/a/{b_c}", per_second(1), TASKS, in_body=True, retry_safe=True)
    async def get(self, b_c: str, *, word: Annotated[int, Int(0, 9), SentAs("Word")] | None = None) -> None:
        """Get."""

    @DELETE("/a", TASKS, Quota("more", concurrent=2), retry_safe=False)
    async def drop(self) -> None:
        """Drop."""


async def test_quotas_names_and_places_of_a_declaration() -> None:
    """Own and shared quotas, the smallest cap, wire names and the place of fields are as declared."""
    get, drop = Odd.endpoints["odd.get"], Odd.endpoints["odd.drop"]
    assert (get.route, get.placeholders) == ("GET /a/{}", ("b_c",))
    assert (get.rates, get.shared, get.all_rates) == ((per_second(1),), (TASKS,), (per_second(1), per_minute(5)))
    assert (get.concurrent, drop.concurrent) == (3, 2)
    door = Recorder(b"{}", b"{}")
    await Odd(door).get("x y", word=0)
    await Odd(door).drop()
    assert door.sent == [
        ("odd.get", "GET", "/a/x%20y", None, {"Word": 0}, None),
        ("odd.drop", "DELETE", "/a", None, None, None),
    ]
    with pytest.raises(InvalidArgument, match=r"^word=10"):
        await Odd(door).get("x", word=10)


def declared(decorator: Any, stub: Any) -> Endpoint:
    class Wrong(Group, name="wrong", page=""):
        wrong = decorator(stub)

    return Wrong.endpoints["wrong.wrong"]


def _wrong_declarations() -> dict[str, tuple[Any, Any]]:
    async def plain(self: Any, name: str) -> None: ...
    async def clash(self: Any, body: str) -> None: ...
    async def waits(self: Any, cursor: str | None = None) -> Pages[str]: ...  # type: ignore[empty-body]
    def pages(self: Any) -> Pages[str]: ...  # type: ignore[empty-body]
    def blocks(self: Any, name: str) -> None: ...

    return {
        "no parameter is named nam": (GET("/a/{nam}", retry_safe=True), plain),
        "no parameter is named names": (POST("/a", per_second(1, counts="names"), retry_safe=True), plain),
        "no parameter is named cursor": (GET("/a", retry_safe=True), pages),
        "no parameter may be named body": (POST("/a", retry_safe=True), clash),
        "the path begins with /": (GET("a", retry_safe=True), plain),
        "the stub is `async def`, or": (GET("/a", retry_safe=True), waits),
        "or `def` where it returns Pages": (GET("/a", retry_safe=True), blocks),
    }


@pytest.mark.parametrize(("message", "declaration"), _wrong_declarations().items())
def test_wrong_declarations_do_not_compile(message: str, declaration: tuple[Any, Any]) -> None:
    """A slip in a declaration is told when it is compiled, not at some call."""
    endpoint = declared(*declaration)
    with pytest.raises(TypeError, match=r"wrong\.wrong is declared wrongly") as caught:
        _ = endpoint.function
    assert message in str(caught.value)
