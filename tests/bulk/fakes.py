"""A service in memory that answers `users.create_many` as the real one does, faults included."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import anyio
from attrs import define, field

from agora_chat_async.bulk.provisioning import HasRate
from agora_chat_async.errors import AlreadyExists, IllegalArgument, NotFound
from agora_chat_async.models.users import NewUser, RegisterFailure, Registration, User
from agora_chat_async.quota import Rate


def taken_error(name: str) -> AlreadyExists:
    return AlreadyExists(
        status=400,
        error="duplicate_unique_property_exists",
        description=f"Entity user requires that property named username be unique, value of {name}",
    )


@define
class FakeUsers:
    existing: set[str] = field(factory=set)
    refuse: bool = False
    """Whether one taken name makes the service refuse the whole batch."""
    illegal: set[str] = field(factory=set)
    """Names for which the whole batch is refused, without saying which of them it is about."""
    unnamed: bool = False
    """Whether a refusal for a taken name leaves the name out."""
    reasons: dict[str, str] = field(factory=dict)
    """Other reasons not to register a name."""
    before: Callable[[Sequence[NewUser]], object] | None = None
    after: Callable[[Sequence[NewUser]], object] | None = None
    asking: Callable[[str], object] | None = None
    """Called before a user is told of."""
    asked: list[str] = field(factory=list)
    set: dict[str, str] = field(factory=dict)
    """Passwords that were set, by name."""
    batches: list[list[str]] = field(factory=list)
    created: dict[str, int] = field(factory=dict)
    """When names were registered, in milliseconds; those that existed before are as old as time."""
    running: int = 0
    most_running: int = 0
    gate: anyio.Event | None = None

    async def create_many(self, users: Sequence[NewUser]) -> Registration:
        names = [user.username for user in users]
        self.batches.append(names)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await (self.gate.wait() if self.gate else anyio.lowlevel.checkpoint())
            if self.before:
                self.before(users)
            registration = self._register(users)
            if self.after:
                self.after(users)
            return registration
        finally:
            self.running -= 1

    async def get(self, username: str) -> User:
        await anyio.lowlevel.checkpoint()
        self.asked.append(username)
        if self.asking:
            self.asking(username)
        if username not in self.existing:
            raise NotFound(status=404)
        return User(username=username, created=self.created.get(username, 0))

    async def set_password(self, username: str, password: str) -> None:
        await anyio.lowlevel.checkpoint()
        assert username in self.existing
        self.set[username] = password

    def _register(self, users: Sequence[NewUser]) -> Registration:
        names = [user.username for user in users]
        assert len(set(names)) == len(names) <= 60
        if self.illegal & set(names):
            raise IllegalArgument(status=400, error="illegal_argument", description="username is not legal")
        taken = [name for name in names if name in self.existing]
        if taken and self.refuse:
            raise taken_error("" if self.unnamed else taken[0])
        failed = [RegisterFailure(username=name, reason=f"the {name} already exists") for name in taken]
        failed += [
            RegisterFailure(username=name, reason=self.reasons[name])
            for name in names
            if name in self.reasons and name not in taken
        ]
        left_out = {failure.username for failure in failed}
        created = [name for name in names if name not in left_out]
        self.existing.update(created)
        now = time.time_ns() // 1_000_000
        self.created.update(dict.fromkeys(created, now))
        return Registration(created=[User(username=name, created=now) for name in created], failed=failed)


@define
class FakePush:
    nicknames: dict[str, str] = field(factory=dict)

    async def set_display_nickname(self, username: str, nickname: str) -> None:
        await anyio.lowlevel.checkpoint()
        self.nicknames[username] = nickname


@define
class FakeQuota:
    limit: Rate


@define
class FakeQuotas:
    rates: dict[str, str] = field(factory=dict)
    """Rates by the name of their bucket."""

    def snapshot(self) -> Mapping[str, HasRate]:
        return {name: FakeQuota(Rate.parse(rate)) for name, rate in self.rates.items()}


@define
class FakeSession:
    users: FakeUsers = field(factory=FakeUsers)
    quotas: FakeQuotas = field(factory=FakeQuotas)
    push: FakePush = field(factory=FakePush)
