"""Who may send in a group, in its threads and in a room."""

from __future__ import annotations

from collections.abc import Iterable

from agora_chat_async.emulator._errors import forbidden
from agora_chat_async.emulator._state.groups import Groups
from agora_chat_async.emulator._state.lists import MemberLists
from agora_chat_async.emulator._state.rooms import Rooms
from agora_chat_async.emulator._state.threads import Threads


class Speaking:
    """Refuses senders who were muted or blocked.

    The service does not say that it asks more of the server API: whoever is in no list may send, also to groups and
    rooms of which he is no member, or which nobody has made.
    """

    def __init__(
        self, groups: Groups, group_lists: MemberLists, rooms: Rooms, room_lists: MemberLists, threads: Threads
    ) -> None:
        self._groups = groups
        self._group_lists = group_lists
        self._rooms = rooms
        self._room_lists = room_lists
        self._threads = threads

    def refuse_in_groups(self, sender: str, targets: Iterable[str]) -> None:
        """Refuse a sender who is silenced in one of some groups, or of the threads that are named like groups."""
        for target in targets:
            group = self._groups.find(self._threads.group_of(target) or target)
            if group is None:
                continue
            if group["disabled"]:
                raise forbidden(f"group {group['id']} is disabled")
            if why := self._group_lists.why_silent(group["id"], sender, mute_all=group["mute"]):
                raise forbidden(why)

    def refuse_in_rooms(self, sender: str, targets: Iterable[str]) -> None:
        """Refuse a sender who is silenced in one of some rooms."""
        for target in targets:
            room = self._rooms.find(target)
            if room is not None and (why := self._room_lists.why_silent(target, sender, mute_all=room["mute"])):
                raise forbidden(why)
