"""How one emulator behaves where the service, or what is known of it, leaves a choice."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, get_args

from attrs import field, frozen

from agora_chat_async.emulator._limits import PLAN_LIMITS, Limits

DEMO_ORG: Final = "demo-org"
DEMO_APP: Final = "demo-app"
DEMO_APP_ID: Final = "de300000000000000000000000000001"
DEMO_CERTIFICATE: Final = "ce270000000000000000000000000001"

Dialect = Literal["agora", "easemob"]
"""The vendors who document the service, each in its own way."""
_CHOICES: Final[Mapping[str, tuple[Any, ...]]] = {
    "batch_conflict": ("partial", "refuse"),
    "too_large": (413, 400),
    "dialect": get_args(Dialect),
    "presence_too_fast": (400, 429),
    "wrong_method": (500, 405),
    "unknown_path": (501, 500),
    "unknown_user": (None, 400, 404),
    "upper_case": ("refuse", "fold"),
}


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
    wrong_method: Literal[500, 405] = 500
    unknown_path: Literal[501, 500] = 501
    unknown_user: Literal[400, 404] | None = None
    """Status where the sources name both for a user who does not exist; None is what each operation holds true."""
    upper_case: Literal["refuse", "fold"] = "refuse"
    """What becomes of capitals in the name of a new user."""
    require_password: bool = False
    limits: Limits = PLAN_LIMITS["enterprise"]
    over_plan: bool = False
    """Refuse everything, since the app uses more than its plan has."""
    strict: bool = True
    """Refuse members of a body and query parameters that the operation does not have."""
    now: Callable[[], float] = time.time
    """The wall clock, in seconds since 1970."""

    def __attrs_post_init__(self) -> None:
        for name, values in _CHOICES.items():
            if (value := getattr(self, name)) not in values:
                raise ValueError(f"{name} is {' or '.join(map(repr, values))}, got {value!r}")
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
