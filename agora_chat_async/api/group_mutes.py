"""Mutes in a group: of members for a time, and of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import ID, MEMBERS, MUTE_DURATION
from agora_chat_async._compile import JOINED
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import Mute, MuteChange
from agora_chat_async.quota import per_second


class GroupMutes(
    Group,
    name="group_mutes",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/manage-group-mutelist",
):
    """Who may not send in a group."""

    @POST("/chatgroups/{group_id}/mute", per_second(100), pick="data", retry_safe=True)
    async def mute(
        self,
        group_id: Annotated[str, ID],
        usernames: Annotated[Sequence[str], MEMBERS],
        *,
        mute_duration: Annotated[int, MUTE_DURATION],
    ) -> Sequence[MuteChange]:
        """Mute up to 60 members, who then read but cannot send in the group and its threads, allow list or not.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 members.
            mute_duration: Milliseconds from now, in place of an earlier mute; -1 for good, 0 ends the mute.

        Returns:
            What became of each user, with the end of the mute in `expire`.

        Raises:
            ForbiddenOperation: The owner is among the users, or none of them is a member.
            NotFound: There is no such group.

        Source: Muting a chat group member
        """
        ...

    @DELETE("/chatgroups/{group_id}/mute/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def unmute(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[MuteChange]:
        """End the mutes of up to 60 members.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 muted members.

        Returns:
            What became of each user.

        Raises:
            NotFound: There is no such group.

        Source: Unmuting a chat group member
        """
        ...

    @GET("/chatgroups/{group_id}/mute", per_second(100), pick="data", retry_safe=True)
    async def list(self, group_id: Annotated[str, ID]) -> Sequence[Mute]:
        """List the muted members, all at once; `mute_all` puts nobody there.

        Args:
            group_id: Id of the group.

        Returns:
            Each muted member with the end of the mute.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving the mute list
        """
        ...

    @POST("/chatgroups/{group_id}/ban", per_second(100), pick="data.mute", retry_safe=True)
    async def mute_all(self, group_id: Annotated[str, ID]) -> bool:
        """Mute everybody but the owner, the admins and the allow list, until `unmute_all`.

        Args:
            group_id: Id of the group.

        Returns:
            Whether the group is muted now: True.

        Raises:
            NotFound: There is no such group.

        Source: Muting all chat group members
        """
        ...

    @DELETE("/chatgroups/{group_id}/ban", per_second(100), pick="data.mute", retry_safe=True)
    async def unmute_all(self, group_id: Annotated[str, ID]) -> bool:
        """End the mute of everybody; members who were muted one by one stay so.

        Args:
            group_id: Id of the group.

        Returns:
            Whether the group is muted now: False.

        Raises:
            NotFound: There is no such group.

        Source: Unmuting all chat group members
        """
        ...
