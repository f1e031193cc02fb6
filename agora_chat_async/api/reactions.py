"""Reactions: emojis that users add to messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from agora_chat_async._checks import EXISTING_USER, ID, Int, Items, Joined, OneOf, Str
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.messages import ChatType
from agora_chat_async.models.reactions import MessageReactions, Reaction
from agora_chat_async.quota import per_second

MAX_MESSAGES_AT_ONCE = 20
MAX_USERS_A_PAGE = 50


def _names_its_group(query: Mapping[str, Any]) -> None:
    """Refuse to ask for group messages without their group."""
    if query["msgType"] == ChatType.GROUPCHAT and "groupId" not in query:
        raise InvalidArgument("group_id", None, "an id, since msg_type is groupchat")


UserId = Annotated[str, EXISTING_USER]
MessageId = Annotated[str, ID, SentAs("msgId")]
Emoji = Annotated[str, Str(most=128), SentAs("message")]


class Reactions(
    Group,
    name="reactions",
    page="https://docs.agora.io/en/agora-chat/restful-api/reaction",
):
    """Reactions to one-to-one and group messages."""

    @POST("/reaction/user/{user_id}", per_second(100), pick="data", retry_safe=False)
    async def add(self, user_id: UserId, msg_id: MessageId, reaction: Emoji) -> Reaction:
        """Add an emoji to a message in the name of a user; a message holds up to 20 different ones.

        Args:
            user_id: Name of the user, who takes part in the conversation.
            msg_id: Id of the message, one-to-one or of a group.
            reaction: Id of the emoji, 1 to 128 characters, as the clients use it.

        Returns:
            The reaction, which is one for all users who add the same emoji.

        Raises:
            AlreadyExists: The user added this emoji to the message before, perhaps by a try whose answer was lost.
            BadRequest: The message holds 20 emojis, or the user has no part in the conversation.
            OutcomeUnknown: The answer was lost; the reaction may have been added.

        Source: Create/Add a reaction
        """
        ...

    @GET("/reaction/user/{user_id}", per_second(100), pick="data", check=_names_its_group, retry_safe=True)
    async def list(
        self,
        user_id: UserId,
        msg_ids: Annotated[Sequence[str], Joined(Items(MAX_MESSAGES_AT_ONCE, each=ID)), SentAs("msgIdList")],
        msg_type: Annotated[ChatType | Literal["chat", "groupchat"], OneOf(("chat", "groupchat")), SentAs("msgType")],
        *,
        group_id: Annotated[str, ID, SentAs("groupId")] | None = None,
    ) -> Sequence[MessageReactions]:
        """Fetch the reactions to up to 20 messages, all of them one-to-one or all of one group.

        Args:
            user_id: Name of the user in whose name is asked.
            msg_ids: 1 to 20 ids.
            msg_type: `chat` or `groupchat`.
            group_id: The group of the messages; needed for `groupchat`.

        Returns:
            The emojis of each message, with the number of users and the first three of them.

        Source: Retrieve reactions with message IDs
        """
        ...

    @DELETE("/reaction/user/{user_id}", per_second(100), retry_safe=True)
    async def remove(self, user_id: UserId, msg_id: MessageId, reaction: Emoji) -> None:
        """Take back the emoji of one user; other users who added the same one keep it.

        Args:
            user_id: Name of the user.
            msg_id: Id of the message.
            reaction: Id of the emoji, 1 to 128 characters.

        Raises:
            BadRequest: The user has no such emoji on the message, perhaps since an earlier try removed it.

        Source: Delete a reaction
        """
        ...

    @GET(
        "/reaction/user/{user_id}/detail",
        per_second(100),
        pick="data.userList",
        next_page="data.cursor",
        retry_safe=True,
    )
    def get_detail(
        self,
        user_id: UserId,
        msg_id: MessageId,
        reaction: Emoji,
        *,
        limit: Annotated[int, Int(1, MAX_USERS_A_PAGE)] | None = MAX_USERS_A_PAGE,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[str]:
        """List the users who added one emoji to a message, the first of them first.

        Args:
            user_id: Name of the user in whose name is asked.
            msg_id: Id of the message.
            reaction: Id of the emoji, 1 to 128 characters.
            limit: Users a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing of usernames. What else the service tells of the reaction is in each page's `extra["data"]`,
            which `from_dict` reads as a `ReactionDetail`.

        Source: Retrieve the detailed information of the reaction
        """
        ...
