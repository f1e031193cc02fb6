"""Presence: states of devices, and who is told about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from agora_chat_async._checks import EXISTING_USER, ID, Int, Items, Str
from agora_chat_async._compile import WHOLE, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Pages
from agora_chat_async._verbs import DELETE, GET, POST
from agora_chat_async.models.presence import PresenceState, PresenceSubscription, UserPresence
from agora_chat_async.quota import per_second

MAX_USERS_AT_ONCE = 100
MAX_EXPIRY = 30 * 86_400
MAX_SUBSCRIPTIONS = 3000

_STATE = Str(most=20, pattern=re.compile(r"[0-9]+"), charset="0-9")
_EXPIRY = Int(1, MAX_EXPIRY)


def _expiry(name: str, value: Any) -> str:
    return str(_EXPIRY(name, value))


def _state(name: str, value: Any) -> str:
    return str(_STATE(name, value))


Usernames = Annotated[Sequence[str], Items(MAX_USERS_AT_ONCE, each=EXISTING_USER)]


class Presence(
    Group,
    name="presence",
    page="https://docs.agora.io/en/agora-chat/restful-api/presence",
):
    """Presence of the users; it has to be enabled for the app."""

    @POST("/users/{username}/presence/{resource}/{status}", per_second(50), retry_safe=True)
    async def set_status(
        self,
        username: Annotated[str, EXISTING_USER],
        resource: Annotated[str, ID],
        status: Annotated[PresenceState | str, _state],
        ext: Annotated[str, Str(most=1024, in_bytes=True)],
    ) -> None:
        """Set the state of one device of a user, and tell those who subscribed to the user.

        Args:
            username: Whose presence.
            resource: The device, as `android_123423453246`, or its platform.
            status: `PresenceState`, or the digits of a state of your own.
            ext: Free text about the presence, 1 to 1024 bytes; a user has one for all devices.

        Raises:
            BadRequest: There is no such device, or presence is not enabled for the app.
            RateLimited: Calls came too fast, which presence also tells by status 400.

        Source: Set the presence status of a user
        """
        ...

    @POST("/users/{username}/presence/{expiry}", per_second(50), pick="result", retry_safe=True)
    async def subscribe(
        self,
        username: Annotated[str, EXISTING_USER],
        usernames: Usernames,
        *,
        expiry: Annotated[int, _expiry],
    ) -> Sequence[UserPresence]:
        """Subscribe a user to the presence of up to 100 others for a time; doing it again sets the time anew.

        Args:
            username: Who is told.
            usernames: 1 to 100 users to be told about, not the subscriber; a user can have 3000 subscribers.
            expiry: Seconds from now, at most 2592000, which is 30 days.

        Returns:
            The presence of each user and the end of the subscription, in no certain order.

        Raises:
            BadRequest: The user is among those to be told about, or presence is not enabled for the app.

        Source: Subscribe to the presence status of multiple users
        """
        ...

    @POST("/users/{username}/presence", per_second(50), pick="result", retry_safe=True)
    async def get_status(self, username: Annotated[str, EXISTING_USER], usernames: Usernames) -> Sequence[UserPresence]:
        """Fetch the presence of up to 100 users; no subscription is needed.

        Args:
            username: In whose name it is asked.
            usernames: 1 to 100 users.

        Returns:
            The presence of each user, in no certain order; none where the asking user is unknown.

        Raises:
            BadRequest: Presence is not enabled for the app.
            RateLimited: Calls came too fast, which presence also tells by status 400.

        Source: Retrieve the presence status of multiple users
        """
        ...

    @DELETE("/users/{username}/presence", per_second(50), in_body=True, retry_safe=True)
    async def unsubscribe(
        self, username: Annotated[str, EXISTING_USER], usernames: Annotated[Usernames, WHOLE]
    ) -> None:
        """End the subscriptions of a user to up to 100 others.

        Args:
            username: Who is no longer told.
            usernames: 1 to 100 users.

        Raises:
            BadRequest: Presence is not enabled for the app.

        Source: Unsubscribe from the presence status of multiple users
        """
        ...

    @GET(
        "/users/{username}/presence/sublist",
        per_second(50),
        pick="result.sublist",
        numbered=("pageNum", "pageSize"),
        retry_safe=True,
    )
    def list_subscriptions(
        self,
        username: Annotated[str, EXISTING_USER],
        *,
        page: Annotated[int, Int(1, MAX_SUBSCRIPTIONS), SentAs("pageNum")] = 1,
        page_size: Annotated[int, Int(1, 500), SentAs("pageSize")] = 100,
    ) -> Pages[PresenceSubscription]:
        """List whose presence a user is told about.

        Args:
            username: The subscriber.
            page: Number of the page to begin with, from 1.
            page_size: Subscriptions a page, 1 to 500; some versions of the service give at most 100.

        Returns:
            A listing: await it for a page, iterate it for every subscription; a page's `extra` holds the total.

        Raises:
            BadRequest: Presence is not enabled for the app.
            RateLimited: Calls came too fast, which presence also tells by status 400.

        Source: Retrieve the subscriptions of a user
        """
        ...
