"""The public API as a user's type checker sees it; never run.

Each line that carries an ignore is a mistake that a checker must find: without the error the ignore itself is one.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_type

from agora_chat_async import (
    NO_RETRY,
    AccessToken,
    AgoraChatError,
    APIError,
    AppToken,
    CallableToken,
    Caller,
    Command,
    Custom,
    Download,
    ExchangedToken,
    File,
    Hooks,
    Image,
    ImageSize,
    ItemResult,
    Location,
    Meta,
    NewUser,
    Page,
    Pages,
    Part,
    Parts,
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
    Upload,
    Video,
    Voice,
    call_id,
    errors,
    from_dict,
    make_token,
    per_day,
    per_minute,
    per_second,
    read_token,
    to_dict,
    verify_token,
)
from agora_chat_async.api.callbacks import Callbacks
from agora_chat_async.api.contacts import Contacts
from agora_chat_async.api.files import Files
from agora_chat_async.api.group_files import GroupFiles
from agora_chat_async.api.group_members import GroupMembers
from agora_chat_async.api.groups import Groups
from agora_chat_async.api.messages import Messages
from agora_chat_async.api.mutes import Mutes
from agora_chat_async.api.presence import Presence
from agora_chat_async.api.push import Push
from agora_chat_async.api.push_labels import PushLabels
from agora_chat_async.api.reactions import Reactions
from agora_chat_async.api.room_attributes import RoomAttributes
from agora_chat_async.api.room_members import RoomMembers
from agora_chat_async.api.rooms import Rooms
from agora_chat_async.api.thread_members import ThreadMembers
from agora_chat_async.api.threads import Threads
from agora_chat_async.api.user_attributes import UserAttributes
from agora_chat_async.api.users import Users
from agora_chat_async.bulk import (
    Journal,
    JournalError,
    Report,
    RowStatus,
    TooManyErrors,
    provision_users,
    read_users,
)
from agora_chat_async.history import read_history, save_history
from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, SessionInfo
from agora_chat_async.models.callbacks import StoredCallbacks
from agora_chat_async.models.contacts import Contact
from agora_chat_async.models.files import SharedFile, UploadedFile
from agora_chat_async.models.group_members import MemberChange
from agora_chat_async.models.groups import GroupDetails, GroupSummary, JoinedGroup
from agora_chat_async.models.lists import GroupListChange, Mute, MuteChange, RoomListChange
from agora_chat_async.models.members import Member, MemberRole
from agora_chat_async.models.messages import (
    ChatType,
    HistoryBody,
    HistoryFile,
    HistoryMessage,
    HistoryPayload,
    MessageLevel,
    PictureSize,
    RecallResult,
    RouteType,
)
from agora_chat_async.models.mutes import MuteEntry, MuteStatus
from agora_chat_async.models.presence import PresenceState, PresenceSubscription, UserPresence
from agora_chat_async.models.push import (
    DisplayStyle,
    NotificationMode,
    NotificationSettings,
    NotificationTarget,
    PushResult,
    PushStatus,
    PushStrategy,
    PushTemplate,
    PushUser,
)
from agora_chat_async.models.push_labels import PushLabel, PushLabelChange, PushLabelUser
from agora_chat_async.models.reactions import MessageReactions, Reaction, ReactionDetail
from agora_chat_async.models.room_attributes import RoomAttributesChange
from agora_chat_async.models.room_members import RoomMemberChange
from agora_chat_async.models.rooms import JoinedRoom, RoomDetails, RoomSummary
from agora_chat_async.models.thread_members import ThreadRemoval
from agora_chat_async.models.threads import Thread
from agora_chat_async.models.users import DeliveryStatus, OnlineStatus, Registration, User
from agora_chat_async.opentelemetry import OpenTelemetryHooks
from agora_chat_async.push_payload import ApnsSection, FcmSection, HuaweiSection, PushBadge, PushConfig, PushMessage
from agora_chat_async.stores import QuotaStore, RedisStore, SQLiteStore


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
    assert_type(await chat.users.set_password("anna", "p"), None)
    assert_type(await chat.users.ban("anna"), User)
    assert_type(await chat.users.unban("anna"), None)
    assert_type(await chat.users.disconnect("anna"), bool)
    assert_type(await chat.users.get_online_status("anna"), OnlineStatus | str)
    assert_type(await chat.users.get_online_status_many(["anna", "bob"]), Mapping[str, OnlineStatus | str])
    assert_type(await chat.users.count_offline_messages("anna"), int)
    assert_type(await chat.users.get_offline_message_status("anna", "123"), DeliveryStatus | str)


async def contacts(chat: Session) -> None:
    """Each operation on contacts."""
    assert_type(chat.contacts, Contacts)
    assert_type(await chat.contacts.add("anna", "bob"), User)
    assert_type(await chat.contacts.remove("anna", "bob"), User)
    assert_type(await chat.contacts.list("anna"), Sequence[str])
    assert_type(chat.contacts.list_page("anna", limit=1, cursor="c", need_return_remark=True), Pages[Contact])
    assert_type(await chat.contacts.block_users("anna", ("bob",)), Sequence[str])
    assert_type(chat.contacts.list_blocked("anna", page_size=5), Pages[str])
    assert_type(await chat.contacts.unblock_user("anna", "bob"), User)


async def user_attributes(chat: Session) -> None:
    """Each operation on user attributes."""
    assert_type(chat.user_attributes, UserAttributes)
    assert_type(await chat.user_attributes.set("anna", {"nickname": "Anna"}), Mapping[str, str])
    assert_type(await chat.user_attributes.get("anna"), Mapping[str, str])
    assert_type(await chat.user_attributes.get_many(["anna"], ["nickname"]), Mapping[str, Mapping[str, str]])
    assert_type(await chat.user_attributes.get_total_size(), int)
    assert_type(await chat.user_attributes.delete("anna"), bool)


async def mutes(chat: Session) -> None:
    """Each operation on global mutes."""
    assert_type(chat.mutes, Mutes)
    assert_type(await chat.mutes.set("anna", chat=60, groupchat=0, chatroom=-1), None)
    assert_type(await chat.mutes.get("anna"), MuteStatus)
    assert_type(chat.mutes.list(page=1, page_size=50), Pages[MuteEntry])


async def presence(chat: Session) -> None:
    """Each operation on presence."""
    assert_type(chat.presence, Presence)
    assert_type(await chat.presence.set_status("anna", "ios", PresenceState.ONLINE, "here"), None)
    await chat.presence.set_status("anna", "ios", "7", "here")
    assert_type(await chat.presence.subscribe("anna", ["bob"], expiry=60), Sequence[UserPresence])
    assert_type(await chat.presence.get_status("anna", ["bob"]), Sequence[UserPresence])
    assert_type(await chat.presence.unsubscribe("anna", ["bob"]), None)
    assert_type(chat.presence.list_subscriptions("anna", page=1, page_size=5), Pages[PresenceSubscription])


async def callbacks(chat: Session) -> None:
    """Each operation on stored callbacks."""
    assert_type(chat.callbacks, Callbacks)
    assert_type(await chat.callbacks.list_stored(), Sequence[StoredCallbacks])
    assert_type(await chat.callbacks.resend_stored("202109091440", retry=1, target_url="https://h/x"), bool)


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
    assert_type(await chat.messages.get_history("2026072312"), HistoryFile | None)
    assert_type(await chat.messages.get_history(datetime.now(UTC)), HistoryFile | None)
    assert_type(await chat.messages.modify("123", Text("hello"), user="bob", ext={}, combine_ext=False), str)
    assert_type(await chat.messages.recall("123", "anna", "chat", sender="bob", force=True), RecallResult)
    assert_type(await chat.messages.recall("123", "7", ChatType.GROUPCHAT, sync_device=True), RecallResult)
    assert_type(await chat.messages.delete_conversation("anna", "bob", "chat", delete_roam=True), None)
    assert_type(await chat.messages.import_to_user("anna", "bob", Voice("https://h/f"), msg_timestamp=1), str)
    assert_type(await chat.messages.import_to_chatgroup("anna", "7", Video("https://h/f"), is_ack_read=True), str)
    contents = (File("https://h/f", "f"), Location(52.5, "13.4", "Berlin"))
    for content in contents:
        await chat.messages.send_to_users(["anna"], content)


async def history(chat: Caller) -> None:
    """The history of an hour, read and saved."""
    assert_type(read_history(chat, "2026072312"), AsyncGenerator[HistoryMessage])
    async for message in read_history(chat, datetime.now(UTC)):
        assert_type(message.msg_id, str)
        assert_type(message.sent_at, datetime | None)
        assert_type(message.chat_type, ChatType | str | None)
        assert_type(message.text, str | None)
        assert_type(message.payload, HistoryPayload)
        assert_type(message.payload.bodies, Sequence[HistoryBody])
        assert_type(message.payload.bodies[0].size, PictureSize | None)
        assert_type(message.payload.bodies[0].lat, float | str | None)
    assert_type(await save_history(chat, "2026072312", "x.gz", progress=print), Path)


async def member_lists(chat: Session) -> None:
    """Each operation on mute, block and allow lists."""
    assert_type(await chat.group_mutes.mute("1", ["bob"], mute_duration=-1), Sequence[MuteChange])
    assert_type(await chat.group_mutes.unmute("1", ["bob"]), Sequence[MuteChange])
    assert_type(await chat.group_mutes.list("1"), Sequence[Mute])
    assert_type((await chat.group_mutes.list("1"))[0].expire_at, datetime | None)
    assert_type(await chat.group_mutes.mute_all("1"), bool)
    assert_type(await chat.group_mutes.unmute_all("1"), bool)
    assert_type(chat.group_blocks.list("1", page_size=1, cursor="c"), Pages[str])
    assert_type(await chat.group_blocks.add("1", "bob"), GroupListChange)
    assert_type(await chat.group_blocks.add_many("1", ["bob"]), Sequence[GroupListChange])
    assert_type(await chat.group_blocks.remove("1", "bob"), GroupListChange)
    assert_type(await chat.group_blocks.remove_many("1", ["bob"]), Sequence[GroupListChange])
    assert_type(await chat.group_allowlist.list("1"), Sequence[str])
    assert_type(await chat.group_allowlist.add("1", "bob"), GroupListChange)
    assert_type(await chat.group_allowlist.add_many("1", ["bob"]), Sequence[GroupListChange])
    assert_type(await chat.group_allowlist.remove("1", ["bob"]), Sequence[GroupListChange])
    assert_type(await chat.room_mutes.mute("1", ["bob"], mute_duration=-1), Sequence[MuteChange])
    assert_type(await chat.room_mutes.unmute("1", ["bob"]), Sequence[MuteChange])
    assert_type(await chat.room_mutes.list("1"), Sequence[Mute])
    assert_type(await chat.room_mutes.mute_all("1"), bool)
    assert_type(await chat.room_mutes.unmute_all("1"), bool)
    assert_type(await chat.room_blocks.list("1"), Sequence[str])
    assert_type(await chat.room_blocks.add("1", "bob"), RoomListChange)
    assert_type(await chat.room_blocks.add_many("1", ["bob"]), Sequence[RoomListChange])
    assert_type(await chat.room_blocks.remove("1", "bob"), RoomListChange)
    assert_type(await chat.room_blocks.remove_many("1", ["bob"]), Sequence[RoomListChange])
    assert_type(await chat.room_allowlist.list("1"), Sequence[str])
    assert_type(await chat.room_allowlist.add("1", "bob"), RoomListChange)
    assert_type(await chat.room_allowlist.add_many("1", ["bob"]), Sequence[RoomListChange])
    assert_type(await chat.room_allowlist.remove("1", ["bob"]), Sequence[RoomListChange])


async def threads(chat: Session) -> None:
    """Each operation on threads and their members."""
    assert_type(chat.threads, Threads)
    assert_type(await chat.threads.create("1", "Lunch", "2", "anna"), str)
    assert_type(await chat.threads.update("3", "Dinner"), str)
    assert_type(await chat.threads.delete("3"), None)
    assert_type(chat.threads.list(limit=10, cursor="c", sort="asc"), Pages[Thread])
    assert_type(chat.threads.list_joined("anna", limit=10, cursor="c", sort="desc"), Pages[Thread])
    assert_type(chat.threads.list_joined_in_group("1", "anna", limit=10, cursor="c", sort="asc"), Pages[Thread])
    async for thread in chat.threads.list_joined("anna"):
        assert_type(thread.name, str | None)
        assert_type(thread.created_at, datetime | None)
    assert_type(chat.thread_members, ThreadMembers)
    assert_type(chat.thread_members.list("3", limit=10, cursor="c"), Pages[str])
    assert_type(await chat.thread_members.add("3", ["anna"]), None)
    assert_type(await chat.thread_members.remove("3", ("anna", "bob")), Sequence[ThreadRemoval])


async def reactions(chat: Session) -> None:
    """Each operation on reactions."""
    assert_type(chat.reactions, Reactions)
    assert_type(await chat.reactions.add("anna", "1", "ok"), Reaction)
    assert_type(await chat.reactions.list("anna", ["1"], "chat"), Sequence[MessageReactions])
    assert_type(await chat.reactions.list("anna", ["1"], ChatType.GROUPCHAT, group_id="2"), Sequence[MessageReactions])
    assert_type(await chat.reactions.remove("anna", "1", "ok"), None)
    assert_type(chat.reactions.get_detail("anna", "1", "ok", limit=10, cursor="c"), Pages[str])
    page = await chat.reactions.get_detail("anna", "1", "ok")
    assert_type(from_dict(page.extra["data"], ReactionDetail).users_in_all, int | None)


async def files(chat: Session) -> None:
    assert_type(chat.files, Files)
    assert_type(
        await chat.files.upload(b"x", restrict_access=True, thumbnail_height=1, thumbnail_width=1), UploadedFile
    )
    assert_type(await chat.files.upload(Upload(Path("x"), filename="x", content_type="a/b")), UploadedFile)
    assert_type(chat.files.download("f", share_secret="s"), Download)
    assert_type(chat.files.download_thumbnail("f", share_secret="s"), Download)
    assert_type(await chat.files.download("f"), bytes)
    assert_type(await chat.files.download("f").read(at_most=1), bytes)
    assert_type(await chat.files.download("f").save("x"), Path)
    async with chat.files.download("f").stream() as chunks:
        assert_type(chunks, AsyncIterator[bytes])


async def group_files(chat: Session) -> None:
    assert_type(chat.group_files, GroupFiles)
    assert_type(await chat.group_files.get_announcement("g"), str)
    assert_type(await chat.group_files.set_announcement("g", "x"), bool)
    assert_type(chat.group_files.list("g", page=1, page_size=1), Pages[SharedFile])
    assert_type(await chat.group_files.upload("g", "path", restrict_access=True), SharedFile)
    assert_type(chat.group_files.download("g", "f"), Download)
    assert_type(await chat.group_files.delete("g", "f"), bool)


async def groups(chat: Session) -> None:
    """Each operation on groups."""
    assert_type(chat.groups, Groups)
    assert_type(await chat.groups.create("anna", public=True), str)
    group = await chat.groups.create(
        "anna",
        public=False,
        name="tea",
        description="d",
        avatar="https://h/a",
        max_users=300,
        members_only=True,
        allow_invites=True,
        invite_need_confirm=False,
        members=("bob",),
        custom="{}",
    )
    found = await chat.groups.get([group])
    assert_type(found, Sequence[GroupDetails])
    assert_type(found[0].members, Sequence[Member] | None)
    assert_type(found[0].created_at, datetime | None)
    assert_type(chat.groups.list(limit=10, cursor="c"), Pages[GroupSummary])
    assert_type(chat.groups.list_joined("anna", page=2, page_size=10), Pages[JoinedGroup])
    assert_type(await chat.groups.is_joined(group, "anna"), bool)
    assert_type(await chat.groups.update(group, name="coffee", max_users=5, custom=""), Mapping[str, bool])
    assert_type(await chat.groups.transfer_ownership(group, "bob"), bool)
    assert_type(await chat.groups.ban(group), bool)
    assert_type(await chat.groups.unban(group), bool)
    assert_type(await chat.groups.delete(group), bool)


async def group_members(chat: Session) -> None:
    """Each operation on the members of a group."""
    assert_type(chat.group_members, GroupMembers)
    assert_type(chat.group_members.list("7", page=2, page_size=10), Pages[Member])
    async for member in chat.group_members.list("7"):
        assert_type(member.username, str)
        assert_type(member.role, MemberRole | str | None)
    assert_type(await chat.group_members.add("7", "anna"), MemberChange)
    assert_type(await chat.group_members.add_many("7", ["anna", "bob"]), Sequence[str])
    assert_type(await chat.group_members.remove("7", "anna"), MemberChange)
    assert_type(await chat.group_members.remove_many("7", ("anna",)), Sequence[MemberChange])
    assert_type(await chat.group_members.list_admins("7"), Sequence[str])
    assert_type(await chat.group_members.add_admin("7", "anna"), bool)
    assert_type(await chat.group_members.remove_admin("7", "anna"), bool)
    assert_type(await chat.group_members.set_attributes("7", "anna", {"k": "v"}), Mapping[str, str])
    assert_type(await chat.group_members.get_attributes("7", "anna"), Mapping[str, str])
    several = await chat.group_members.get_attributes_of_many("7", ["anna"], keys=["k"])
    assert_type(several, Mapping[str, Mapping[str, str]])


async def rooms(chat: Session) -> None:
    """Each operation on chat rooms, their members and attributes."""
    assert_type(chat.rooms, Rooms)
    made = await chat.rooms.create("n", description="d", owner="anna", max_users=9, members=["bob"], custom="c")
    assert_type(made, str)
    assert_type(chat.rooms.list(limit=10, cursor="c"), Pages[RoomSummary])
    assert_type(chat.rooms.list_joined("anna", page=2, page_size=10), Pages[JoinedRoom])
    assert_type(await chat.rooms.get(["1", "2"]), Sequence[RoomDetails])
    assert_type(await chat.rooms.update("1", name="n", description="d", max_users=9), Mapping[str, bool])
    assert_type(await chat.rooms.delete("1"), bool)
    assert_type(await chat.rooms.get_announcement("1"), str)
    assert_type(await chat.rooms.set_announcement("1", "a"), bool)
    assert_type(chat.room_members, RoomMembers)
    assert_type(await chat.room_members.add("1", "bob"), RoomMemberChange)
    assert_type(await chat.room_members.add_many("1", ["bob"]), Sequence[str])
    assert_type(chat.room_members.list("1", page=2, page_size=10), Pages[Member])
    assert_type(await chat.room_members.remove("1", "bob"), RoomMemberChange)
    assert_type(await chat.room_members.remove_many("1", ["bob"]), Sequence[RoomMemberChange])
    assert_type(await chat.room_members.list_admins("1"), Sequence[str])
    assert_type(await chat.room_members.add_admin("1", "bob"), bool)
    assert_type(await chat.room_members.remove_admin("1", "bob"), bool)
    assert_type(await chat.room_members.add_super_admin("bob"), bool)
    assert_type(await chat.room_members.remove_super_admin("bob"), None)
    assert_type(chat.room_members.list_super_admins(page=2, page_size=10), Pages[str])
    assert_type(chat.room_attributes, RoomAttributes)
    attributes = {"colour": "blue"}
    assert_type(await chat.room_attributes.set("1", "bob", attributes, auto_delete=False), RoomAttributesChange)
    assert_type(await chat.room_attributes.get("1", keys=["colour"]), Mapping[str, str])
    assert_type(await chat.room_attributes.remove("1", "bob", ["colour"]), RoomAttributesChange)
    assert_type(await chat.room_attributes.force_set("1", "bob", attributes, auto_delete=True), RoomAttributesChange)
    assert_type(await chat.room_attributes.force_remove("1", "admin", ["colour"]), RoomAttributesChange)


async def push(chat: Session) -> None:
    """Each operation on push notifications."""
    assert_type(chat.push, Push)
    assert_type(await chat.push.set_display_nickname("anna", "Anna"), PushUser)
    assert_type(await chat.push.set_display_style("anna", DisplayStyle.CONTENT), PushUser)
    assert_type(await chat.push.set_display_style("anna", 0), PushUser)
    assert_type(await chat.push.set_do_not_disturb("anna", enabled=True, start=22, end=7), PushUser)
    settings = await chat.push.set_notification_settings(
        "anna", "user", "anna", type="AT", ignore_interval="22:00-07:00", ignore_duration=60_000
    )
    assert_type(settings, NotificationSettings)
    assert_type(settings.ignore_until_at, datetime | None)
    settings = await chat.push.set_notification_settings(
        "anna", NotificationTarget.CHATGROUP, "7", type=NotificationMode.NONE
    )
    assert_type(await chat.push.get_notification_settings("anna", "chatgroup", "7"), NotificationSettings)
    assert_type(await chat.push.set_preferred_language("anna", "en"), str)
    assert_type(await chat.push.get_preferred_language("anna"), str | None)
    assert_type(await chat.push.create_template("sale", "{0}", "{$msg}"), PushTemplate)
    assert_type(await chat.push.get_template("sale"), PushTemplate)
    assert_type(await chat.push.delete_template("sale"), PushTemplate)
    message = PushMessage(
        title="Sale",
        content="Now",
        ext={"k": 1},
        config=PushConfig(badge=PushBadge(add_num=1)),
        apns=ApnsSection(badge=1, mutable_content=True),
        fcm=FcmSection(priority="high"),
        huawei=HuaweiSection(validate_only=True),
    )
    results = await chat.push.send_sync("anna", message, strategy=PushStrategy.AGORA)
    assert_type(results, Sequence[PushResult])
    assert_type(results[0].status, PushStatus | str | None)
    assert_type(await chat.push.send_to_users(["anna"], message, strategy=3), Sequence[PushResult])
    assert_type(await chat.push.send_to_labels(["vip"], message, start_date="2026-07-23 12:00:00"), str)
    assert_type(await chat.push.send_to_all(message, start_date=datetime(2026, 7, 23, 12)), str)  # noqa: DTZ001


async def push_labels(chat: Session) -> None:
    """Each operation on push labels."""
    assert_type(chat.push_labels, PushLabels)
    assert_type(await chat.push_labels.create("vip", description="d"), PushLabel)
    assert_type(await chat.push_labels.get("vip"), PushLabel)
    assert_type(chat.push_labels.list(limit=10, cursor="c"), Pages[PushLabel])
    assert_type(await chat.push_labels.delete("vip"), None)
    assert_type(await chat.push_labels.add_users("vip", ["anna"]), PushLabelChange)
    assert_type(await chat.push_labels.get_user("vip", "anna"), PushLabelUser | None)
    assert_type(chat.push_labels.list_users("vip", limit=10, cursor="c"), Pages[PushLabelUser])
    assert_type(await chat.push_labels.remove_users("vip", ("anna",)), PushLabelChange)


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


async def batches(chat: Session) -> None:
    parts = await chat.split(Users.create_many, [NewUser("anna")])
    assert_type(parts, Parts[Registration])
    assert_type(list(parts), list[Part[Registration]])
    assert_type(parts.results, Sequence[Registration])
    assert_type(parts.errors, Sequence[AgoraChatError])
    assert_type(parts.by_item(), Sequence[ItemResult])
    assert_type(parts.ok, bool)
    sent = await chat.split(Messages.send_to_users, ["anna"], Text("x"), sender="admin")
    assert_type(sent.results, Sequence[Mapping[str, str]])


def access_tokens() -> None:
    token = make_token("0" * 32, "1" * 32, issued_at=1, expire=60, user_id="anna")
    assert_type(token, str)
    assert_type(read_token(token), AccessToken)
    assert_type(verify_token(token, app_id="0" * 32, certificate="1" * 32, now=2.0), AccessToken)


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
    Session("org", "app", host=["h", "i"], token="t", proxy="http://p:3128", trust_env=False)
    assert_type(errors.TLSFailed("expired").host, str | None)
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


async def provisioning(chat: Session) -> None:
    """Many users, with a journal."""
    async with Journal("users.journal", source=Path("users.csv"), resume=True, bind={"app": "a"}) as journal:
        assert_type(journal.finished, float | None)
        rows = read_users("users.csv", after=journal.read_after)
        report = await provision_users(chat, rows, journal=journal, on_existing="update", max_errors=7)
    assert_type(report, Report)
    assert_type(report.count(RowStatus.UPDATED), int)
    assert_type(report.aborted, AgoraChatError | TooManyErrors | None)
    try:
        await provision_users(chat, [NewUser("anna"), {"username": "ben"}], on_result=lambda row: row.message)
    except JournalError as error:
        assert_type(error.args, tuple[Any, ...])


class Watching(Hooks):
    def session_opened(self, session: SessionInfo) -> None:
        assert_type(session.app, str)

    def call_started(self, call: CallInfo) -> None:
        assert_type((call.id, call.route, call.method, call.path), tuple[str, str, str, str])

    def attempt_started(self, attempt: AttemptInfo) -> None:
        assert_type((attempt.number, attempt.queued), tuple[int, float])

    def attempt_ended(self, end: AttemptEnd) -> None:
        assert_type((end.status, end.error, end.pause), tuple[int | None, str | None, float | None])

    def call_ended(self, end: CallEnd) -> None:
        assert_type((end.attempts, end.queued, end.duration), tuple[int, float, float])


def observing() -> None:
    Session("org", "app", host="host", token="t", hooks=[Watching(), OpenTelemetryHooks()])
    assert_type(call_id(), str | None)


def facts(error: APIError) -> None:
    assert_type((error.call_id, error.attempts), tuple[str | None, int])
    assert_type((error.queued, error.elapsed), tuple[float, float])
    assert_type(error.headers, dict[str, str])
    assert_type(error.clock_skew, float | None)


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
    chat.threads.list(sort="up")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.reactions.list("anna", ["1"], "chatroom")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await chat.groups.create("anna")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.group_members.set_attributes("7", "a", {"k": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await chat.call(Users.get)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await chat.call(Users.get, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.userz  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    Session("org", "app", token="t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    (await chat.users.get("anna")).username = "bob"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def stores() -> None:
    """One quota for several processes."""
    store: QuotaStore = RedisStore("redis://localhost", timeout=0.1)
    Session("o", "a", host="h", token="t", store=store, on_store_failure="closed", store_workers=4)
    Session("o", "a", host="h", token="t", store=SQLiteStore("quotas.sqlite"))
    Session("o", "a", host="h", token="t", on_store_failure="maybe")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert_type(errors.QuotaStoreUnavailable("b").bucket, str)
