"""Mutes in a chat room: of members for a time, and of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import ID, MEMBERS, MUTE_DURATION
from agora_chat_async._compile import JOINED
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import Mute, MuteChange
from agora_chat_async.quota import per_second


class RoomMutes(
    Group,
    name="room_mutes",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatroom-mutelist",
):
    """Who may not send in a chat room."""

    @POST("/chatrooms/{chatroom_id}/mute", per_second(100), pick="data", retry_safe=True)
    async def mute(
        self,
        chatroom_id: Annotated[str, ID],
        usernames: Annotated[Sequence[str], MEMBERS],
        *,
        mute_duration: Annotated[int, MUTE_DURATION],
    ) -> Sequence[MuteChange]:
        """Mute up to 60 members, who then read but cannot send, not even when they are on the allow list.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 members.
            mute_duration: Milliseconds from now, in place of an earlier mute; -1 for good, 0 ends the mute.

        Returns:
            What became of each user, with the end of the mute in `expire`.

        Raises:
            ForbiddenOperation: None of the users is in the chat room.
            NotFound: There is no such chat room.

        Source: Muting a chat room member
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/mute/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def unmute(
        self, chatroom_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[MuteChange]:
        """End the mutes of up to 60 members.

        Args:
            chatroom_id: Id of the chat room.
            usernames: 1 to 60 muted members.

        Returns:
            What became of each user.

        Raises:
            NotFound: There is no such chat room.

        Source: Unmuting chat room members
        """
        ...

    @GET("/chatrooms/{chatroom_id}/mute", per_second(100), pick="data", retry_safe=True)
    async def list(self, chatroom_id: Annotated[str, ID]) -> Sequence[Mute]:
        """List the muted members, all at once; `mute_all` puts nobody there.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            Each muted member with the end of the mute.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieving muted chat room members
        """
        ...

    @POST("/chatrooms/{chatroom_id}/ban", per_second(100), pick="data.mute", retry_safe=True)
    async def mute_all(self, chatroom_id: Annotated[str, ID]) -> bool:
        """Mute everybody but the owner, the admins and the allow list, until `unmute_all`.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            Whether the chat room is muted now: True.

        Raises:
            NotFound: There is no such chat room.

        Source: Muting all chat room members
        """
        ...

    @DELETE("/chatrooms/{chatroom_id}/ban", per_second(100), pick="data.mute", retry_safe=True)
    async def unmute_all(self, chatroom_id: Annotated[str, ID]) -> bool:
        """End the mute of everybody; members who were muted one by one stay so.

        Args:
            chatroom_id: Id of the chat room.

        Returns:
            Whether the chat room is muted now: False.

        Raises:
            NotFound: There is no such chat room.

        Source: Unmuting all chat room members
        """
        ...
