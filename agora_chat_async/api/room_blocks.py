"""The block list of a chat room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS, ONE_USER
from agora_chat_async._compile import JOINED
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import RoomListChange
from agora_chat_async.quota import per_second


class RoomBlocks(
    Group,
    name="room_blocks",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatroom-blocklist",
):
    """Who is shut out of a chat room."""

    @GET("/chatrooms/{chatroom_id}/blocks/users", per_second(100), pick="data", retry_safe=True)
    async def list(self, chatroom_id: Annotated[str, ID]) -> Sequence[str]:
        """List the blocked users, all at once.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            Their names.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving the chat room blocklist
        """
        ...

    @POST("/chatrooms/{chatroom_id}/blocks/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> RoomListChange:
        """Put one member out of the chat room and onto its block list, so that the user cannot come back.

        Args:
            chatroom_id: Id of the chat room.
            username: A member, at most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is the owner or not in the chat room.
            NotFound: There is no such chat room.

        Source: Adding a user to the chat room blocklist
        """
        ...

    @POST("/chatrooms/{chatroom_id}/blocks/users", per_second(100), pick="data", retry_safe=True)
    async def add_many(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[RoomListChange]:
        """Put up to 60 members out of the chat room and onto its block list.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` for the owner and those outside.

        Raises:
            ForbiddenOperation: None of the users can be blocked.
            NotFound: There is no such chat room.

        Source: Adding multiple users to the chat room blocklist
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/blocks/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def remove(self, chatroom_id: Annotated[str, ID], username: Annotated[str, ONE_USER]) -> RoomListChange:
        """Take one user off the block list, which does not bring the user back.

        Args:
            chatroom_id: Id of the chat room.
            username: A blocked user, at most 64 characters, none of them a comma.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is not blocked; after a repeat that means it is done.
            NotFound: There is no such chat room.

        Source: Removing a user from the chat room blocklist
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/blocks/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove_many(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[RoomListChange]:
        """Take up to 60 users off the block list, which does not bring them back.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 blocked users.

        Returns:
            What became of each user; `result` False and a `reason` for those who are not blocked.

        Raises:
            ForbiddenOperation: None of the users is blocked; after a repeat that means it is done.
            NotFound: There is no such chat room.

        Source: Removing multiple users from the chat room blocklist
        """
        ...
