"""Messages: sending, broadcast, history, edits, recall, conversations, import."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

from agora_chat_async._checks import AN_OBJECT, EXISTING_USER, ID, Items, OneOf, Str
from agora_chat_async._codec import inline
from agora_chat_async._compile import SPREAD, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._json import encode
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.content import Content, Custom, Text
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.messages import ChatType, HistoryFile, MessageLevel, RecallResult, RouteType
from agora_chat_async.quota import per_day, per_minute, per_second

MAX_USERS = 600
MAX_GROUPS = 3
MAX_ROOMS = 10
MAX_MESSAGE_BYTES = 5 * 1024

_HOUR = Str(most=10, least=10, pattern=re.compile(r"[0-9]{10}"), charset="0-9, as yyyyMMddHH in UTC")


def _shown(value: Any) -> Any:
    """Show of a content that is none only what holds no secret."""
    return value if value is None or isinstance(value, str) else type(value).__name__


def _inline(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Content):
        raise InvalidArgument(name, _shown(value), "a content such as Text('hello')")
    return inline(value)


def _editable(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Text | Custom):
        raise InvalidArgument(name, _shown(value), "a Text or Custom; only these can be edited")
    return inline(value)


def _type_and_body(name: str, value: Any) -> dict[str, Any]:
    body = _inline(name, value)
    return {"type": body.pop("type"), "body": body}


def _hour(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidArgument(name, value, "a datetime with a time zone")
        return value.astimezone(UTC).strftime("%Y%m%d%H")
    return _HOUR(name, value)


def _file(files: Any) -> Any:
    """Take the only file there is out of the list of it."""
    entries = cast("list[Any]", files) if isinstance(files, list) else [files]
    return entries[0] if entries else None


def _fits(message: Mapping[str, Any]) -> None:
    """Refuse a message whose body and ext together are larger than the service takes."""
    parts = (message.get("body"), message.get("msg"), message.get("ext"))
    size = sum(len(encode(part)) for part in parts if part)
    if size > MAX_MESSAGE_BYTES:
        raise InvalidArgument("content", f"{size} bytes with ext", f"at most {MAX_MESSAGE_BYTES} bytes of JSON")


Sender = Annotated[str, EXISTING_USER, SentAs("from")]
MessageContent = Annotated[Content, _type_and_body, SPREAD]
Ext = Annotated[Mapping[str, Any], AN_OBJECT]
HistoryIgnorers = Annotated[Sequence[str], Items(20, least=0, each=EXISTING_USER, divisible=False)]
Route = Annotated[RouteType | Literal["ROUTE_ONLINE"], OneOf(("ROUTE_ONLINE",)), SentAs("routetype")]
Level = Annotated[
    MessageLevel | Literal["high", "normal", "low"], OneOf(("high", "normal", "low")), SentAs("chatroom_msg_level")
]


class Messages(
    Group,
    name="messages",
    page="https://docs.agora.io/en/agora-chat/restful-api/message-management",
):
    """Messages of the app."""

    @POST(
        "/messages/users",
        per_second(100),
        per_minute(6000, counts="to"),
        pick="data",
        check=_fits,
        retry_safe=False,
    )
    async def send_to_users(
        self,
        to: Annotated[Sequence[str], Items(MAX_USERS, each=EXISTING_USER)],
        content: MessageContent,
        *,
        sender: Sender | None = None,
        ext: Ext | None = None,
        roam_ignore_users: HistoryIgnorers | None = None,
        sync_device: bool | None = None,
        route_type: Route | None = None,
    ) -> Mapping[str, str]:
        """Send a message to up to 600 users; every user counts as one message of the quota a minute.

        Args:
            to: 1 to 600 usernames.
            content: What to send; with `ext` at most 5 KB.
            sender: Who sends it; `admin` by default.
            ext: Free extension that the clients receive.
            roam_ignore_users: At most 20 users who do not find the message in their history.
            sync_device: Deliver a copy to the sender too.
            route_type: `ROUTE_ONLINE` drops the message for receivers that are offline.

        Returns:
            Message id by username.

        Raises:
            PayloadTooLarge: The message is larger than 5 KB.
            OutcomeUnknown: The answer was lost; the message may have been sent.

        Source: Send a one-to-one message
        """
        ...

    @POST(
        "/messages/chatgroups",
        per_second(100),
        per_second(20, counts="to"),
        pick="data",
        check=_fits,
        retry_safe=False,
    )
    async def send_to_chatgroups(
        self,
        to: Annotated[Sequence[str], Items(MAX_GROUPS, each=ID)],
        content: MessageContent,
        *,
        sender: Sender | None = None,
        ext: Ext | None = None,
        need_group_ack: bool | None = None,
        roam_ignore_users: HistoryIgnorers | None = None,
        sync_device: bool | None = None,
        route_type: Route | None = None,
    ) -> Mapping[str, str]:
        """Send a message to up to 3 groups; every group counts as one message of the quota.

        Args:
            to: 1 to 3 group ids.
            content: What to send; with `ext` at most 5 KB.
            sender: Who sends it; `admin` by default.
            ext: Free extension that the clients receive.
            need_group_ack: Ask the members for read receipts.
            roam_ignore_users: At most 20 users who do not find the message in their history.
            sync_device: Deliver a copy to the sender too.
            route_type: `ROUTE_ONLINE` drops the message for members that are offline.

        Returns:
            Message id by group id.

        Raises:
            PayloadTooLarge: The message is larger than 5 KB.
            OutcomeUnknown: The answer was lost; the message may have been sent.

        Source: Send a group message
        """
        ...

    @POST("/messages/chatrooms", per_second(100, counts="to"), pick="data", check=_fits, retry_safe=False)
    async def send_to_chatrooms(
        self,
        to: Annotated[Sequence[str], Items(MAX_ROOMS, each=ID)],
        content: MessageContent,
        *,
        sender: Sender | None = None,
        ext: Ext | None = None,
        level: Level | None = None,
        roam_ignore_users: HistoryIgnorers | None = None,
        sync_device: bool | None = None,
        route_type: Route | None = None,
    ) -> Mapping[str, str]:
        """Send a message to up to 10 chat rooms; every room counts as one message of the quota.

        Args:
            to: 1 to 10 room ids.
            content: What to send; with `ext` at most 5 KB.
            sender: Who sends it; `admin` by default.
            ext: Free extension that the clients receive.
            level: Under load the service drops `low` before `normal` before `high`; `normal` by default.
            roam_ignore_users: At most 20 users who do not find the message in their history.
            sync_device: Deliver a copy to the sender too.
            route_type: `ROUTE_ONLINE` drops the message for members that are offline.

        Returns:
            Message id by room id.

        Raises:
            PayloadTooLarge: The message is larger than 5 KB.
            OutcomeUnknown: The answer was lost; the message may have been sent.

        Source: Send a chat room message
        """
        ...

    @POST(
        "/messages/chatrooms/broadcast",
        per_minute(10),
        per_day(100),
        pick="data.id",
        check=_fits,
        retry_safe=False,
    )
    async def broadcast_to_chatrooms(
        self,
        content: Annotated[Content, _inline, SentAs("msg")],
        *,
        sender: Sender | None = None,
        level: Level | None = None,
        ext: Ext | None = None,
        sync_device: bool | None = None,
    ) -> str:
        """Send a message to every active chat room of the app, where the plan allows it.

        Args:
            content: What to send; with `ext` at most 5 KB.
            sender: Who sends it; `admin` by default.
            level: Under load the service drops `low` before `normal` before `high`; `normal` by default.
            ext: Free extension that the clients receive.
            sync_device: Deliver a copy to the sender too.

        Returns:
            Id of the broadcast.

        Raises:
            QuotaWaitExceeded: The day's broadcasts are used up.
            OutcomeUnknown: The answer was lost; the message may have been sent.

        Source: Send a broadcast message to all chat rooms under an app
        """
        ...

    @GET("/chatmessages/{time}", per_minute(10), pick="data", read=_file, retry_safe=True)
    async def get_history(self, time: Annotated[datetime | str, _hour]) -> HistoryFile | None:
        """Get the address of the file that holds all messages of one hour.

        Args:
            time: The hour: an aware datetime, or yyyyMMddHH in UTC. It is ready an hour after its end at the
                earliest, up to 24 hours under load.

        Returns:
            The address of a gzip file, good for about 30 minutes; fetch it without the token. None where the service
            names no file and calls that no error.

        Raises:
            IllegalArgument: The hour is not ready yet, or is past the plan's storage time.
            NotFound: There were no messages in that hour.

        Source: Retrieve historical messages
        """
        ...

    @PUT("/messages/rewrite/{msg_id}", per_second(100), pick="data", retry_safe=True)
    async def modify(
        self,
        msg_id: Annotated[str, Str(most=64, pattern=re.compile(r"[0-9]+"), charset="0-9")],
        content: Annotated[Text | Custom, _editable, SentAs("new_msg")],
        *,
        user: Annotated[str, EXISTING_USER] | None = None,
        ext: Annotated[Ext, SentAs("new_ext")] | None = None,
        combine_ext: Annotated[bool, SentAs("is_combine_ext")] | None = None,
    ) -> str:
        """Edit a text or custom message; at most 10 times, and a repeat after a lost answer counts as one.

        Args:
            msg_id: Id of the message, digits only.
            content: What it shall say.
            user: Who edits it.
            ext: New extension.
            combine_ext: True, the default, merges `ext` into the old one; False replaces that.

        Returns:
            The service's word, `success`.

        Raises:
            LimitReached: It was edited 10 times.
            FeatureNotEnabled: Editing is not enabled for the app.
            Expired: The message is unknown or past its storage time.

        Source: Modify a text or custom message
        """
        ...

    @POST("/messages/msg_recall", per_second(100), pick="data|msgs.0", retry_safe=True)
    async def recall(
        self,
        msg_id: Annotated[str, ID],
        to: Annotated[str, ID],
        chat_type: Annotated[
            ChatType | Literal["chat", "groupchat", "chatroom"], OneOf(("chat", "groupchat", "chatroom"))
        ],
        *,
        sender: Sender | None = None,
        sync_device: bool | None = None,
        force: bool | None = None,
    ) -> RecallResult:
        """Recall one message; the service answers 200 also where it could not, so look at the result's `ok`.

        Args:
            msg_id: Id of the message.
            to: The user, group or room that it was sent to.
            chat_type: `chat`, `groupchat` or `chatroom`.
            sender: Who recalls it; `admin` by default.
            sync_device: Tell the sender's other devices too; True by default, for one-to-one messages only.
            force: Recall it also where the server no longer has it.

        Returns:
            Whether it was recalled, and the reason where not.

        Raises:
            ForbiddenOperation: Recall is not enabled for the app.

        Source: Recall a message
        """
        ...

    @DELETE("/users/{username}/user_channel", per_second(100), in_body=True, retry_safe=True)
    async def delete_conversation(
        self,
        username: Annotated[str, EXISTING_USER],
        channel: Annotated[str, ID],
        type: Annotated[ChatType | Literal["chat", "groupchat"], OneOf(("chat", "groupchat"))],
        *,
        delete_roam: bool,
    ) -> None:
        """Delete a conversation of one user from the server; the other side keeps it.

        Args:
            username: Whose conversation goes.
            channel: The peer's username, or the group id.
            type: `chat` or `groupchat`.
            delete_roam: True also deletes the messages that the user could fetch from the server.

        Raises:
            NotFound: There is no such user.

        Source: Delete conversations one way from the server
        """
        ...

    @POST("/messages/users/import", pick="data.msg_id", retry_safe=False)
    async def import_to_user(
        self,
        sender: Sender,
        target: Annotated[str, EXISTING_USER],
        content: MessageContent,
        *,
        ext: Ext | None = None,
        is_ack_read: bool | None = None,
        msg_timestamp: int | None = None,
        need_download: bool | None = None,
    ) -> str:
        """Import an old one-to-one message, with the time it had.

        Args:
            sender: Who sent it.
            target: Who received it.
            content: What it said.
            ext: Its extension.
            is_ack_read: Store it as read.
            msg_timestamp: When it was sent, milliseconds since 1970; now by default.
            need_download: Let the server fetch the attachment, whose address must be public.

        Returns:
            Id of the message.

        Raises:
            OutcomeUnknown: The answer was lost; the message may have been imported.

        Source: Import a one-to-one chat message
        """
        ...

    @POST("/messages/chatgroups/import", pick="data.msg_id", retry_safe=False)
    async def import_to_chatgroup(
        self,
        sender: Sender,
        target: Annotated[str, ID],
        content: MessageContent,
        *,
        ext: Ext | None = None,
        is_ack_read: bool | None = None,
        msg_timestamp: int | None = None,
        need_download: bool | None = None,
    ) -> str:
        """Import an old group message, with the time it had.

        Args:
            sender: Who sent it.
            target: The group's id.
            content: What it said.
            ext: Its extension.
            is_ack_read: Store it as read.
            msg_timestamp: When it was sent, milliseconds since 1970; now by default.
            need_download: Let the server fetch the attachment, whose address must be public.

        Returns:
            Id of the message.

        Raises:
            OutcomeUnknown: The answer was lost; the message may have been imported.

        Source: Import a chat group message
        """
        ...
