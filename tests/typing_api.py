"""The public API as a user's type checker sees it; never run.

Each line that carries an ignore is a mistake that a checker must find: without the error the ignore itself is one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, assert_type

from agora_chat_async import (
    NO_RETRY,
    AgoraChatError,
    APIError,
    AppToken,
    CallableToken,
    Caller,
    Command,
    Custom,
    ExchangedToken,
    File,
    Image,
    ImageSize,
    Location,
    Meta,
    NewUser,
    Page,
    Pages,
    Plan,
    Quota,
    Rate,
    Response,
    Result,
    RetryPolicy,
    Session,
    StaticToken,
    Stats,
    Text,
    Token,
    Video,
    Voice,
    errors,
    from_dict,
    per_day,
    per_minute,
    per_second,
    to_dict,
)
from agora_chat_async.api.messages import Messages
from agora_chat_async.api.users import Users
from agora_chat_async.models.messages import ChatType, HistoryFile, MessageLevel, RecallResult, RouteType
from agora_chat_async.models.users import DeliveryStatus, OnlineStatus, Registration, User


async def users(chat: Session) -> None:
    """Each operation on users."""
    assert_type(chat.users, Users)
    assert_type(await chat.users.create("anna"), User)
    assert_type(await chat.users.create("anna", password="p", nickname="Anna"), User)
    assert_type(await chat.users.create_many([NewUser("anna"), NewUser("bob", "p", "Bob")]), Registration)
    assert_type(await chat.users.get("anna"), User)
    assert_type(chat.users.list(limit=10, cursor="c"), Pages[User])
    assert_type(await chat.users.delete("anna"), User)
    assert_type(await chat.users.delete_many(limit=1, cursor=None), Page[User])
    await chat.users.set_password("anna", "p")
    assert_type(await chat.users.ban("anna"), User)
    await chat.users.unban("anna")
    assert_type(await chat.users.disconnect("anna"), bool)
    assert_type(await chat.users.get_online_status("anna"), OnlineStatus | str)
    assert_type(await chat.users.get_online_status_many(["anna", "bob"]), Mapping[str, OnlineStatus | str])
    assert_type(await chat.users.count_offline_messages("anna"), int)
    assert_type(await chat.users.get_offline_message_status("anna", "123"), DeliveryStatus | str)


async def messages(chat: Session) -> None:
    """Each operation on messages."""
    assert_type(chat.messages, Messages)
    sent = await chat.messages.send_to_users(
        ["anna"],
        Text("hi"),
        sender="bob",
        ext={"k": [1]},
        roam_ignore_users=["eve"],
        sync_device=True,
        route_type="ROUTE_ONLINE",
    )
    assert_type(sent, Mapping[str, str])
    sent = await chat.messages.send_to_chatgroups(
        ("1", "2"), Image("https://h/f", size=ImageSize(4, 3)), need_group_ack=True, route_type=RouteType.ONLINE
    )
    assert_type(sent, Mapping[str, str])
    sent = await chat.messages.send_to_chatrooms(["1"], Command("jump", {"to": 1}), level="high")
    assert_type(sent, Mapping[str, str])
    assert_type(await chat.messages.broadcast_to_chatrooms(Custom("order", {"id": "7"}), level=MessageLevel.LOW), str)
    assert_type(await chat.messages.get_history("2026072312"), HistoryFile)
    assert_type(await chat.messages.get_history(datetime.now(UTC)), HistoryFile)
    assert_type(await chat.messages.modify("123", Text("hello"), user="bob", ext={}, combine_ext=False), str)
    assert_type(await chat.messages.recall("123", "anna", "chat", sender="bob", force=True), RecallResult)
    assert_type(await chat.messages.recall("123", "7", ChatType.GROUPCHAT, sync_device=True), RecallResult)
    await chat.messages.delete_conversation("anna", "bob", "chat", delete_roam=True)
    assert_type(await chat.messages.import_to_user("anna", "bob", Voice("https://h/f"), msg_timestamp=1), str)
    assert_type(await chat.messages.import_to_chatgroup("anna", "7", Video("https://h/f"), is_ack_read=True), str)
    contents = (File("https://h/f", "f"), Location(52.5, "13.4", "Berlin"))
    for content in contents:
        await chat.messages.send_to_users(["anna"], content)


async def listings(pages: Pages[User]) -> None:
    """A listing is awaited, iterated, stored and resumed."""
    assert_type(await pages, Page[User])
    async for user in pages:
        assert_type(user, User)
        assert_type(user.created_at, datetime | None)
    async for page in pages.pages():
        assert_type(page.cursor, str | None)
        for user in page:
            assert_type(user.username, str)
    assert_type(pages.resume(pages.state), Pages[User])


async def sessions() -> None:
    """A session, its options, its floor."""
    token = AppToken("0" * 32, "0" * 32, lifetime=3600)
    async with Session("org", "app", host="h", token=token, plan="free", quotas={"users.create": "9/second"}) as chat:
        assert_type(chat, Session)
        assert_type(chat.call(Users.list, limit=1), Pages[User])
        assert_type(await chat.call(Users.get, "anna"), User)
        assert_type(await chat.request("GET", "/users/anna", query={"a": 1}), Response)
        assert_type((await chat.request("GET", "/users/anna")).json(), Any)
        assert_type(await chat.with_meta(chat.users.get("anna")), Result[User])
        assert_type((await chat.with_meta(chat.users.get("anna"))).meta, Meta | None)
        assert_type(chat.with_options(timeout=1.0, retry=NO_RETRY), Caller)
        assert_type(await chat.with_options(max_wait=None).users.get("anna"), User)
        assert_type(chat.stats, Stats)
    chat = Session("org", "app", host="h", token="t", retry=RetryPolicy(), plan=Plan("mine", per_second(5)))
    assert_type(await chat.open(), Session)
    await chat.aclose(drain=1.0)


async def fetch_token() -> Token:
    """Stand in for a token service."""
    return Token("t")


def values() -> None:
    """Tokens, quotas, errors and data."""
    sources = (StaticToken("t"), CallableToken(fetch_token), ExchangedToken(AppToken("0" * 32, "0" * 32)))
    for source in sources:
        Session("org", "app", host="h", token=source)
    assert_type(Rate.parse("1/second"), Rate)
    assert_type(Quota("q", (per_minute(1), per_day(1)), concurrent=3).rates, tuple[Rate, ...])
    assert_type(from_dict({"username": "anna"}, User), User)
    assert_type(to_dict(Text("hi")), Any)
    try:
        raise errors.RateLimited(status=429)
    except APIError as error:
        assert_type(error.status, int)
        assert_type(error.retry_after, float | None)
    except AgoraChatError as error:
        assert_type(error.outcome_unknown, bool)


async def mistakes(chat: Session) -> None:
    """What a checker must not let pass."""
    await chat.users.create()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.users.create(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.users.create("anna", "p")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.users.create("anna", nick="A")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.users.create_many(["anna"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await chat.users.delete_many()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.messages.send_to_users("a", "hi")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.messages.modify("1", Location(1, 2, "x"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.messages.recall("1", "a", "room")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.messages.delete_conversation("a", "b", "chat")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.call(Users.get)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.call(Users.get, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.userz  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    Session("org", "app", token="t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    (await chat.users.get("anna")).username = "bob"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
