"""The handlers of all groups in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agora_chat_async.emulator import (
    _callbacks,
    _contacts,
    _files,
    _group_members,
    _groups,
    _member_lists,
    _messages,
    _mutes,
    _older,
    _presence,
    _push,
    _push_labels,
    _reactions,
    _room_attributes,
    _room_members,
    _rooms,
    _threads,
    _tokens,
    _user_attributes,
    _users,
)
from agora_chat_async.emulator._call import Handler, Prepare
from agora_chat_async.emulator._errors import Refusal

_GROUPS: Final = (
    _tokens,
    _users,
    _contacts,
    _user_attributes,
    _mutes,
    _presence,
    _messages,
    _files,
    _groups,
    _group_members,
    _rooms,
    _room_members,
    _room_attributes,
    _member_lists,
    _threads,
    _reactions,
    _push,
    _push_labels,
    _callbacks,
    _older,
)
HANDLERS: Final[Mapping[str, Handler]] = {
    name: handler for group in _GROUPS for name, handler in group.answers.handlers.items()
}
"""By the id of the operation; what no handler here answers is answered with 501."""
TOO_FAST: Final[Mapping[str, Callable[[], Refusal]]] = {
    name: refusal for group in _GROUPS for name, refusal in group.answers.too_fast.items()
}
"""How operations refuse calls above their quota, where not as the others do."""
PREPARE: Final[Mapping[str, Prepare]] = {
    name: step for group in _GROUPS for name, step in group.answers.prepare.items()
}
"""What operations have to wait for before their handler runs."""
