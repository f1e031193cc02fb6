"""Contacts: who stands on a user's list."""

from __future__ import annotations

from attrs import frozen

from agora_chat_async.models._base import Model


@frozen(kw_only=True)
class Contact(Model):
    """An entry of a contact list."""

    username: str
    remark: str | None = None
    """The owner's own name for the contact, where there is one and remarks were asked for."""
