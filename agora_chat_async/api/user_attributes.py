"""User attributes: free texts about a user, some of which the clients show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from agora_chat_async._checks import AN_OBJECT, EXISTING_USER, Check, Items, Str
from agora_chat_async._compile import SPREAD
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, GET, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.quota import per_second

MAX_USERS_AT_ONCE = 100
MAX_BYTES = 2 * 1024

_NAME = Str(most=MAX_BYTES, in_bytes=True)
_VALUE = Str(most=MAX_BYTES, least=0, in_bytes=True)
_CLIENT_VALUES: Mapping[str, Check] = {
    "nickname": Str(most=64, least=0),
    "avatarurl": Str(most=256, least=0),
    "phone": Str(most=32, least=0),
    "mail": Str(most=64, least=0),
    "gender": Str(most=1, least=0, pattern=re.compile(r"[012]?"), charset="0 1 2"),
    "sign": Str(most=256, least=0),
    "birth": Str(most=64, least=0),
}
"""Rules of the attributes that the client SDKs read; any other holds any text."""


def _attributes(name: str, value: Any) -> Mapping[str, str]:
    attributes = AN_OBJECT(name, value)
    for key, text in attributes.items():
        _NAME(f"a name in {name}", key)
        _CLIENT_VALUES.get(key, _VALUE)(f"{name}[{key!r}]", text)
    if not attributes:
        raise InvalidArgument(name, value, "at least one attribute")
    size = sum(len(key.encode()) + len(text.encode()) for key, text in attributes.items())
    if size > MAX_BYTES:
        raise InvalidArgument(name, f"{size} bytes", f"at most {MAX_BYTES} bytes of names and values")
    return attributes


def _not_capacity(name: str, value: Any) -> str:
    if value == "capacity":
        raise InvalidArgument(name, value, "another name, since this one's path tells the total size")
    return EXISTING_USER(name, value)


class UserAttributes(
    Group,
    name="user_attributes",
    page="https://docs.agora.io/en/agora-chat/restful-api/user-attributes-management",
):
    """Attributes of the users."""

    @PUT("/metadata/user/{username}", per_second(100), form=True, pick="data", retry_safe=True)
    async def set(
        self, username: Annotated[str, EXISTING_USER], attributes: Annotated[Mapping[str, str], _attributes, SPREAD]
    ) -> Mapping[str, str]:
        """Set some attributes of a user; the others stay as they are.

        Args:
            username: Whose attributes.
            attributes: Texts by name; all of a user's together take at most 2 KB. The client SDKs read `nickname` (at
                most 64 characters), `avatarurl` (256), `phone` (32), `mail` (64), `gender` (`1` male, `2` female,
                `0` unknown), `sign` (256), `birth` (64) and `ext`.

        Returns:
            The attributes that were set.

        Raises:
            Forbidden: The attributes of the user or of the app grow too large, or are not enabled for the app.

        Source: Setting user attributes
        """
        ...

    @GET("/metadata/user/{username}", per_second(100), pick="data", retry_safe=True)
    async def get(self, username: Annotated[str, _not_capacity]) -> Mapping[str, str]:
        """Fetch all attributes of a user.

        Args:
            username: Whose attributes; nobody checks whether there is such a user. A user `capacity` cannot be asked
                for here, only by `get_many`.

        Returns:
            Texts by name, empty for a user without attributes.

        Raises:
            Forbidden: Attributes are not enabled for the app.

        Source: Retrieving user attributes
        """
        ...

    @POST("/metadata/user/get", per_second(100), pick="data", sparse=True, retry_safe=True)
    async def get_many(
        self,
        targets: Annotated[Sequence[str], Items(MAX_USERS_AT_ONCE, each=EXISTING_USER)],
        # Nobody can have more names than bytes.
        properties: Annotated[Sequence[str], Items(MAX_BYTES, each=_NAME)],
    ) -> Mapping[str, Mapping[str, str]]:
        """Fetch chosen attributes of up to 100 users.

        Args:
            targets: 1 to 100 usernames.
            properties: Names of the attributes wanted, at least one.

        Returns:
            For each user the attributes there are; a user without any may be empty or left out.

        Raises:
            Forbidden: Attributes are not enabled for the app.

        Source: Retrieving the user attributes of multiple users
        """
        ...

    @GET("/metadata/user/capacity", per_second(100), pick="data", retry_safe=True)
    async def get_total_size(self) -> int:
        """Tell how much all attributes of all users take.

        Returns:
            Bytes; an app has 10 GB by default.

        Raises:
            Forbidden: Attributes are not enabled for the app.

        Source: Retrieving the total size of user attributes in the app
        """
        ...

    @DELETE("/metadata/user/{username}", per_second(100), pick="data", retry_safe=True)
    async def delete(self, username: Annotated[str, EXISTING_USER]) -> bool:
        """Delete all attributes of a user; single ones cannot be chosen.

        Args:
            username: Whose attributes; nobody checks whether there is such a user.

        Returns:
            True where it was done, also where there were none.

        Raises:
            Forbidden: Attributes are not enabled for the app.

        Source: Deleting user attributes
        """
        ...
