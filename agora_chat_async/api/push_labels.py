"""Push labels: named sets of users to whom notifications can be sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, cast

from agora_chat_async._checks import EXISTING_USER, ID, LABEL, Int, Items, Str
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.push_labels import PushLabel, PushLabelChange, PushLabelUser
from agora_chat_async.quota import Quota, per_second

MAX_CHANGED_AT_ONCE: Final = 100

LABELS: Final = Quota("push labels", (per_second(100),))
"""What all operations on labels may be called together."""

_NEW_LABEL: Final = Str(most=64, pattern=re.compile(r"[a-zA-Z0-9_.\-]+"), charset="a-z A-Z 0-9 _ - .")


def _entry(envelope: Any) -> Any:
    """Take the user out of the answer, which is empty in one way or another where the label does not have that one."""
    if not isinstance(envelope, dict):
        raise TypeError("the answer is no object")
    entry = cast("dict[str, Any]", envelope).get("data")
    nobody = isinstance(entry, dict) and cast("dict[str, Any]", entry).get("username") is None
    return None if nobody else cast("Any", entry)


Usernames = Annotated[Sequence[str], Items(MAX_CHANGED_AT_ONCE, each=EXISTING_USER)]


class PushLabels(
    Group,
    name="push_labels",
    page="https://docs.agora.io/en/agora-chat/restful-api/push-notification-management",
):
    """Push labels of the app."""

    @POST("/push/label", LABELS, pick="data", retry_safe=False)
    async def create(
        self, name: Annotated[str, _NEW_LABEL], *, description: Annotated[str, Str(most=255, least=0)] | None = None
    ) -> PushLabel:
        """Create a label, of which an app has at most 100.

        Args:
            name: 1 to 64 of the characters a-z A-Z 0-9 _ - . and not taken, in whatever case.
            description: At most 255 characters.

        Returns:
            The label, without users.

        Raises:
            AlreadyExists: The name is taken.
            LimitReached: The app has as many labels as it may.
            FeatureNotEnabled: The app has no push service.

        Source: Create a push label
        """
        ...

    @GET("/push/label/{label_name}", LABELS, pick="data", retry_safe=True)
    async def get(self, label_name: Annotated[str, LABEL]) -> PushLabel:
        """Fetch one label.

        Args:
            label_name: At most 64 characters.

        Returns:
            The label, with the number of its users.

        Raises:
            NotFound: There is no such label.

        Source: Query the detailed information of a push label
        """
        ...

    @GET("/push/label", LABELS, pick="data", retry_safe=True)
    def list(
        self, *, limit: Annotated[int, Int(1, 100)] | None = 100, cursor: Annotated[str, ID] | None = None
    ) -> Pages[PushLabel]:
        """List the labels of the app, newest first.

        Args:
            limit: Labels a page, 1 to 100; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing: await it for a page, iterate it for every label.

        Source: Query the detailed information of push labels by page
        """
        ...

    @DELETE("/push/label/{label_name}", LABELS, retry_safe=True)
    async def delete(self, label_name: Annotated[str, LABEL]) -> None:
        """Delete one label; its users stay users.

        Args:
            label_name: At most 64 characters.

        Raises:
            NotFound: There is no such label; after a repeat that means it is done.

        Source: Delete a push label
        """
        ...

    @POST("/push/label/{label_name}/user", LABELS, pick="data", retry_safe=True)
    async def add_users(self, label_name: Annotated[str, LABEL], usernames: Usernames) -> PushLabelChange:
        """Put up to 100 users under a label, which holds at most 20000.

        Args:
            label_name: At most 64 characters.
            usernames: 1 to 100 names.

        Returns:
            The users put there, and the others with the reason of each.

        Raises:
            NotFound: There is no such label.
            LimitReached: The label has as many users as it may.

        Source: Add users to a push label
        """
        ...

    @GET("/push/label/{label_name}/user/{username}", LABELS, read=_entry, retry_safe=True)
    async def get_user(
        self, label_name: Annotated[str, LABEL], username: Annotated[str, EXISTING_USER]
    ) -> PushLabelUser | None:
        """Tell whether a user is under a label, and since when.

        Args:
            label_name: At most 64 characters.
            username: At most 64 characters.

        Returns:
            The user's entry; None for a user who is not under the label.

        Raises:
            NotFound: There is no such label.

        Source: Query the specified user under the specified push label
        """
        ...

    @GET("/push/label/{label_name}/user", LABELS, pick="data", retry_safe=True)
    def list_users(
        self,
        label_name: Annotated[str, LABEL],
        *,
        limit: Annotated[int, Int(1, 100)] | None = 100,
        cursor: Annotated[str, ID] | None = None,
    ) -> Pages[PushLabelUser]:
        """List the users under a label, in the order in which they were put there.

        Args:
            label_name: At most 64 characters.
            limit: Users a page, 1 to 100; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing: await it for a page, iterate it for every user.

        Raises:
            NotFound: There is no such label.

        Source: Query the detailed information of users under the specified push label by page
        """
        ...

    @DELETE("/push/label/{label_name}/user", LABELS, in_body=True, pick="data", retry_safe=True)
    async def remove_users(self, label_name: Annotated[str, LABEL], usernames: Usernames) -> PushLabelChange:
        """Take up to 100 users out of a label.

        Args:
            label_name: At most 64 characters.
            usernames: 1 to 100 names.

        Returns:
            The users taken out, and the others with the reason of each.

        Raises:
            NotFound: There is no such label.

        Source: Remove users from a push label
        """
        ...
