"""Users: registration, bans, online state, offline messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from agora_chat_async._checks import EXISTING_USER, ID, NICKNAME, PASSWORD, USERNAME, Int, Items
from agora_chat_async._codec import to_dict
from agora_chat_async._compile import WHOLE, SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._pages import Page, Pages
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.users import DeliveryStatus, NewUser, OnlineStatus, Registration, User
from agora_chat_async.quota import per_second

MAX_REGISTERED_AT_ONCE = 60
MAX_ASKED_AT_ONCE = 100


def _new_user(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, NewUser):
        raise InvalidArgument(name, type(value).__name__, "a NewUser")
    data: dict[str, Any] = to_dict(value)
    return data


NEW_USERS = Items(MAX_REGISTERED_AT_ONCE, each=_new_user, secret=True)


def _total(counts: Mapping[str, Any]) -> int:
    return sum(int(count) for count in counts.values())


class Users(
    Group,
    name="users",
    page="https://docs.agora.io/en/agora-chat/restful-api/user-system-registration",
):
    """Users of the app."""

    @POST("/users", per_second(100), pick="entities.0", retry_safe=False)
    async def create(
        self,
        username: Annotated[str, USERNAME],
        *,
        password: Annotated[str, PASSWORD] | None = None,
        nickname: Annotated[str, NICKNAME] | None = None,
    ) -> User:
        """Register one user.

        Args:
            username: 1 to 64 of the characters a-z 0-9 _ - . and not taken.
            password: Login password, at most 64 bytes; apps whose users log in by token need none.
            nickname: Display name in push notifications, at most 100 characters.

        Returns:
            The new user.

        Raises:
            AlreadyExists: The name is taken.
            PlanLimitExceeded: The price plan holds no more users.

        Source: Registering a user
        """
        ...

    @POST("/users", per_second(100), retry_safe=False)
    async def create_many(self, users: Annotated[Sequence[NewUser], NEW_USERS, WHOLE]) -> Registration:
        """Register up to 60 users in one call, and learn which of them could not be.

        Args:
            users: 1 to 60 new users.

        Returns:
            The users created, in the order asked for, and those that failed with the reason of each.

        Raises:
            IllegalArgument: A name is not legal; nobody of the batch was registered.
            AlreadyExists: Some versions of the service refuse the whole batch for one taken name.

        Source: Registering multiple users
        """
        ...

    @GET("/users/{username}", per_second(100), pick="entities.0", retry_safe=True)
    async def get(self, username: Annotated[str, EXISTING_USER]) -> User:
        """Fetch one user.

        Args:
            username: At most 64 characters.

        Returns:
            The user; `activated` is False while banned.

        Raises:
            NotFound: There is no such user.

        Source: Querying a user
        """
        ...

    @GET("/users", per_second(100), pick="entities", retry_safe=True)
    def list(
        self, *, limit: Annotated[int, Int(1, 100)] | None = 100, cursor: Annotated[str, ID] | None = None
    ) -> Pages[User]:
        """List the users of the app, oldest first.

        Args:
            limit: Users a page, 1 to 100; None leaves it to the service.
            cursor: Where to begin, from an earlier page; the start by default.

        Returns:
            A listing: await it for a page, iterate it for every user.

        Source: Querying multiple users
        """
        ...

    @DELETE("/users/{username}", per_second(100), pick="entities.0", retry_safe=True)
    async def delete(self, username: Annotated[str, EXISTING_USER]) -> User:
        """Delete one user, with the groups and chat rooms that the user owns.

        Args:
            username: At most 64 characters.

        Returns:
            The user as it was.

        Raises:
            NotFound: There is no such user; after a repeat that means it is done.

        Source: Deleting a user
        """
        ...

    @DELETE("/users", per_second(30), pick="entities", retry_safe=False)
    async def delete_many(
        self, *, limit: Annotated[int, Int(1, 100)], cursor: Annotated[str, ID] | None = None
    ) -> Page[User]:
        """Delete the oldest users of the app: the service chooses whom, by age, and so the number has no default.

        Args:
            limit: How many to delete, 1 to 100.
            cursor: Go on after the users of an earlier call; begins with the oldest by default.

        Returns:
            The users deleted; `cursor` is None when no user is left.

        Source: Deleting multiple users
        """
        ...

    @PUT("/users/{username}/password", per_second(100), retry_safe=True)
    async def set_password(
        self, username: Annotated[str, EXISTING_USER], password: Annotated[str, PASSWORD, SentAs("newpassword")]
    ) -> None:
        """Set a new login password; the old one is not asked for, and devices are logged out.

        Args:
            username: At most 64 characters.
            password: 1 to 64 bytes.

        Raises:
            NotFound: There is no such user.

        Source: Modifying the password
        """
        ...

    @POST("/users/{username}/deactivate", per_second(100), pick="entities.0", retry_safe=True)
    async def ban(self, username: Annotated[str, EXISTING_USER]) -> User:
        """Ban a user, who is thrown out at once and cannot log in until unbanned.

        Args:
            username: At most 64 characters.

        Returns:
            The user, `activated` False.

        Raises:
            NotFound: There is no such user.

        Source: Banning a user
        """
        ...

    @POST("/users/{username}/activate", per_second(100), retry_safe=True)
    async def unban(self, username: Annotated[str, EXISTING_USER]) -> None:
        """Let a banned user log in again.

        Args:
            username: At most 64 characters.

        Raises:
            NotFound: There is no such user.

        Source: Unbanning a user
        """
        ...

    @GET("/users/{username}/disconnect", per_second(100), pick="data.result", retry_safe=True)
    async def disconnect(self, username: Annotated[str, EXISTING_USER]) -> bool:
        """Force a user offline on all devices; the user has to log in again.

        Args:
            username: At most 64 characters.

        Returns:
            True where it was done; False is a failure that the service reports without an error.

        Raises:
            NotFound: There is no such user.

        Source: Forcing a user offline
        """
        ...

    @GET("/users/{username}/status", per_second(100), pick="data.*", retry_safe=True)
    async def get_online_status(self, username: Annotated[str, EXISTING_USER]) -> OnlineStatus | str:
        """Tell whether a user has a device online.

        Args:
            username: At most 64 characters.

        Returns:
            `OnlineStatus`, or the text of a state that this version does not know.

        Raises:
            NotFound: There is no such user.

        Source: Querying the online state of a user
        """
        ...

    @POST("/users/batch/status", per_second(50), pick="data", retry_safe=True)
    async def get_online_status_many(
        self, usernames: Annotated[Sequence[str], Items(MAX_ASKED_AT_ONCE, each=EXISTING_USER)]
    ) -> Mapping[str, OnlineStatus | str]:
        """Tell for up to 100 users whether each is online; unknown users count as offline.

        Args:
            usernames: 1 to 100 names.

        Returns:
            The state of each name asked for.

        Source: Querying the online state of multiple users
        """
        ...

    @GET("/users/{owner_username}/offline_msg_count", per_second(100), pick="data", read=_total, retry_safe=True)
    async def count_offline_messages(self, owner_username: Annotated[str, EXISTING_USER]) -> int:
        """Count the messages that wait for a user.

        Args:
            owner_username: At most 64 characters.

        Returns:
            The number of messages.

        Raises:
            NotFound: There is no such user.

        Source: Querying the number of offline messages
        """
        ...

    @GET("/users/{username}/offline_msg_status/{msg_id}", per_second(100), pick="data.*", retry_safe=True)
    async def get_offline_message_status(
        self, username: Annotated[str, EXISTING_USER], msg_id: Annotated[str, ID]
    ) -> DeliveryStatus | str:
        """Tell whether a message reached a user.

        Args:
            username: The receiver.
            msg_id: Id of the message.

        Returns:
            `DeliveryStatus`, or the text of a state that this version does not know.

        Raises:
            NotFound: There is no such user.

        Source: Querying the delivery state of an offline message
        """
        ...
