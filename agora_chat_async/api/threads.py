"""Threads: discussions that hang on group messages."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from agora_chat_async._checks import EXISTING_USER, ID, Int, OneOf, Str
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.models.threads import Thread
from agora_chat_async.quota import per_second

MAX_THREADS_A_PAGE = 50

_NUMBER = Int(1, (1 << 63) - 1)

ThreadName = Annotated[str, Str(most=64)]
PageSize = Annotated[int, Int(1, MAX_THREADS_A_PAGE)]
Sort = Annotated[Literal["asc", "desc"], OneOf(("asc", "desc"))]


def _id(name: str, value: Any) -> str | int:
    return _NUMBER(name, value) if isinstance(value, int) else ID(name, value)


class Threads(
    Group,
    name="threads",
    page="https://docs.agora.io/en/agora-chat/restful-api/thread-management/create-delete-retrieve-threads",
):
    """Threads of the app's groups."""

    @POST("/thread", per_second(100), pick="data.thread_id", retry_safe=False)
    async def create(
        self,
        group_id: Annotated[str | int, _id],
        name: ThreadName,
        msg_id: Annotated[str | int, _id],
        owner: Annotated[str, EXISTING_USER],
    ) -> str:
        """Create a thread on a group message, which can have one.

        Args:
            group_id: The group in which the message was sent; as the service takes the two ids, as text or number.
            name: 1 to 64 characters.
            msg_id: The message that it hangs on.
            owner: Who creates it, a member of the group.

        Returns:
            Id of the thread.

        Raises:
            BadRequest: The message was not sent in that group.
            Forbidden: The message has a thread already, or a limit of threads is reached.
            NotFound: There is no such group or message, or the owner is not in the group.
            OutcomeUnknown: The answer was lost; the thread may have been created.

        Source: Creating a thread
        """
        ...

    @PUT("/thread/{thread_id}", per_second(100), pick="data.name", retry_safe=True)
    async def update(self, thread_id: Annotated[str, ID], name: ThreadName) -> str:
        """Rename a thread.

        Args:
            thread_id: Id of the thread.
            name: The new name, 1 to 64 characters.

        Returns:
            The new name.

        Raises:
            NotFound: There is no such thread.

        Source: Modifying a thread
        """
        ...

    @DELETE("/thread/{thread_id}", per_second(100), retry_safe=True)
    async def delete(self, thread_id: Annotated[str, ID]) -> None:
        """Delete a thread for all its members.

        Args:
            thread_id: Id of the thread.

        Raises:
            NotFound: There is no such thread, perhaps since an earlier try deleted it.

        Source: Deleting a thread
        """
        ...

    @GET("/thread", per_second(100), pick="entities", next_page="properties.cursor", retry_safe=True)
    def list(
        self,
        *,
        limit: PageSize | None = MAX_THREADS_A_PAGE,
        cursor: Annotated[str, ID] | None = None,
        sort: Sort | None = None,
    ) -> Pages[Thread]:
        """List the threads of the app, of which the service tells the ids only.

        Args:
            limit: Threads a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.
            sort: By the time of creation: `desc`, the default, begins with the newest, `asc` with the oldest.

        Returns:
            A listing: await it for a page, iterate it for every thread.

        Source: Retrieving all the threads under the app
        """
        ...

    @GET("/threads/user/{username}", per_second(100), pick="entities", next_page="properties.cursor", retry_safe=True)
    def list_joined(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        limit: PageSize | None = MAX_THREADS_A_PAGE,
        cursor: Annotated[str, ID] | None = None,
        sort: Sort | None = None,
    ) -> Pages[Thread]:
        """List the threads that a user is in, over all groups.

        Args:
            username: At most 64 characters.
            limit: Threads a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.
            sort: By the time of creation: `desc`, the default, begins with the newest, `asc` with the oldest.

        Returns:
            A listing: await it for a page, iterate it for every thread.

        Raises:
            NotFound: There is no such user.

        Source: Retrieving all the threads a user joins under the app
        """
        ...

    @GET(
        "/threads/chatgroups/{group_id}/user/{username}",
        per_second(100),
        pick="entities",
        next_page="properties.cursor",
        retry_safe=True,
    )
    def list_joined_in_group(
        self,
        group_id: Annotated[str, ID],
        username: Annotated[str, EXISTING_USER],
        *,
        limit: PageSize | None = MAX_THREADS_A_PAGE,
        cursor: Annotated[str, ID] | None = None,
        sort: Sort | None = None,
    ) -> Pages[Thread]:
        """List the threads of one group that a user is in.

        Args:
            group_id: Id of the group.
            username: At most 64 characters.
            limit: Threads a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.
            sort: By the time of creation: `desc`, the default, begins with the newest, `asc` with the oldest.

        Returns:
            A listing: await it for a page, iterate it for every thread.

        Raises:
            NotFound: There is no such user or group.

        Source: Retrieving all the threads a user joins under a chat group
        """
        ...
