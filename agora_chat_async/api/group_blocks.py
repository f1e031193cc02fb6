"""The block list of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS, ONE_USER, Int
from agora_chat_async._compile import JOINED, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.lists import GroupListChange
from agora_chat_async.quota import per_second


class GroupBlocks(
    Group,
    name="group_blocks",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/manage-group-blocklist",
):
    """Who is shut out of a group."""

    @GET("/chatgroups/{group_id}/blocks/users", per_second(100), pick="data", retry_safe=True)
    def list(
        self,
        group_id: Annotated[str, ID],
        *,
        page_size: Annotated[int, Int(1, 50), SentAs("pageSize")] | None = 50,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[str]:
        """List the blocked users, those blocked last first.

        Args:
            group_id: Id of the group.
            page_size: Users a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing of usernames: await it for a page, iterate it for all.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving the chat group blocklist
        """
        ...

    @POST("/chatgroups/{group_id}/blocks/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> GroupListChange:
        """Put one member out of the group and onto its block list, so that the user cannot come back.

        Args:
            group_id: Id of the group.
            username: A member, at most 64 characters.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is the owner or no member; after a repeat that can mean it is done.
            NotFound: There is no such group.

        Source: Adding a user to the chat group blocklist
        """
        ...

    @POST("/chatgroups/{group_id}/blocks/users", per_second(100), pick="data", retry_safe=True)
    async def add_many(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[GroupListChange]:
        """Put up to 60 members out of the group and onto its block list.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 members.

        Returns:
            What became of each user; `result` False and a `reason` for those who are no members.

        Raises:
            ForbiddenOperation: The owner is among the users, or none of them is a member.
            NotFound: There is no such group.

        Source: Adding multiple users to the chat group blocklist
        """
        ...

    @DELETE("/chatgroups/{group_id}/blocks/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def remove(self, group_id: Annotated[str, ID], username: Annotated[str, ONE_USER]) -> GroupListChange:
        """Take one user off the block list, which does not bring the user back.

        Args:
            group_id: Id of the group.
            username: A blocked user, at most 64 characters, none of them a comma.

        Returns:
            What became of it.

        Raises:
            ForbiddenOperation: The user is not blocked; after a repeat that means it is done.
            NotFound: There is no such group.

        Source: Removing a user from the chat group blocklist
        """
        ...

    @DELETE("/chatgroups/{group_id}/blocks/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove_many(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[GroupListChange]:
        """Take up to 60 users off the block list, which does not bring them back.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 blocked users.

        Returns:
            What became of each user; `result` False and a `reason` for those who are not blocked.

        Raises:
            ForbiddenOperation: None of the users is blocked; after a repeat that means it is done.
            NotFound: There is no such group.

        Source: Removing multiple users from the chat group blocklist
        """
        ...
