"""Groups: making, changing, finding and deleting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from agora_chat_async._checks import EXISTING_USER, ID, Int, Items, Str, not_empty
from agora_chat_async._compile import JOINED, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._reading import renamed
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.groups import GroupDetails, GroupSummary, JoinedGroup
from agora_chat_async.quota import per_second

MAX_GROUPS_ASKED = 100
MAX_GROUPS_A_PAGE = 1000
MAX_JOINED_A_PAGE = 100
DEFAULT_MAX_USERS = 200

# The plan decides how many members a group can have, so only what no plan allows is refused here.
_SIZE = Int(1, (1 << 31) - 1)

Name = Annotated[str, Str(most=128), SentAs("groupname")]
Description = Annotated[str, Str(most=512, least=0)]
Avatar = Annotated[str, Str(most=1024, least=0)]
Custom = Annotated[str, Str(most=8 * 1024, least=0, in_bytes=True)]
MaxUsers = Annotated[int, _SIZE, SentAs("maxusers")]
MembersOnly = Annotated[bool, SentAs("membersonly")]
AllowInvites = Annotated[bool, SentAs("allowinvites")]

_by_parameter = renamed(
    {
        "groupname": "name",
        "maxusers": "max_users",
        "membersonly": "members_only",
        "allowinvites": "allow_invites",
    }
)


def _fits(group: Mapping[str, Any]) -> None:
    """Refuse more members than the group is to hold."""
    most = group.get("maxusers", DEFAULT_MAX_USERS)
    count = len({group["owner"], *group.get("members", ())})
    if count > most:
        raise InvalidArgument("members", f"{count} with the owner", f"at most max_users, which is {most}")


def _found(items: Any) -> Any:
    """Leave out those of which some versions of the service say that they do not exist."""
    if not isinstance(items, list):
        return items
    return [entry for entry in cast("list[Any]", items) if isinstance(entry, dict) and "id" in entry]


class Groups(
    Group,
    name="groups",
    page="https://docs.agora.io/en/agora-chat/restful-api/chat-group-management/create-delete-retrieve-groups",
):
    """Groups of the app."""

    @POST("/chatgroups", per_second(100), pick="data.groupid", check=_fits, retry_safe=False)
    async def create(
        self,
        owner: Annotated[str, EXISTING_USER],
        *,
        public: bool,
        name: Name | None = None,
        description: Description | None = None,
        avatar: Avatar | None = None,
        max_users: MaxUsers | None = None,
        members_only: MembersOnly | None = None,
        allow_invites: AllowInvites | None = None,
        invite_need_confirm: bool | None = None,
        members: Annotated[Sequence[str], Items(100_000, least=0, each=EXISTING_USER, divisible=False)] | None = None,
        custom: Custom | None = None,
    ) -> str:
        """Create a group with its owner and, where wanted, its first members, who need not accept.

        Args:
            owner: A registered user.
            public: True lets users find the group and ask to join; a private one takes invited users only.
            name: 1 to 128 characters.
            description: At most 512 characters.
            avatar: Address of a picture, at most 1024 characters.
            max_users: Most members, the owner included, up to what the plan allows; 200 by default.
            members_only: Joining a public group needs the consent of the owner or an admin; False by default.
            allow_invites: Plain members may invite others; False by default, and kept for private groups only.
            invite_need_confirm: Who is invited later has to accept; True by default.
            members: Registered users beside the owner, with whom they are at most `max_users`.
            custom: Free extension, at most 8 KB; up to 1024 characters every version of the service takes.

        Returns:
            Id of the group.

        Raises:
            NotFound: The owner or a member is not registered; no group was created.
            Forbidden: The app or one of the users has as many groups as the plan allows.
            IllegalArgument: The service does not take a setting.
            OutcomeUnknown: The answer was lost; the group may have been created.

        Source: Creating a group
        """
        ...

    @GET("/chatgroups/{group_ids}", per_second(100), pick="data", read=_found, retry_safe=True)
    async def get(
        self, group_ids: Annotated[Sequence[str], Items(MAX_GROUPS_ASKED, each=ID), JOINED]
    ) -> Sequence[GroupDetails]:
        """Fetch up to 100 groups with their settings and members.

        Args:
            group_ids: 1 to 100 ids.

        Returns:
            The groups that exist, of those asked for; look them up by `id`.

        Raises:
            NotFound: None of the groups exists.

        Source: Retrieving group details
        """
        ...

    @GET("/chatgroups", per_second(100), pick="data", retry_safe=True)
    def list(
        self,
        *,
        limit: Annotated[int, Int(1, MAX_GROUPS_A_PAGE)] | None = 1000,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[GroupSummary]:
        """List the groups of the app, newest first.

        Args:
            limit: Groups a page, 1 to 1000; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing: await it for a page, iterate it for every group.

        Source: Retrieving all chat groups
        """
        ...

    @GET(
        "/users/{username}/joined_chatgroups",
        per_second(100),
        pick="data",
        numbered=("pagenum", "pagesize"),
        retry_safe=True,
    )
    def list_joined(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        page: Annotated[int, Int(1, 1_000_000), SentAs("pagenum")] | None = 1,
        page_size: Annotated[int, Int(1, MAX_JOINED_A_PAGE), SentAs("pagesize")] | None = 20,
    ) -> Pages[JoinedGroup]:
        """List the groups that a user is in, also as their owner, the one joined last first.

        Args:
            username: At most 64 characters.
            page: Number of the page to begin with, from 1; None, as for `page_size`, asks for all at once.
            page_size: Groups a page, 1 to 100, of which some versions of the service give at most 20.

        Returns:
            A listing: await it for a page, iterate it for every group; without page and size it is one page of at most
            500.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving all the chat groups a user joins
        """
        ...

    @GET("/chatgroups/{group_id}/user/{username}/is_joined", pick="data", retry_safe=True)
    async def is_joined(self, group_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER]) -> bool:
        """Tell whether a user is in a group, be it as owner, admin or plain member.

        Args:
            group_id: Id of the group.
            username: At most 64 characters.

        Returns:
            True where the user is in the group.

        Raises:
            NotFound: There is no such group.

        Source: Checking whether a user has joined a group
        """
        ...

    @PUT("/chatgroups/{group_id}", per_second(100), pick="data", check=not_empty, read=_by_parameter, retry_safe=True)
    async def update(
        self,
        group_id: Annotated[str, ID],
        *,
        name: Name | None = None,
        description: Description | None = None,
        avatar: Avatar | None = None,
        public: bool | None = None,
        max_users: MaxUsers | None = None,
        members_only: MembersOnly | None = None,
        allow_invites: AllowInvites | None = None,
        invite_need_confirm: bool | None = None,
        custom: Custom | None = None,
    ) -> Mapping[str, bool]:
        """Change settings of a group; what is left out stays.

        Args:
            group_id: Id of the group.
            name: 1 to 128 characters.
            description: At most 512 characters.
            avatar: Address of a picture, at most 1024 characters.
            public: Whether users can find the group and ask to join.
            max_users: Most members, the owner included, up to what the plan allows.
            members_only: Whether joining needs the consent of the owner or an admin.
            allow_invites: Whether plain members may invite others, here also in a public group.
            invite_need_confirm: Whether who is invited has to accept.
            custom: Free extension, at most 8 KB; up to 1024 characters every version of the service takes.

        Returns:
            Whether each setting was changed, by the names of the parameters; False is a failure that the service
            reports without an error.

        Raises:
            NotFound: There is no such group.
            IllegalArgument: The service does not take a setting; nothing was changed.

        Source: Modifying group information
        """
        ...

    @PUT("/chatgroups/{group_id}", per_second(100), pick="data.newowner", retry_safe=True)
    async def transfer_ownership(
        self, group_id: Annotated[str, ID], new_owner: Annotated[str, EXISTING_USER, SentAs("newowner")]
    ) -> bool:
        """Make another member the owner; the old one stays as a plain member.

        Args:
            group_id: Id of the group.
            new_owner: A member or admin of the group.

        Returns:
            True where it was done.

        Raises:
            Forbidden: The user is not in the group, or is its owner already; after a repeat that means it is done.
            NotFound: There is no such group.

        Source: manage-group-members#Transferring group ownership
        """
        ...

    @POST("/chatgroups/{group_id}/disable", per_second(100), pick="data.disabled", retry_safe=True)
    async def ban(self, group_id: Annotated[str, ID]) -> bool:
        """Ban a group: nobody can send, receive or manage there until it is unbanned.

        Args:
            group_id: Id of the group.

        Returns:
            Whether the group is banned now.

        Raises:
            NotFound: There is no such group.

        Source: Banning a chat group
        """
        ...

    @POST("/chatgroups/{group_id}/enable", per_second(100), pick="data.disabled", retry_safe=True)
    async def unban(self, group_id: Annotated[str, ID]) -> bool:
        """Lift the ban of a group.

        Args:
            group_id: Id of the group.

        Returns:
            Whether the group is still banned.

        Raises:
            NotFound: There is no such group.

        Source: Unbanning a chat group
        """
        ...

    @DELETE("/chatgroups/{group_id}", per_second(100), pick="data.success", retry_safe=True)
    async def delete(self, group_id: Annotated[str, ID]) -> bool:
        """Delete a group with its threads; all members leave.

        Args:
            group_id: Id of the group.

        Returns:
            True where it was done.

        Raises:
            NotFound: There is no such group; after a repeat that means it is done.

        Source: Deleting a chat group
        """
        ...
