"""Members of groups: who is in, who is admin, and what is stored about each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from agora_chat_async._checks import EXISTING_USER, ID, MEMBERS, ONE_USER, Entries, Int, Items, Str
from agora_chat_async._compile import JOINED, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._reading import succeeded
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.group_members import MemberChange
from agora_chat_async.models.members import Member
from agora_chat_async.quota import per_second

MAX_MEMBERS_A_PAGE = 100
MAX_ASKED_AT_ONCE = 10
MAX_ATTRIBUTES_BYTES = 4 * 1024

_KEY = Str(most=16, in_bytes=True, pattern=re.compile(r"[a-zA-Z0-9_]+"), charset="a-z A-Z 0-9 _")
_VALUE = Str(most=512, least=0, in_bytes=True)
_OBJECT = Entries()


def _attributes(name: str, value: Any) -> Mapping[str, str]:
    attributes = {
        _KEY(f"a key of {name}", key): _VALUE(f"{name}[{key!r}]", text) for key, text in _OBJECT(name, value).items()
    }
    size = sum(len((key + text).encode()) for key, text in attributes.items())
    if not attributes or size > MAX_ATTRIBUTES_BYTES:
        rule = f"at least one attribute, and at most {MAX_ATTRIBUTES_BYTES} bytes of keys and values"
        raise InvalidArgument(name, f"{len(attributes)} attributes of {size} bytes", rule)
    return attributes


class GroupMembers(
    Group,
    name="group_members",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/manage-group-members",
):
    """Members of a group."""

    @GET(
        "/chatgroups/{group_id}/users",
        per_second(100),
        pick="data",
        numbered=("pagenum", "pagesize"),
        retry_safe=True,
    )
    def list(
        self,
        group_id: Annotated[str, ID],
        *,
        page: Annotated[int, Int(1, 1_000_000), SentAs("pagenum")] = 1,
        page_size: Annotated[int, Int(1, MAX_MEMBERS_A_PAGE), SentAs("pagesize")] = 100,
    ) -> Pages[Member]:
        """List the members of a group, its owner among them; admins are told as plain members.

        Args:
            group_id: Id of the group.
            page: Number of the page to begin with, from 1.
            page_size: Members a page, 1 to 100.

        Returns:
            A listing: await it for a page, iterate it for every member.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving group members
        """
        ...

    @POST("/chatgroups/{group_id}/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def add(self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> MemberChange:
        """Add one user to a group, at once and without an invitation.

        Args:
            group_id: Id of the group.
            username: A registered user who is not on the group's block list.

        Returns:
            What became of it.

        Raises:
            Forbidden: The user is in the group, which after a repeat means it is done, or is blocked, or the group
                is full, or the user is in as many groups as the plan allows.
            NotFound: There is no such group or user.

        Source: Adding a user to the chat group
        """
        ...

    @POST("/chatgroups/{group_id}/users", per_second(100), pick="data.newmembers", retry_safe=True)
    async def add_many(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS]
    ) -> Sequence[str]:
        """Add up to 60 users to a group, at once and without an invitation.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 registered users, of whom some may be in the group already.

        Returns:
            Those who are new in the group, in any order.

        Raises:
            Forbidden: All of them are in the group, which after a repeat means it is done, or the group is full, or
                a user is blocked or in as many groups as the plan allows.
            NotFound: There is no such group, or one of the users is not registered; nobody was added.

        Source: Adding multiple users to the chat group
        """
        ...

    @DELETE("/chatgroups/{group_id}/users/{username}", per_second(100), pick="data", retry_safe=True)
    async def remove(self, group_id: Annotated[str, ID], username: Annotated[str, ONE_USER]) -> MemberChange:
        """Remove one member from a group and from its threads.

        Args:
            group_id: Id of the group.
            username: A member other than the owner, at most 64 characters, none of them a comma.

        Returns:
            What became of it.

        Raises:
            Forbidden: The user is the owner, or no member; after a repeat that can mean it is done.
            NotFound: There is no such group.

        Source: Removing a chat group member
        """
        ...

    @DELETE("/chatgroups/{group_id}/users/{usernames}", per_second(100), pick="data", retry_safe=True)
    async def remove_many(
        self, group_id: Annotated[str, ID], usernames: Annotated[Sequence[str], MEMBERS, JOINED]
    ) -> Sequence[MemberChange]:
        """Remove up to 60 members from a group and from its threads.

        Args:
            group_id: Id of the group.
            usernames: 1 to 60 members other than the owner.

        Returns:
            What became of each user; `result` False and a `reason` for those who were no members.

        Raises:
            Forbidden: The owner is among the users, or none of them is a member, which after a repeat can mean it
                is done.
            NotFound: There is no such group.

        Source: Removing multiple group members
        """
        ...

    @GET("/chatgroups/{group_id}/admin", per_second(100), pick="data", retry_safe=True)
    async def list_admins(self, group_id: Annotated[str, ID]) -> Sequence[str]:
        """List the admins of a group, of whom the owner is none; at most 99.

        Args:
            group_id: Id of the group.

        Returns:
            Their usernames.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving group admin list
        """
        ...

    @POST("/chatgroups/{group_id}/admin", per_second(100), pick="data.result", read=succeeded, retry_safe=True)
    async def add_admin(
        self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER, SentAs("newadmin")]
    ) -> bool:
        """Make a plain member an admin; a group has at most 99.

        Args:
            group_id: Id of the group.
            username: A member who is neither owner nor admin.

        Returns:
            True where it was done.

        Raises:
            Forbidden: The user is owner or admin already, or the group has 99 admins.
            NotFound: There is no such group, or the user is not in it.

        Source: Adding a group admin
        """
        ...

    @DELETE(
        "/chatgroups/{group_id}/admin/{username}", per_second(100), pick="data.result", read=succeeded, retry_safe=True
    )
    async def remove_admin(self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> bool:
        """Make an admin a plain member again.

        Args:
            group_id: Id of the group.
            username: The admin.

        Returns:
            True where it was done.

        Raises:
            Forbidden: The user is no admin of the group; after a repeat that means it is done.
            NotFound: There is no such group.

        Source: Removing a group admin
        """
        ...

    @PUT("/metadata/chatgroup/{group_id}/user/{username}", per_second(100), pick="data", retry_safe=True)
    async def set_attributes(
        self,
        group_id: Annotated[str, ID],
        username: Annotated[str, EXISTING_USER],
        attributes: Annotated[Mapping[str, str], _attributes, SentAs("metaData")],
    ) -> Mapping[str, str]:
        """Set attributes that one member has in this group; those left out stay.

        Args:
            group_id: Id of the group.
            username: A member of the group.
            attributes: Values of at most 512 bytes by keys of at most 16 of the characters a-z A-Z 0-9 _, where an
                empty value deletes the key; a member can have 4 KB in all.

        Returns:
            What was set.

        Raises:
            BadRequest: The user is not in the group, or the attributes are too large.
            NotFound: There is no such group.

        Source: Setting custom attributes of a group member
        """
        ...

    @GET("/metadata/chatgroup/{group_id}/user/{username}", per_second(100), pick="data", retry_safe=True)
    async def get_attributes(
        self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]
    ) -> Mapping[str, str]:
        """Fetch all attributes that one member has in this group.

        Args:
            group_id: Id of the group.
            username: A member of the group.

        Returns:
            The values by their keys.

        Raises:
            NotFound: There is no such group, or the user is not in it.

        Source: Retrieving all custom attributes of a group member
        """
        ...

    @POST("/metadata/chatgroup/{group_id}/get", per_second(100), pick="data", sparse=True, retry_safe=True)
    async def get_attributes_of_many(
        self,
        group_id: Annotated[str, ID],
        usernames: Annotated[Sequence[str], Items(MAX_ASKED_AT_ONCE, each=EXISTING_USER), SentAs("targets")],
        *,
        keys: Annotated[Sequence[str], Items(MAX_ATTRIBUTES_BYTES, least=0, each=_KEY), SentAs("properties")] = (),
    ) -> Mapping[str, Mapping[str, str]]:
        """Fetch attributes that up to 10 members have in this group.

        Args:
            group_id: Id of the group.
            usernames: 1 to 10 members.
            keys: The attributes wanted; all by default.

        Returns:
            For each user the values by their keys, without those that the user does not have.

        Raises:
            NotFound: There is no such group.

        Source: Retrieving custom attributes of multiple group members by attribute key
        """
        ...
