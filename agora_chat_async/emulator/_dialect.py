"""Errors as the newer pages of Easemob name them, who document the same service as Agora.

Where the two disagree, the emulator answers as Agora's pages say, and as this table says when that is asked for. What
is more than another name, such as an answer in place of an error, is up to the handlers.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from attrs import frozen

from agora_chat_async.emulator._errors import Refusal


@frozen
class _Renamed:
    operations: str
    """Patterns of their ids."""
    status: int
    error: str
    words: str
    """Part of the description."""
    other_status: int
    other_error: str
    other_words: str = ""
    """Whole description, where it is another one; placeholders of the path can stand in it."""


_NO_GROUP: Final = "grpID {group} does not exist!"
_RENAMED: Final = (
    _Renamed(
        "group_files.list group_files.upload group_files.download group_files.delete",
        *(404, "service_resource_not_found", "no group"),
        *(404, "RestGroupFeignException", _NO_GROUP),
    ),
    _Renamed(
        "group_members.list",
        *(404, "service_resource_not_found", "no group"),
        *(404, "service_resource_not_found", "do not find this group:{group}"),
    ),
    _Renamed(
        "groups.* group_members.add* group_members.remove* group_members.list_admins group_files.*_announcement"
        " group_mutes.* group_blocks.* group_allowlist.*",
        *(404, "service_resource_not_found", "no group"),
        *(404, "resource_not_found", _NO_GROUP),
    ),
    _Renamed(
        "rooms.update rooms.delete rooms.*_announcement room_members.add* room_members.remove*"
        " room_members.list_admins room_mutes.* room_blocks.* room_allowlist.* room_attributes.get",
        *(404, "service_resource_not_found", "no chatroom"),
        *(404, "resource_not_found"),
    ),
    _Renamed("groups.create group_members.* rooms.create", 403, "forbidden_op", "too many groups", 403, "exceed_limit"),
    _Renamed("room_members.*", 403, "forbidden_op", "too many groups", 403, "exceeded_limit"),
    _Renamed("room_members.add*", 400, "illegal_argument", "doesn't exist", 404, "resource_not_found"),
    _Renamed("room_members.remove*", 403, "forbidden_op", "doesn't exist in group", 400, "forbidden_op"),
    _Renamed("room_members.remove*", 403, "forbidden_op", "are not members", 400, "forbidden_op"),
)


def in_easemob(refusal: Refusal, operation: str, path: Mapping[str, str]) -> Refusal:
    """Name a refusal of an operation as Easemob's pages do; `path` is what fills its placeholders."""
    for row in _RENAMED:
        if (
            (refusal.status, refusal.error) == (row.status, row.error)
            and row.words in refusal.description
            and any(fnmatchcase(operation, pattern) for pattern in row.operations.split())
        ):
            group = path.get("group_id") or path.get("group_ids", "")
            words = row.other_words.format(group=group) or refusal.description
            return Refusal(row.other_status, row.other_error, words)
    return refusal
