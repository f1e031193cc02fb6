"""Members of groups: what becomes of changes."""

from __future__ import annotations

from attrs import frozen

from agora_chat_async.models.lists import GroupListChange


@frozen(kw_only=True)
class MemberChange(GroupListChange):
    """What became of adding one user to a group or removing one; `action` is `add_member` or `remove_member`."""
