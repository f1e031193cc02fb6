"""Users: what is registered and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from attrs import field, frozen
from cattrs import override

from agora_chat_async._checks import NICKNAME, PASSWORD, USERNAME, obeys
from agora_chat_async.models._base import Model, moment


@frozen
class NewUser:
    """A user to register."""

    username: str = field(validator=obeys(USERNAME))
    """1 to 64 of the characters a-z 0-9 _ - ."""
    password: str | None = field(default=None, repr=False, validator=obeys(PASSWORD))
    """Login password, at most 64 bytes; apps whose users log in by token need none."""
    nickname: str | None = field(default=None, validator=obeys(NICKNAME))
    """Display name in push notifications, at most 100 characters."""

    @property
    def item_key(self) -> str:
        """What an answer to many calls it."""
        return self.username


@frozen(kw_only=True)
class PushInfo(Model):
    """A device of a user that push notifications go to."""

    device_id: Annotated[str | None, override(rename="device_Id")] = None
    device_token: str | None = field(default=None, repr=False)
    notifier_name: str | None = None


@frozen(kw_only=True)
class User(Model):
    """A registered user."""

    username: str
    uuid: str | None = None
    """The service's own id of the user."""
    type: str | None = None
    """Always `user`."""
    created: int | None = None
    """Milliseconds since 1970."""
    modified: int | None = None
    """Milliseconds since 1970."""
    activated: bool | None = None
    """False while the user is banned."""
    nickname: str | None = None
    """Display name in push notifications."""
    push_info: Annotated[Sequence[PushInfo] | None, override(rename="pushInfo")] = None

    @property
    def created_at(self) -> datetime | None:
        """Moment of registration."""
        return moment(self.created)

    @property
    def modified_at(self) -> datetime | None:
        """Moment of the last change."""
        return moment(self.modified)


@frozen(kw_only=True)
class RegisterFailure(Model):
    """A user that a batch did not register."""

    username: str
    reason: Annotated[str | None, override(rename="registerUserFailReason")] = None
    """The service's words, such as `the anna already exists`."""

    @property
    def ok(self) -> bool:
        """Never true."""
        return False

    @property
    def already_exists(self) -> bool:
        """True where the name was taken."""
        return "already exists" in (self.reason or "").lower()


@frozen(kw_only=True)
class Registration(Model):
    """What became of a batch of new users."""

    created: Annotated[Sequence[User], override(rename="entities")] = ()
    failed: Annotated[Sequence[RegisterFailure], override(rename="data")] = ()

    def outcome_of(self, username: str) -> User | RegisterFailure | None:
        """Tell what became of one user; None where nothing is said of the name."""
        told: Sequence[User | RegisterFailure] = (*self.created, *self.failed)
        return next((user for user in told if user.username == username), None)


class OnlineStatus(StrEnum):
    """Whether a user has a device connected."""

    ONLINE = "online"
    OFFLINE = "offline"


class DeliveryStatus(StrEnum):
    """Whether an offline message reached its receiver."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
