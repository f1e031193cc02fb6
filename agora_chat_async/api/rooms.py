"""Chat rooms: creation, listings, details, announcements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from agora_chat_async._checks import EXISTING_USER, ID, PAGE_NUMBER, Int, Items, Str, not_empty
from agora_chat_async._compile import JOINED, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._reading import member, renamed
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.rooms import JoinedRoom, RoomDetails, RoomSummary
from agora_chat_async.quota import per_second

MAX_MEMBERS = 10_000
MAX_ASKED_AT_ONCE = 100

_NAME = Str(128)
_DESCRIPTION = Str(512)
_ANNOUNCEMENT = Str(512, least=0)
_CUSTOM = Str(1024, least=0)
_MAX_USERS = Int(1, MAX_MEMBERS)

_by_parameter = renamed({"groupname": "name", "maxusers": "max_users"})


def _members_fit(room: Mapping[str, Any]) -> None:
    members, most = room.get("members", ()), room.get("maxusers", MAX_MEMBERS)
    if len(members) > most:
        raise InvalidArgument("members", f"{len(members)} users", f"no more than max_users, which is {most}")


class Rooms(
    Group,
    name="rooms",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatrooms",
):
    """Chat rooms of the app."""

    @POST("/chatrooms", per_second(50), pick="data.id", check=_members_fit, retry_safe=False)
    async def create(
        self,
        name: Annotated[str, _NAME],
        *,
        description: Annotated[str, _DESCRIPTION],
        owner: Annotated[str, EXISTING_USER],
        max_users: Annotated[int, _MAX_USERS, SentAs("maxusers")] | None = None,
        members: Annotated[Sequence[str], Items(MAX_MEMBERS, each=EXISTING_USER, divisible=False)] | None = None,
        custom: Annotated[str, _CUSTOM] | None = None,
    ) -> str:
        """Create a chat room.

        Args:
            name: At most 128 characters.
            description: At most 512 characters.
            owner: A registered user, who becomes its owner and first member.
            max_users: Most members that it takes, 1 to 10,000 with the owner; 1000 by default.
            members: Users who are in from the start, beside the owner and no more than `max_users`.
            custom: Free text of at most 1024 characters.

        Returns:
            Id of the chat room.

        Raises:
            NotFound: The owner or one of the members is not registered.
            ForbiddenOperation: The price plan holds no more chat rooms, or a user is in too many.
            OutcomeUnknown: The answer was lost; the chat room may have been created.

        Source: Creating a Chat Room
        """
        ...

    @GET("/chatrooms", per_second(50), pick="data", retry_safe=True)
    def list(
        self, *, limit: Annotated[int, Int(1, 100)] | None = 100, cursor: Annotated[str, ID] | None = None
    ) -> Pages[RoomSummary]:
        """List the chat rooms of the app, newest first.

        Args:
            limit: Chat rooms a page, 1 to 100; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing: await it for a page, iterate it for every chat room.

        Source: Retrieving basic information of all Chat Rooms
        """
        ...

    @GET(
        "/users/{username}/joined_chatrooms",
        per_second(50),
        pick="data",
        numbered=("pagenum", "pagesize"),
        retry_safe=True,
    )
    def list_joined(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        page: Annotated[int, PAGE_NUMBER, SentAs("pagenum")] | None = 1,
        page_size: Annotated[int, Int(1, 1000), SentAs("pagesize")] | None = 1000,
    ) -> Pages[JoinedRoom]:
        """List the chat rooms that a user is in, the one joined last first.

        Args:
            username: At most 64 characters.
            page: Number of the page to begin with, from 1; None, as for `page_size`, asks for all at once.
            page_size: Chat rooms a page, 1 to 1000.

        Returns:
            A listing: await it for a page, iterate it for every chat room; without page and size it is one
            page of at most 500.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving Chat Rooms that a user joins
        """
        ...

    @GET("/chatrooms/{chatroom_ids}", per_second(100), pick="data", retry_safe=True)
    async def get(
        self, chatroom_ids: Annotated[Sequence[str], Items(MAX_ASKED_AT_ONCE, each=ID), JOINED]
    ) -> Sequence[RoomDetails]:
        """Fetch up to 100 chat rooms with their members.

        Args:
            chatroom_ids: 1 to 100 ids.

        Returns:
            The chat rooms that exist, of those asked for; look them up by `id`.

        Raises:
            NotFound: None of them exists.

        Source: Retrieving detailed information of the specified Chat Rooms
        """
        ...

    @PUT("/chatrooms/{chatroom_id}", per_second(100), pick="data", check=not_empty, read=_by_parameter, retry_safe=True)
    async def update(
        self,
        chatroom_id: Annotated[str, ID],
        *,
        name: Annotated[str, _NAME] | None = None,
        description: Annotated[str, _DESCRIPTION] | None = None,
        max_users: Annotated[int, _MAX_USERS, SentAs("maxusers")] | None = None,
    ) -> Mapping[str, bool]:
        """Change the name, description or size of a chat room; what is not given stays.

        Args:
            chatroom_id: Id of the chat room.
            name: At most 128 characters.
            description: At most 512 characters.
            max_users: Most members that it takes, 1 to 10,000 with the owner.

        Returns:
            Whether each setting was changed, by the names of the parameters; False is a failure that the service
            reports without an error.

        Raises:
            NotFound: There is no such chat room.

        Source: Modifying Chat Room information
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}", per_second(100), pick="data.success", retry_safe=True)
    async def delete(self, chatroom_id: Annotated[str, ID]) -> bool:
        """Delete a chat room; its members are out at once, its messages stay.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            True where it was done.

        Raises:
            NotFound: There is no such chat room; after a repeat that means it is done.

        Source: Deleting the specified Chat Room
        """
        ...

    @GET(
        "/chatrooms/{chatroom_id}/announcement",
        per_second(100),
        pick="data",
        read=member("announcement", ""),
        retry_safe=True,
    )
    async def get_announcement(self, chatroom_id: Annotated[str, ID]) -> str:
        """Fetch the announcement of a chat room.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            The text, empty where there is none.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving a Chat Room announcement
        """
        ...

    @POST("/chatrooms/{chatroom_id}/announcement", per_second(100), pick="data.result", retry_safe=True)
    async def set_announcement(
        self, chatroom_id: Annotated[str, ID], announcement: Annotated[str, _ANNOUNCEMENT]
    ) -> bool:
        """Replace the announcement of a chat room.

        Args:
            chatroom_id: Id of the chat room.
            announcement: The whole new text, at most 512 characters.

        Returns:
            True where it was done.

        Raises:
            NotFound: There is no such chat room.

        Source: Modifying the announce of a Chat Room
        """
        ...
