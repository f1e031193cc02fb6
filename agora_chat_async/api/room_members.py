"""Members of chat rooms, their admins, and the super admins of the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS, ONE_USER, PAGE_NUMBER, Int, Items
from agora_chat_async._compile import JOINED, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._reading import succeeded
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.members import Member
from agora_chat_async.models.room_members import RoomMemberChange
from agora_chat_async.quota import per_second

MAX_REMOVED_AT_ONCE = 100


class RoomMembers(
    Group,
    name="room_members",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatroom-members",
):
    """Who is in a chat room, and who may do what there."""

    @POST("/chatrooms/{chatroom_id}/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> RoomMemberChange:
        """Let one user into a chat room.

        Args:
            chatroom_id: Id of the chat room.
            username: At most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is in already, which after a repeat means it is done, or is on the block
                list or in too many chat rooms, or the chat room is full.
            BadRequest: The user is not registered.
            NotFound: There is no such chat room; some versions of the service say so of the user too.

        Source: Adding a chat room member
        """
        ...

    @POST("/chatrooms/{chatroom_id}/users", per_second(100), pick="data.newmembers", retry_safe=True)
    async def add_many(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[str]:
        """Let up to 60 users into a chat room; one who cannot come in keeps all of them out.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 names.

        Returns:
            Names of those who were let in.

        Raises:
            BadRequest: One of the users is not registered.
            ForbiddenOperation: The chat room is full, or a user is on its block list or in too many chat rooms.
            NotFound: There is no such chat room; some versions of the service say so of a user too.

        Source: Adding multiple chat room members
        """
        ...

    @GET(
        "/chatrooms/{chatroom_id}/users",
        per_second(100),
        pick="data",
        numbered=("pagenum", "pagesize"),
        retry_safe=True,
    )
    def list(
        self,
        chatroom_id: Annotated[str, ID],
        *,
        page: Annotated[int, PAGE_NUMBER, SentAs("pagenum")] = 1,
        page_size: Annotated[int, Int(1, 1000), SentAs("pagesize")] = 1000,
    ) -> Pages[Member]:
        """List the members of a chat room, its owner among them; admins are told as plain members.

        Args:
            chatroom_id: Id of the chat room.
            page: Number of the page to begin with, from 1.
            page_size: Members a page, 1 to 1000.

        Returns:
            A listing: await it for a page, iterate it for every member.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving chat room members with pagination
        """
        ...

    @DELETE(
        "/chatrooms/{chatroom_id}/users/{username}",
        per_second(100),
        pick="data",
        retry_safe=True,
    )
    async def remove(self, chatroom_id: Annotated[str, ID], username: Annotated[str, ONE_USER]) -> RoomMemberChange:
        """Put one member out of a chat room.

        Args:
            chatroom_id: Id of the chat room.
            username: At most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is not in, which after a repeat means it is done, or is the owner.
            NotFound: There is no such chat room or user.

        Source: Removing the specified chat room member
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove_many(
        self,
        chatroom_id: Annotated[str, ID],
        usernames: Annotated[Sequence[str], Items(MAX_REMOVED_AT_ONCE, each=EXISTING_USER), JOINED],
    ) -> Sequence[RoomMemberChange]:
        """Put up to 100 members out of a chat room.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 100 names.

        Returns:
            What became of each user; `result` False and a `reason` for those who were not put out.

        Raises:
            ForbiddenOperation: None of the users is in the chat room.
            NotFound: There is no such chat room.

        Source: Removing multiple chat room members
        """
        ...

    @GET("/chatrooms/{chatroom_id}/admin", per_second(100), pick="data", retry_safe=True)
    async def list_admins(self, chatroom_id: Annotated[str, ID]) -> Sequence[str]:
        """Fetch the admins of a chat room, all at once; the owner is none of them.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            At most 99 names.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving chat room admins
        """
        ...

    @POST("/chatrooms/{chatroom_id}/admin", per_second(100), pick="data.result", read=succeeded, retry_safe=True)
    async def add_admin(
        self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER, SentAs("newadmin")]
    ) -> bool:
        """Make a member of a chat room one of its admins, of whom it may have 99.

        Args:
            chatroom_id: Id of the chat room.
            username: A member who is not the owner.

        Returns:
            True where it was done.

        Raises:
            ForbiddenOperation: The user is not in the chat room, or it has 99 admins already.
            NotFound: There is no such chat room or user.

        Source: Adding a chat room admin
        """
        ...

    @DELETE(
        "/chatrooms/{chatroom_id}/admin/{username}",
        per_second(100),
        pick="data.result",
        read=succeeded,
        retry_safe=True,
    )
    async def remove_admin(self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> bool:
        """Turn an admin of a chat room into a mere member.

        Args:
            chatroom_id: Id of the chat room.
            username: One of its admins.

        Returns:
            True where it was done.

        Raises:
            ForbiddenOperation: The user is no admin of the chat room; after a repeat that means it is done.
            NotFound: There is no such chat room or user.

        Source: Removing chat room admins
        """
        ...

    @POST("/chatrooms/super_admin", per_second(100), pick="data.result", read=succeeded, retry_safe=True)
    async def add_super_admin(self, username: Annotated[str, EXISTING_USER, SentAs("superadmin")]) -> bool:
        """Let a user create chat rooms from a client, which only super admins may.

        Args:
            username: Any registered user.

        Returns:
            True where it was done.

        Raises:
            NotFound: There is no such user.

        Source: manage-chatroom-admins#Adding a chat room super admin
        """
        ...

    @DELETE("/chatrooms/super_admin/{username}", per_second(100), retry_safe=True)
    async def remove_super_admin(self, username: Annotated[str, EXISTING_USER]) -> None:
        """Let a user no longer create chat rooms from a client; those made before stay.

        Args:
            username: One of the super admins.

        Raises:
            NotFound: There is no such user.

        Source: manage-chatroom-admins#Removing a chat room super admin
        """
        ...

    @GET("/chatrooms/super_admin", per_second(100), pick="data", numbered=("pagenum", "pagesize"), retry_safe=True)
    def list_super_admins(
        self,
        *,
        page: Annotated[int, PAGE_NUMBER, SentAs("pagenum")] = 1,
        page_size: Annotated[int, Int(1, 1000), SentAs("pagesize")] = 10,
    ) -> Pages[str]:
        """List the super admins of the app.

        Args:
            page: Number of the page to begin with, from 1.
            page_size: Names a page, 1 to 1000.

        Returns:
            A listing: await it for a page, iterate it for every name.

        Source: manage-chatroom-admins#Retrieving super admins of specified chat rooms with pagination
        """
        ...
