"""Contacts: the contact list and the block list of a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, Int, Items
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.contacts import Contact
from agora_chat_async.models.users import User
from agora_chat_async.quota import per_second

MAX_BLOCKED_AT_ONCE = 50


class Contacts(
    Group,
    name="contacts",
    page="https://docs.agora.io/en/agora-chat/restful-api/contact-management",
):
    """Contacts of the users."""

    @POST(
        "/users/{owner_username}/contacts/users/{friend_username}",
        per_second(100),
        pick="entities.0",
        retry_safe=True,
    )
    async def add(
        self, owner_username: Annotated[str, EXISTING_USER], friend_username: Annotated[str, EXISTING_USER]
    ) -> User:
        """Make one user a contact of another, at once and without asking either.

        Args:
            owner_username: Whose contact list grows.
            friend_username: Who is put on it.

        Returns:
            The user who was added.

        Raises:
            NotFound: One of the two does not exist.
            LimitReached: One of the two has as many contacts as the price plan allows.

        Source: Adding a contact
        """
        ...

    @DELETE(
        "/users/{owner_username}/contacts/users/{friend_username}",
        per_second(100),
        pick="entities.0",
        retry_safe=True,
    )
    async def remove(
        self, owner_username: Annotated[str, EXISTING_USER], friend_username: Annotated[str, EXISTING_USER]
    ) -> User:
        """Remove a user from the contacts of another.

        Args:
            owner_username: Whose contact list shrinks.
            friend_username: Who is taken off it.

        Returns:
            The user who was removed.

        Raises:
            NotFound: One of the two does not exist.

        Source: Removing a contact
        """
        ...

    @GET("/users/{owner_username}/contacts/users", per_second(100), pick="data", retry_safe=True)
    async def list(self, owner_username: Annotated[str, EXISTING_USER]) -> Sequence[str]:
        """List all contacts of a user in one answer; `list_page` goes page by page.

        Args:
            owner_username: Whose contact list.

        Returns:
            Usernames, those who are blocked too.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving the contact list
        """
        ...

    @GET(
        "/user/{username}/contacts",
        per_second(100),
        pick="data.contacts",
        next_page="cursor|data.cursor",
        retry_safe=True,
    )
    def list_page(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        limit: Annotated[int, Int(1, 50)] | None = 50,
        cursor: Annotated[str, ID] | None = None,
        need_return_remark: Annotated[bool, SentAs("needReturnRemark")] | None = None,
    ) -> Pages[Contact]:
        """List the contacts of a user, newest first, with remarks where asked for.

        Args:
            username: Whose contact list.
            limit: Contacts a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.
            need_return_remark: True gives the remarks too.

        Returns:
            A listing: await it for a page, iterate it for every contact.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving the contact list with pagination
        """
        ...

    @POST("/users/{owner_username}/blocks/users", per_second(50), pick="data", retry_safe=True)
    async def block_users(
        self,
        owner_username: Annotated[str, EXISTING_USER],
        usernames: Annotated[Sequence[str], Items(MAX_BLOCKED_AT_ONCE, each=EXISTING_USER)],
    ) -> Sequence[str]:
        """Block up to 50 users, whose messages the owner no longer gets; the owner can still write to them.

        Args:
            owner_username: Who blocks.
            usernames: 1 to 50 users, contacts or not; a block list holds at most 500.

        Returns:
            The users blocked by this call.

        Raises:
            NotFound: The owner or one of the users does not exist.
            LimitReached: The block list is full; other versions of the service may answer otherwise.

        Source: Add user to blacklist
        """
        ...

    @GET("/users/{owner_username}/blocks/users", per_second(50), pick="data", retry_safe=True)
    def list_blocked(
        self,
        owner_username: Annotated[str, EXISTING_USER],
        *,
        page_size: Annotated[int, Int(1, 50), SentAs("pageSize")] | None = None,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[str]:
        """List the users that a user blocks, newest block first.

        Args:
            owner_username: Whose block list.
            page_size: Users a page, 1 to 50; by default the whole list comes in one answer.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing of usernames: await it for a page, iterate it for every user.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving the blocklist
        """
        ...

    @DELETE(
        "/users/{owner_username}/blocks/users/{blocked_username}",
        per_second(50),
        pick="entities.0",
        retry_safe=True,
    )
    async def unblock_user(
        self, owner_username: Annotated[str, EXISTING_USER], blocked_username: Annotated[str, EXISTING_USER]
    ) -> User:
        """Take one user off the block list; a contact is then a contact again.

        Args:
            owner_username: Whose block list.
            blocked_username: Who is taken off it.

        Returns:
            The user who was unblocked.

        Raises:
            NotFound: One of the two does not exist.

        Source: Removing a user from the blocklist
        """
        ...
