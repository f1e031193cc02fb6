"""What the demo does, and what it measures meanwhile."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from anyio import to_thread
from attrs import define, field, frozen

from agora_chat_async import (
    AppToken,
    Command,
    Content,
    Custom,
    File,
    Image,
    Location,
    Session,
    Stats,
    Text,
    Video,
    Voice,
)
from agora_chat_async._endpoint import endpoint_of
from agora_chat_async.api.users import Users
from agora_chat_async.bulk import Report, RowResult, RowStatus
from agora_chat_async.bulk.provisioning import HasQuotas, SetsNicknames, provision_users
from agora_chat_async.models.users import NewUser, Registration, User
from agora_chat_async.quota import Rate

MOST_RECEIVERS: Final = 300
FIRST_PAGE: Final = 20
REGISTER: Final = endpoint_of(Users.create_many)


@frozen
class Target:
    """The emulator and the app in it."""

    url: str
    org: str
    app: str
    app_id: str
    certificate: str = field(repr=False)


@frozen(kw_only=True)
class Measured:
    """Everything the report and its verdicts are made of."""

    asked: int
    """Users to register."""
    report: Report
    bad_rows: Sequence[RowResult]
    """The first rows that were not created."""
    latencies: Sequence[float]
    """Seconds of each batch, from being let through by the quota to its decoded answer, sorted."""
    receivers: int
    message_ids: Mapping[str, int]
    """Different message ids that came back, by type of content."""
    first_page: int
    read_back: int
    missing: int
    """Users asked for and not found in the listing."""
    strangers: int
    """Users listed that nobody asked for, or listed twice."""
    reading_seconds: float
    stats: Stats
    rate: Rate
    """The documented quota of the registrations."""
    busiest: Mapping[str, Any]
    """The emulator's count for the registrations: most arrivals in any window, refusals."""
    refused: int
    """Refusals of any call, as the emulator counted them."""
    arrivals: Sequence[float]
    """When the registrations arrived at the emulator, in seconds by its clock."""
    total_seconds: float


async def measure(target: Target, users: Sequence[NewUser]) -> Measured:
    """Register the users, send messages, read everything back, and ask the emulator what it saw."""
    began = time.perf_counter()
    token = AppToken(target.app_id, target.certificate)
    async with Session(target.org, target.app, host=target.url, token=token) as chat:
        registrar = _TimedUsers(chat)
        bad_rows = list[RowResult]()

        def note(result: RowResult) -> None:
            if result.status is not RowStatus.CREATED and len(bad_rows) < 3:  # noqa: PLR2004 - enough to see why
                bad_rows.append(result)

        report = await provision_users(_TimedSession(registrar, chat.push, chat.quotas), users, on_result=note)
        receivers = [user.username for user in users[:MOST_RECEIVERS]]
        message_ids = await _send_every_type(chat, target, receivers)
        reading_began = time.perf_counter()
        first_page = await chat.users.list(limit=FIRST_PAGE)
        listed = [user.username async for user in chat.users.list()]
        reading_seconds = time.perf_counter() - reading_began
        stats = chat.stats
    total_seconds = time.perf_counter() - began
    rate = REGISTER.rates[0]
    windows = await _ask(target, f"windows?seconds={rate.period:g}")
    asked = {user.username for user in users}
    return Measured(
        asked=len(users),
        report=report,
        bad_rows=bad_rows,
        latencies=sorted(registrar.latencies),
        receivers=len(receivers),
        message_ids=message_ids,
        first_page=len(first_page),
        read_back=len(listed),
        missing=len(asked - set(listed)),
        strangers=len(listed) - len(asked & set(listed)),
        reading_seconds=reading_seconds,
        stats=stats,
        rate=rate,
        busiest=windows["routes"][REGISTER.route],
        refused=windows["total"]["refused"],
        arrivals=await _arrivals(target, report.calls),
        total_seconds=total_seconds,
    )


@define
class _TimedUsers:
    """Registers like the session, and notes how long each call took once its quota let it through."""

    chat: Session
    latencies: list[float] = field(factory=list[float], init=False)

    async def create_many(self, users: Sequence[NewUser]) -> Registration:
        result = await self.chat.with_meta(self.chat.users.create_many(users))
        if result.meta is not None:
            self.latencies.append(result.meta.elapsed - result.meta.queued)
        return result.value

    async def get(self, username: str) -> User:
        return await self.chat.users.get(username)

    async def set_password(self, username: str, password: str) -> None:
        await self.chat.users.set_password(username, password)


@frozen
class _TimedSession:
    users: _TimedUsers
    push: SetsNicknames
    quotas: HasQuotas


async def _send_every_type(chat: Session, target: Target, receivers: Sequence[str]) -> Mapping[str, int]:
    ids = dict[str, int]()
    for content in _one_of_each(
        f"{target.url}/{target.org}/{target.app}/chatfiles/5fd74830-10d7-11ec-8164-bb5c8f5a4b9a"
    ):
        sent = await chat.messages.send_to_users(receivers, content, sender="admin")
        ids[type(content).__name__] = len({sent.get(name) for name in receivers} - {None})
    return ids


def _one_of_each(upload: str) -> tuple[Content, ...]:
    return (
        Text("Welcome!"),
        Image(upload, filename="welcome.png"),
        Voice(upload, filename="welcome.amr", length=3),
        Video(upload, filename="welcome.mp4", thumb=upload, length=9, file_length=58_103),
        File(upload, filename="handbook.pdf"),
        Location("52.5200", "13.4050", "Berlin"),
        Command("refresh"),
        Custom("order_shipped", {"order": "17"}),
    )


async def _arrivals(target: Target, calls: int) -> Sequence[float]:
    route = quote(REGISTER.route)
    answer = await _ask(target, f"requests?route={route}&limit={calls + 1000}")
    return sorted(request["at"] for request in answer["requests"])


async def _ask(target: Target, question: str) -> Any:
    def get() -> Any:
        with urllib.request.urlopen(f"{target.url}/_emulator/{question}", timeout=30) as answer:  # noqa: S310 - our own
            return json.load(answer)

    return await to_thread.run_sync(get)
