"""How one emulator behaves where the service, or what is known of it, leaves a choice."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Final, Literal, get_args

from attrs import field, frozen

DEMO_ORG: Final = "demo-org"
DEMO_APP: Final = "demo-app"
DEMO_APP_ID: Final = "de300000000000000000000000000001"
DEMO_CERTIFICATE: Final = "ce270000000000000000000000000001"

HISTORY_DAYS: Final = {"free": 7, "starter": 90}
"""How long messages are kept, by plan; 180 days in the others."""
MAX_CONTACTS: Final = {"free": 100, "starter": 250, "pro": 1000}
"""How many contacts a user can have, by plan; 10000 in the others."""
MAX_USERS: Final = {"free": 500, "starter": 50_000, "pro": 100_000}
"""How many users an app can register, by plan: its monthly active users, which are all that the emulator knows of."""

Dialect = Literal["agora", "easemob"]
"""The vendors who document the service, each in its own way."""


@frozen
class Settings:
    """What app is emulated, and how."""

    org: str
    app: str
    app_id: str
    certificate: str = field(repr=False)
    plan: str | None = None
    batch_conflict: Literal["partial", "refuse"] = "partial"
    too_large: Literal[413, 400] = 413
    presence_too_fast: Literal[400, 429] = 400
    dialect: Dialect = "agora"
    """Whose pages hold where the vendor's disagree on an answer."""
    moderated: tuple[str, ...] = ()
    """Words that names and announcements of groups may not hold."""
    max_users: int | None = None
    """How many users can be registered; by default as many as the plan has."""
    over_plan: bool = False
    """Refuse everything, since the app uses more than its plan has."""
    strict: bool = True
    """Refuse members of a body and query parameters that the operation does not have."""
    now: Callable[[], float] = time.time
    """The wall clock, in seconds since 1970."""

    def __attrs_post_init__(self) -> None:
        if self.batch_conflict not in {"partial", "refuse"}:
            raise ValueError(f"batch_conflict is 'partial' or 'refuse', got {self.batch_conflict!r}")
        if self.too_large not in {413, 400}:
            raise ValueError(f"too_large is 413 or 400, got {self.too_large!r}")
        if self.presence_too_fast not in {400, 429}:
            raise ValueError(f"presence_too_fast is 400 or 429, got {self.presence_too_fast!r}")
        if self.dialect not in get_args(Dialect):
            raise ValueError(f"dialect is one of {', '.join(get_args(Dialect))}, got {self.dialect!r}")
        if self.max_users is not None and self.max_users < 0:
            raise ValueError(f"max_users is 0 or more, got {self.max_users}")
        for name in (self.org, self.app):
            if not name or "/" in name or name == "_emulator":
                raise ValueError(f"{name!r} cannot be the name of an org or app here")

    @property
    def application(self) -> str:
        """The id that the service has for the app in its answers."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.org}/{self.app}"))

    @property
    def easemob(self) -> bool:
        """Whether the newer pages of Easemob hold where they and Agora's disagree."""
        return self.dialect == "easemob"

    @property
    def edition(self) -> str:
        """The price plan as refusals name it."""
        return self.plan or "enterprise"

    @property
    def most_users(self) -> int | None:
        """How many users can be registered; None where the plan does not say."""
        return MAX_USERS.get(self.plan or "") if self.max_users is None else self.max_users

    @property
    def history_days(self) -> int:
        """How many days messages can be fetched."""
        return HISTORY_DAYS.get(self.plan or "", 180)

    @property
    def max_contacts(self) -> int:
        """How many contacts a user can have."""
        return MAX_CONTACTS.get(self.plan or "", 10_000)
