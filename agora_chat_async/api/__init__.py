"""The declarations of the service's operations, a module a resource group, each loaded at its first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agora_chat_async._endpoint import Endpoint, Group

GROUPS: Final[Mapping[str, str]] = {
    "users": "Users",
    "contacts": "Contacts",
    "user_attributes": "UserAttributes",
    "mutes": "Mutes",
    "presence": "Presence",
    "messages": "Messages",
    "groups": "Groups",
    "group_members": "GroupMembers",
    "group_mutes": "GroupMutes",
    "group_blocks": "GroupBlocks",
    "group_allowlist": "GroupAllowlist",
    "rooms": "Rooms",
    "room_members": "RoomMembers",
    "room_attributes": "RoomAttributes",
    "room_mutes": "RoomMutes",
    "room_blocks": "RoomBlocks",
    "room_allowlist": "RoomAllowlist",
    "threads": "Threads",
    "thread_members": "ThreadMembers",
    "reactions": "Reactions",
    "files": "Files",
    "group_files": "GroupFiles",
    "push": "Push",
    "push_labels": "PushLabels",
    "callbacks": "Callbacks",
}
"""Class of each group, by the name of its module."""


def load_group(name: str) -> type[Group]:
    """Import one group's declarations."""
    group: type[Group] = getattr(import_module(f"{__name__}.{name}"), GROUPS[name])
    return group


def all_endpoints() -> Iterator[Endpoint]:
    """Import all declarations and give every endpoint: the route table."""
    for name in GROUPS:
        yield from load_group(name).endpoints.values()
