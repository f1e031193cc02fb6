"""The allow list of a chat room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS
from agora_chat_async._compile import JOINED
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import RoomListChange
from agora_chat_async.quota import per_second


class RoomAllowlist(
    Group,
    name="room_allowlist",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatrooms-allowlist",
):
    """Who may send while a whole chat room is muted."""

    @GET("/chatrooms/{chatroom_id}/white/users", per_second(100), pick="data", retry_safe=True)
    async def list(self, chatroom_id: Annotated[str, ID]) -> Sequence[str]:
        """List the members on the allow list, all at once.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            Their names; owner and admins may send anyway and need not be among them.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving the chat room allow list
        """
        ...

    @POST("/chatrooms/{chatroom_id}/white/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> RoomListChange:
        """Let one member send while everybody is muted; a mute of that member holds nevertheless.

        Args:
            chatroom_id: Id of the chat room.
            username: A member, at most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is not in the chat room.
            NotFound: There is no such chat room.

        Source: Adding a user to the chat room allow list
        """
        ...

    @POST("/chatrooms/{chatroom_id}/white/users", per_second(100), pick="data", retry_safe=True)
    async def add_many(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[RoomListChange]:
        """Let up to 60 members send while everybody is muted.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` for those who are not in the chat room.

        Raises:
            ForbiddenOperation: None of the users is in the chat room.
            NotFound: There is no such chat room.

        Source: Adding multiple members to the chat room allow list
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/white/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[RoomListChange]:
        """Take up to 60 members off the allow list; they stay in the chat room.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` where nothing was done.

        Raises:
            ForbiddenOperation: None of the users is in the chat room.
            NotFound: There is no such chat room.

        Source: Removing users from the chat room allow list
        """
        ...
