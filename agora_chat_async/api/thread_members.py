"""Members of threads: who takes part in a discussion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from agora_chat_async._checks import EXISTING_USER, ID, Int, Items
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.thread_members import ThreadRemoval
from agora_chat_async.quota import per_second

MAX_MEMBERS_AT_ONCE = 10
MAX_MEMBERS_A_PAGE = 50

Usernames = Annotated[Sequence[str], Items(MAX_MEMBERS_AT_ONCE, each=EXISTING_USER)]


class ThreadMembers(
    Group,
    name="thread_members",
    page="https://docs.agora.io/en/agora-chat/restful-api/thread-management/manage-thread-members",
):
    """Members of the threads."""

    @GET(
        "/thread/{thread_id}/users",
        per_second(100),
        pick="data.affiliations",
        next_page="properties.cursor",
        retry_safe=True,
    )
    def list(
        self,
        thread_id: Annotated[str, ID],
        *,
        limit: Annotated[int, Int(1, MAX_MEMBERS_A_PAGE)] | None = MAX_MEMBERS_A_PAGE,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[str]:
        """List the members of a thread.

        Args:
            thread_id: Id of the thread.
            limit: Members a page, 1 to 50; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing of usernames: await it for a page, iterate it for every member.

        Raises:
            NotFound: There is no such thread.

        Source: Retrieving thread members
        """
        ...

    @POST("/thread/{thread_id}/users", per_second(100), retry_safe=True)
    async def add(self, thread_id: Annotated[str, ID], usernames: Usernames) -> None:
        """Add up to 10 users to a thread, all of them or none; those who are in it already do no harm.

        Args:
            thread_id: Id of the thread.
            usernames: 1 to 10 members of the thread's group.

        Raises:
            Forbidden: One of the users is in too many threads.
            NotFound: There is no such thread, or one of the users is not in its group.

        Source: Adding multiple users to a thread
        """
        ...

    @DELETE("/thread/{thread_id}/users", per_second(100), pick="entities", in_body=True, retry_safe=True)
    async def remove(self, thread_id: Annotated[str, ID], usernames: Usernames) -> Sequence[ThreadRemoval]:
        """Remove up to 10 users from a thread.

        Args:
            thread_id: Id of the thread.
            usernames: 1 to 10 names.

        Returns:
            What became of each; who is not in the thread, perhaps after an earlier try, counts as not removed.

        Raises:
            NotFound: There is no such thread.

        Source: Removing multiple thread members
        """
        ...
