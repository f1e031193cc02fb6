"""Attributes of chat rooms: texts by key, each owned by the member who set it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from attrs import frozen

from agora_chat_async._checks import AN_OBJECT, EXISTING_USER, ID, Items, Str
from agora_chat_async._compile import SentAs
from agora_chat_async._endpoint import Group
from agora_chat_async._verbs import DELETE, POST, PUT
from agora_chat_async.errors import InvalidArgument
from agora_chat_async.models.room_attributes import RoomAttributesChange
from agora_chat_async.quota import per_second

MAX_CHANGED_AT_ONCE = 10
MAX_ATTRIBUTES = 100

_KEY = Str(128, pattern=re.compile(r"[A-Za-z0-9_\-.]+"), charset="A-Z a-z 0-9 _ - .")
_VALUE = Str(4096, least=0)


@frozen
class _Attributes:
    most_at_once: int

    def __call__(self, name: str, value: Any, /) -> Mapping[str, str]:
        attributes = AN_OBJECT(name, value)
        if not 1 <= len(attributes) <= self.most_at_once:
            raise InvalidArgument(name, f"{len(attributes)} entries", f"1 to {self.most_at_once} entries")
        return {_KEY(f"a key in {name}", key): _VALUE(f"{name}[{key!r}]", text) for key, text in attributes.items()}


def _auto_delete(name: str, value: Any) -> str:
    if not isinstance(value, bool):
        raise InvalidArgument(name, value, "True or False")
    return "DELETE" if value else "NO_DELETE"


Attributes = Annotated[Mapping[str, str], _Attributes(MAX_CHANGED_AT_ONCE), SentAs("metaData")]
AutoDelete = Annotated[bool, _auto_delete, SentAs("autoDelete")]
Keys = Annotated[Sequence[str], Items(MAX_CHANGED_AT_ONCE, each=_KEY)]


class RoomAttributes(
    Group,
    name="room_attributes",
    page="https://docs.agora.io/en/agora-chat/restful-api/chatroom-management/manage-chatroom-attributes",
):
    """Attributes of the chat rooms; one has at most 100."""

    @PUT("/metadata/chatroom/{chatroom_id}/user/{username}", per_second(100), pick="data", retry_safe=True)
    async def set(
        self,
        chatroom_id: Annotated[str, ID],
        username: Annotated[str, EXISTING_USER],
        attributes: Attributes,
        *,
        auto_delete: AutoDelete | None = None,
    ) -> RoomAttributesChange:
        """Set attributes of a chat room that are new, or that the same member set before.

        Args:
            chatroom_id: Id of the chat room.
            username: The member who sets them and owns them from then on.
            attributes: 1 to 10 texts of at most 4096 characters, by keys of at most 128 of the characters
                A-Z a-z 0-9 _ - .
            auto_delete: Drop them when that member leaves, which is the default; False keeps them.

        Returns:
            Which were set, and why the others were not: those of other members fail.

        Raises:
            ForbiddenOperation: The user is not in the chat room.
            NotFound: There is no such chat room.

        Source: Set custom attributes
        """
        ...

    @POST("/metadata/chatroom/{chatroom_id}", per_second(100), pick="data", sparse=True, retry_safe=True)
    async def get(
        self,
        chatroom_id: Annotated[str, ID],
        *,
        keys: Annotated[Sequence[str], Items(MAX_ATTRIBUTES, least=0, each=_KEY)] | None = None,
    ) -> Mapping[str, str]:
        """Fetch some or all attributes of a chat room.

        Args:
            chatroom_id: Id of the chat room.
            keys: At most 100 keys; all attributes where none is given.

        Returns:
            The texts by key, without those that are not set.

        Raises:
            NotFound: There is no such chat room.

        Source: Retrieve custom attributes
        """
        ...

    @DELETE(
        "/metadata/chatroom/{chatroom_id}/user/{username}",
        per_second(100),
        pick="data",
        in_body=True,
        retry_safe=True,
    )
    async def remove(
        self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER], keys: Keys
    ) -> RoomAttributesChange:
        """Remove attributes of a chat room that the same member set.

        Args:
            chatroom_id: Id of the chat room.
            username: The member who set them.
            keys: 1 to 10 keys.

        Returns:
            Which were removed, and why the others were not: those of other members fail, and those not set.

        Raises:
            ForbiddenOperation: The user is not in the chat room.
            NotFound: There is no such chat room.

        Source: Remove custom attributes
        """
        ...

    @PUT("/metadata/chatroom/{chatroom_id}/user/{username}/forced", per_second(100), pick="data", retry_safe=True)
    async def force_set(
        self,
        chatroom_id: Annotated[str, ID],
        username: Annotated[str, EXISTING_USER],
        attributes: Attributes,
        *,
        auto_delete: AutoDelete | None = None,
    ) -> RoomAttributesChange:
        """Set attributes of a chat room, whoever set them before.

        Args:
            chatroom_id: Id of the chat room.
            username: The member who sets them and owns them from then on.
            attributes: 1 to 10 texts of at most 4096 characters, by keys of at most 128 of the characters
                A-Z a-z 0-9 _ - .
            auto_delete: Drop them when that member leaves, which is the default; False keeps them.

        Returns:
            Which were set, and why the others were not.

        Raises:
            ForbiddenOperation: The user is not in the chat room.
            NotFound: There is no such chat room.

        Source: Forcibly set custom attributes
        """
        ...

    @DELETE(
        "/metadata/chatroom/{chatroom_id}/user/{username}/forced",
        per_second(100),
        pick="data",
        in_body=True,
        retry_safe=True,
    )
    async def force_remove(
        self, chatroom_id: Annotated[str, ID], username: Annotated[str, EXISTING_USER], keys: Keys
    ) -> RoomAttributesChange:
        """Remove attributes of a chat room, whoever set them.

        Args:
            chatroom_id: Id of the chat room.
            username: In whose name; need not be a member, `admin` will do.
            keys: 1 to 10 keys.

        Returns:
            Which were removed, and why the others were not: those not set fail.

        Raises:
            NotFound: There is no such chat room.

        Source: Forcibly remove custom attributes
        """
        ...
