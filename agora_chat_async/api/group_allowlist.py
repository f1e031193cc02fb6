"""The allow list of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS
from agora_chat_async._compile import JOINED
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import GroupListChange
from agora_chat_async.quota import per_second


class GroupAllowlist(
    Group,
    name="group_allowlist",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/manage-group-allowlist",
):
    """Who may send while a whole group is muted."""

    @GET("/chatgroups/{group_id}/white/users", per_second(100), pick="data", retry_safe=True)
    async def list(self, group_id: Annotated[str, ID]) -> Sequence[str]:
        """List the members on the allow list, all at once.

        Args:
            group_id: Id of the group.

        Returns:
            Their names; owner and admins may send anyway and need not be among them.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving the group allow list
        """
        ...

    @POST("/chatgroups/{group_id}/white/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> GroupListChange:
        """Let one member send while everybody is muted; a mute of that member holds nevertheless.

        Args:
            group_id: Id of the group.
            username: A member, at most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is no member.
            NotFound: There is no such group.

        Source: Adding a member to the group allow list
        """
        ...

    @POST("/chatgroups/{group_id}/white/users", per_second(100), pick="data", retry_safe=True)
    async def add_many(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[GroupListChange]:
        """Let up to 60 members send while everybody is muted.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` for those who are no members.

        Raises:
            ForbiddenOperation: None of the users is a member.
            NotFound: There is no such group.

        Source: Adding multiple members to the group allow list
        """
        ...

    @DELETE("/chatgroups/{group_id}/white/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[GroupListChange]:
        """Take up to 60 members off the allow list; they stay in the group.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` where nothing was done.

        Raises:
            ForbiddenOperation: None of the users is a member.
            NotFound: There is no such group.

        Source: Removing members from the group allow list
        """
        ...
