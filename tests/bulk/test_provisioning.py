from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_chat_async.bulk import InputError, Progress, Report, Row, RowResult, RowStatus, provision_users
from agora_chat_async.errors import (
    AgoraChatError,
    AlreadyExists,
    APIError,
    ConnectFailed,
    DeadlineExceeded,
    DecodeError,
    GatewayTimeout,
    IllegalArgument,
    InvalidArgument,
    OutcomeUnknown,
    PlanLimitExceeded,
    RateLimited,
    ServiceUnavailable,
    SessionClosed,
    Unauthorized,
)
from agora_chat_async.models.users import NewUser
from tests.bulk.fakes import FakeQuotas, FakeSession, FakeUsers, taken_error


def users(count: int, start: int = 0) -> list[NewUser]:
    return [NewUser(f"u{number}", password="hunter2") for number in range(start, start + count)]


async def provision(fake: FakeUsers, source: object, **options: object) -> tuple[Report, dict[int, RowResult]]:
    """Provision and return the results by line, each line once."""
    results: list[RowResult] = []
    report = await provision_users(FakeSession(fake), source, on_result=results.append, **options)
    by_line = {result.line: result for result in results}
    assert len(by_line) == len(results)
    assert report.rows == len(results)
    assert Counter(result.status for result in results) == Counter(dict(report.counts))
    return report, by_line


async def test_everyone_is_registered_in_batches_of_sixty() -> None:
    """130 users are three calls, and the report is ok."""
    fake = FakeUsers()
    report, results = await provision(fake, users(130))
    assert sorted(map(len, fake.batches)) == [10, 60, 60]
    assert report.ok
    assert report.calls == 3
    assert report.count(RowStatus.CREATED) == 130
    assert fake.existing == {f"u{number}" for number in range(130)}
    assert results[1].username == "u0"


async def test_any_source_will_do() -> None:
    """Generators, async generators and rows of a file are all read."""

    def plain() -> Iterator[NewUser]:
        yield from users(3)

    async def asynchronous() -> AsyncIterator[NewUser]:
        for user in users(3, 10):
            yield user

    async def rows() -> AsyncIterator[Row]:
        for line, user in enumerate(users(3, 20), 2):
            yield Row.of(line, user)

    fake = FakeUsers()
    for source in (plain(), asynchronous(), rows()):
        report, _ = await provision(fake, source)
        assert report.ok
    assert len(fake.existing) == 9


async def test_taken_names_are_told_apart_from_failures() -> None:
    """A taken name has the status exists, another reason of the service is a failure with its words."""
    fake = FakeUsers(existing={"u1"}, reasons={"u2": "the moon is full"})
    report, results = await provision(fake, users(4))
    assert [results[line].status for line in (1, 2, 3, 4)] == ["created", "exists", "failed", "created"]
    assert results[3].message == "the moon is full"
    assert not report.ok


@pytest.mark.parametrize(("on_existing", "ok"), [("skip", True), ("fail", False)])
async def test_existing_users_are_fine_unless_asked_otherwise(on_existing: str, ok: bool) -> None:
    """`on_existing` decides whether a taken name spoils the run."""
    report, results = await provision(FakeUsers(existing={"u1"}), users(4), on_existing=on_existing)
    assert report.ok is ok
    assert results[2].status == "exists"


@pytest.mark.parametrize("unnamed", [False, True])
async def test_a_refused_batch_loses_only_the_taken_names(unnamed: bool) -> None:
    """Where one taken name makes the service refuse sixty, the others are registered all the same."""
    fake = FakeUsers(existing={"u7", "u44"}, refuse=True, unnamed=unnamed)
    report, results = await provision(fake, users(60))
    assert {result.username for result in results.values() if result.status == "exists"} == {"u7", "u44"}
    assert report.count(RowStatus.CREATED) == 58
    assert len(fake.batches) == 3 or unnamed


@pytest.mark.parametrize(
    "description",
    [
        "Application 42 Entity user requires that property named username be unique, value of anna exists",
        "requires that property named username be unique, value of anna",
        "the anna already exists",
        "The name is taken: 'anna'.",
    ],
)
async def test_the_taken_name_is_found_in_the_words_of_the_refusal(description: str) -> None:
    """Words of the text that are names of the batch too do not mislead."""
    names = ["user", "username", "exists", "unique", "anna", "the"]
    fake = FakeUsers(existing={"anna"}, refuse=True)

    def refuse(batch: list[NewUser]) -> None:
        if any(user.username == "anna" for user in batch):
            error = taken_error("anna")
            error.description = description
            raise error

    fake.before = refuse
    _, results = await provision(fake, [NewUser(name) for name in names])
    assert {result.username for result in results.values() if result.status == "exists"} == {"anna"}
    assert len(fake.batches) == 2


async def test_one_bad_row_does_not_stop_the_others() -> None:
    """A batch refused without a name is halved until the row is found, in at most 2 x log2 60 calls more."""
    fake = FakeUsers(illegal={"u33"})
    report, results = await provision(fake, users(60))
    assert report.count(RowStatus.CREATED) == 59
    assert results[34].status == "failed"
    assert results[34].error == "illegal_argument"
    assert results[34].message == "username is not legal"
    assert len(fake.batches) <= 13


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ben", "'ben' already exists"),
        ("ben", 'user "ben" exists'),
        ("ben", "the user ben already exists"),
        ("ben", "property named 'username' be unique: 'ben' exists"),
        ("ben", "Entity user requires that property named username be unique, value of ben, exists"),
        ("exists", "Entity user requires that property named username be unique, value of exists exists"),
        ("exists", "Entity user requires that property named username be unique, value of exists"),
        ("exists", "one of the names exists"),
        ("user", "the user already exists"),
        ("anna", "the user already exists"),
        ("anna", "ben or anna exists, was it 'ben' or 'anna'?"),
        ("ben.", "Entity user requires that property named username be unique, value of ben."),
        ("ben", "Entity user requires that property named username be unique, value of ben."),
        ("anna", None),
    ],
)
async def test_no_word_of_a_refusal_is_mistaken_for_the_taken_name(name: str, text: str | None) -> None:
    """Users may be named like words of the text; where the text is not plain, the name is searched for."""
    fake = FakeUsers(existing={name})

    def refuse(batch: Sequence[NewUser]) -> None:
        if any(user.username == name for user in batch):
            raise AlreadyExists(status=400, error="duplicate_unique_property_exists", description=text)

    fake.before = refuse
    names = ["user", "username", "exists", "anna", "ben", "ben.", "the", "unique"]
    report, results = await provision(fake, [NewUser(name) for name in names])
    assert {result.username for result in results.values() if result.status == "exists"} == {name}
    assert report.count(RowStatus.CREATED) == len(names) - 1


LOST = [
    OutcomeUnknown("the connection broke"),
    GatewayTimeout(status=504, outcome_unknown=True),
    DeadlineExceeded("POST /users", 5, outcome_unknown=True),
    DecodeError("no JSON", call="POST /users", status=200, content_type="text/html", body=b"<html>"),
]
"""Errors of calls that may have been carried out."""


def kind(value: object) -> str | None:
    """Name a case by the class of its error."""
    return type(value).__name__ if isinstance(value, AgoraChatError) else None


def in_turn(*steps: AgoraChatError | None) -> Callable[[object], None]:
    """Raise one error a call; where there is none, or no more, the call goes on."""
    left = iter(steps)

    def step(batch: object) -> None:
        if error := next(left, None):
            raise error

    return step


def cannot_ask(name: str) -> None:
    raise ServiceUnavailable(status=503)


@pytest.mark.parametrize("lost", LOST, ids=kind)
@pytest.mark.parametrize(("refuse", "existing"), [(False, {"u1"}), (True, set[str]())])
async def test_a_lost_answer_is_asked_for_again(lost: AgoraChatError, refuse: bool, existing: set[str]) -> None:
    """Of names that are taken then, the service tells which were registered by the lost call."""
    fake = FakeUsers(existing=set(existing), refuse=refuse, after=in_turn(lost))
    report, results = await provision(fake, users(5))
    assert report.ok
    assert {result.username for result in results.values() if result.status == "exists"} == existing
    made = [result for result in results.values() if result.status == "created"]
    assert len(made) == 5 - len(existing)
    assert {result.message for result in made} == {"registered by a call whose answer was lost"}
    assert results[1].calls == 2


async def test_taken_names_that_cannot_be_asked_for_exist() -> None:
    """After a lost answer that is all that is known, and the result says so."""
    fake = FakeUsers(after=in_turn(OutcomeUnknown("the connection broke")), asking=cannot_ask)
    _, results = await provision(fake, users(2))
    assert {result.status for result in results.values()} == {"exists"}
    assert {result.message for result in results.values()} == {"registered before, or by a call whose answer was lost"}


async def test_a_lost_call_that_did_nothing_is_made_up_for() -> None:
    """Users who are registered by the repeat are created, those before it exist."""
    fake = FakeUsers(existing={"u1"}, before=in_turn(OutcomeUnknown("the connection broke")))
    _, results = await provision(fake, users(3))
    assert [results[line].status for line in (1, 2, 3)] == ["created", "exists", "created"]


@pytest.mark.parametrize("lost", LOST, ids=kind)
@pytest.mark.parametrize(
    ("later", "aborted"),
    [
        (ConnectFailed("no more of this"), True),
        (Unauthorized(status=401, error="unauthorized", description="no more of this"), True),
        (SessionClosed("no more of this"), True),
        (PlanLimitExceeded(status=429, error="resource_limited", description="no more of this"), True),
        (RateLimited(status=429, error="reach_limit", description="no more of this"), False),
        (ServiceUnavailable(status=503, description="no more of this"), False),
        (DeadlineExceeded("no more of this", 5), False),
        (IllegalArgument(status=400, error="illegal_argument", description="no more of this"), False),
    ],
    ids=kind,
)
async def test_a_lost_answer_is_not_forgotten(lost: AgoraChatError, later: AgoraChatError, aborted: bool) -> None:
    """Whatever the repeat meets, rows that may be registered are neither failed nor not done."""
    fake = FakeUsers(after=in_turn(lost), asking=cannot_ask)
    # No call has been answered by then, except where the answer was the service's own error.
    aborted = aborted and not (isinstance(later, ConnectFailed) and isinstance(lost, APIError))
    fake.before = in_turn(None, *[later] * 10)
    report, results = await provision(fake, users(3))
    assert (report.aborted is later) is aborted
    assert {result.status for result in results.values()} == {"unknown"}
    for result in results.values():
        assert "the answer of an earlier call was lost" in (result.message or "")
        assert "no more of this" in (result.message or "")
    assert fake.existing == {"u0", "u1", "u2"}


async def test_a_lost_answer_is_not_forgotten_when_the_repeat_leaves_a_row_out() -> None:
    """A reason of the service that is not that the name is taken tells nothing of the lost call."""
    fake = FakeUsers(reasons={"u1": "the moon is full"}, before=in_turn(OutcomeUnknown("the connection broke")))
    fake.asking = cannot_ask
    _, results = await provision(fake, users(3))
    assert [results[line].status for line in (1, 2, 3)] == ["created", "unknown", "created"]
    assert "the moon is full" in (results[2].message or "")


async def test_a_lost_answer_is_not_forgotten_in_the_halves_of_a_batch() -> None:
    """A batch that is halved after a lost answer, and then ends, leaves nobody not done."""
    refused = Unauthorized(status=401)
    illegal = IllegalArgument(status=400, error="illegal_argument")
    fake = FakeUsers(before=in_turn(OutcomeUnknown("the connection broke"), illegal, None, refused))
    report, results = await provision(fake, users(4))
    assert report.aborted is refused
    assert [results[line].status for line in (1, 2, 3, 4)] == ["created", "created", "unknown", "unknown"]


async def test_a_session_that_closes_during_a_call_leaves_its_rows_unknown() -> None:
    """No call can ask what became of them; a batch whose turn never came is not done."""
    closed = SessionClosed("the session was closed while the call was under way")
    closed.outcome_unknown = True
    report, results = await provision(FakeUsers(after=in_turn(closed)), users(120), workers=1)
    assert report.aborted is closed
    assert {results[line].status for line in range(1, 61)} == {"unknown"}
    assert {result.status for line, result in results.items() if line > 60} <= {"not_done"}
    assert results[1].message == str(closed)


@pytest.mark.parametrize("lost", LOST, ids=kind)
async def test_an_answer_lost_twice_leaves_the_rows_unknown(lost: AgoraChatError) -> None:
    """Where they cannot be asked for, nobody can say whether they exist, and neither does the report."""
    fake = FakeUsers(before=in_turn(*[lost] * 9), asking=cannot_ask)
    report, results = await provision(fake, users(5))
    assert len(fake.batches) == 2
    assert {result.status for result in results.values()} == {"unknown"}
    assert not report.ok


@pytest.mark.parametrize("lost", LOST, ids=kind)
async def test_rows_are_asked_for_before_they_are_called_unknown(lost: AgoraChatError) -> None:
    """Whoever is registered was so by the lost calls; who is not is sent again, and fails in the end."""
    fake = FakeUsers(before=in_turn(lost), after=in_turn(lost))
    report, results = await provision(fake, users(5))
    assert report.ok
    assert {result.status for result in results.values()} == {"created"}
    fake = FakeUsers(before=in_turn(*[lost] * 3))
    report, results = await provision(fake, users(5))
    assert report.count(RowStatus.CREATED) == 5
    fake = FakeUsers(before=in_turn(*[lost] * 9))
    report, results = await provision(fake, users(5))
    assert {result.status for result in results.values()} == {"failed"}
    assert fake.existing == set()
    assert len(fake.batches) == 4


async def test_a_failing_service_fails_the_rows_and_not_the_run() -> None:
    """Batches after one that failed are sent."""
    failures = iter([True])

    def fail(batch: object) -> None:
        if next(failures, False):
            raise ServiceUnavailable(status=503, description="try later")

    report, results = await provision(FakeUsers(before=fail), users(120), workers=1)
    assert report.count(RowStatus.FAILED) == 60
    assert report.count(RowStatus.CREATED) == 60
    assert results[1].error == "ServiceUnavailable"
    assert report.aborted is None


@pytest.mark.parametrize(
    "error",
    [
        PlanLimitExceeded(status=429, error="resource_limited", description="no more users"),
        Unauthorized(status=401, error="unauthorized"),
        ConnectFailed("nobody listens there"),
    ],
)
async def test_hopeless_errors_end_the_run(error: AgoraChatError) -> None:
    """Where no call can pass, the rest is not tried, and every row that was read is accounted for."""

    def refuse(batch: object) -> None:
        raise error

    fake = FakeUsers(before=refuse)
    report, results = await provision(fake, users(6000), workers=2)
    assert report.aborted is error
    assert not report.ok
    assert len(fake.batches) <= 2
    assert {result.status for result in results.values()} == {"not_done"}
    assert 60 <= len(results) < 6000


async def test_a_service_that_goes_away_ends_the_run() -> None:
    """After five calls in a row without a connection the rest is not tried; rows before keep their results."""
    gone = ConnectFailed("nobody listens there any more")
    fake = FakeUsers(before=in_turn(None, None, *[gone] * 100))
    report, results = await provision(fake, users(6000), workers=1)
    assert report.aborted is gone
    assert report.calls == 7
    assert report.count(RowStatus.CREATED) == 120
    assert report.count(RowStatus.FAILED) == 240
    assert {result.status for line, result in results.items() if line > 360} == {"not_done"}
    assert len(results) < 6000


async def test_a_connection_that_fails_now_and_then_fails_its_rows_only() -> None:
    """An answer in between begins the count anew."""
    gone = ConnectFailed("nobody listens there")
    fake = FakeUsers(before=in_turn(None, *[gone] * 4, None, *[gone] * 4, None))
    report, results = await provision(fake, users(11 * 60), workers=1)
    assert report.aborted is None
    assert (report.count(RowStatus.CREATED), report.count(RowStatus.FAILED)) == (180, 480)
    assert results[61].message == "nobody listens there"


async def test_mappings_are_users_or_invalid_rows() -> None:
    """One that breaks a rule spoils only itself, wherever mappings come from."""
    rows = [
        {"username": "anna", "nickname": None},
        {"username": "Bert"},
        {"login": "carl"},
        {"username": None, "password": "hunter2"},
        {"username": 5},
        {5: "dora", "username": "dora"},
        {"username": "emil", "password": "hunter2" * 10},
        {"username": "fay", "nickname": "Fay"},
    ]

    async def asynchronous() -> AsyncIterator[dict[object, object]]:
        for row in rows:
            yield dict(row)

    for source in (rows, iter(rows), asynchronous()):
        fake = FakeUsers()
        _, results = await provision(fake, source)
        assert [line for line, result in results.items() if result.status == "created"] == [1, 8]
        assert Counter(result.status for result in results.values()) == {"created": 2, "invalid": 6}
        assert fake.batches == [["anna", "fay"]]
        assert results[2].username == "Bert"
        assert (results[2].message or "").startswith("row 2: username='Bert': text of 1 to 64 characters")
        assert results[3].message == "row 3: unknown member 'login'; known are username, password, nickname"
        assert results[4].message == "row 4: no username"
        assert results[6].username == "dora"
        assert "hunter2" not in str(results)


async def test_the_same_name_twice_in_a_batch_is_sent_once() -> None:
    """The later row is invalid and says where the first one is."""
    fake = FakeUsers()
    _, results = await provision(fake, [NewUser("anna"), NewUser("bert"), NewUser("anna", password="x")])
    assert results[3].status == "invalid"
    assert results[3].message == "the same name as line 1"
    assert fake.batches == [["anna", "bert"]]


async def test_things_that_are_no_users_are_invalid_rows() -> None:
    """They are told with their place, and the run goes on."""
    fake = FakeUsers()
    _, results = await provision(fake, [NewUser("anna"), "bert", NewUser("carl")])
    assert [results[line].status for line in (1, 2, 3)] == ["created", "invalid", "created"]
    assert "row 2" in (results[2].message or "")


async def test_stopping_lets_calls_in_flight_finish() -> None:
    """Rows that were sent get their real result, the rest counts as not done, and reading ends."""
    fake = FakeUsers(gate=anyio.Event())
    stop = anyio.Event()
    results: list[RowResult] = []

    async def endless() -> AsyncIterator[NewUser]:
        number = 0
        while True:
            yield NewUser(f"u{number}")
            number += 1

    async def stop_soon() -> None:
        while fake.running < 4:
            await anyio.lowlevel.checkpoint()
        stop.set()
        await anyio.wait_all_tasks_blocked()
        assert fake.gate is not None
        fake.gate.set()

    async with anyio.create_task_group() as group:
        group.start_soon(stop_soon)
        report = await provision_users(FakeSession(fake), endless(), workers=4, on_result=results.append, stop=stop)
    assert report.interrupted
    assert not report.ok
    assert report.count(RowStatus.CREATED) == 240 == len(fake.existing)
    assert report.rows == len(results) == report.count(RowStatus.CREATED) + report.count(RowStatus.NOT_DONE)


async def test_cancelling_reports_what_was_in_flight_as_unknown() -> None:
    """Every row that was read has a result, no call goes on, and the source is closed."""
    fake = FakeUsers(gate=anyio.Event())
    results: list[RowResult] = []
    progress: list[Progress] = []
    read, closed = 0, False

    async def source() -> AsyncIterator[NewUser]:
        nonlocal read, closed
        try:
            while True:
                read += 1
                yield NewUser(f"u{read}")
        finally:
            closed = True

    async with anyio.create_task_group() as group:

        async def run() -> None:
            await provision_users(
                FakeSession(fake), source(), workers=3, on_result=results.append, on_progress=progress.append
            )

        group.start_soon(run)
        while fake.running < 3:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    statuses = Counter(result.status for result in results)
    assert statuses[RowStatus.UNKNOWN] == 180
    assert set(statuses) == {RowStatus.UNKNOWN, RowStatus.NOT_DONE}
    assert len({result.line for result in results}) == len(results) == read
    assert fake.running == 0
    assert closed
    assert progress[-1].done == read


async def test_memory_is_bounded_by_the_workers() -> None:
    """With all workers busy no more than two batches a worker are read ahead."""
    fake = FakeUsers(gate=anyio.Event())
    read = 0

    def source() -> Iterator[NewUser]:
        nonlocal read
        for read in range(1, 100_001):
            yield NewUser(f"u{read}")

    async with anyio.create_task_group() as group:
        group.start_soon(provision_users, FakeSession(fake), source())
        while fake.running < 100:
            await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        assert read <= (100 + 2 * 100) * 60
        group.cancel_scope.cancel()


async def test_input_that_breaks_off_is_sent_as_far_as_it_goes() -> None:
    """The error of the source comes after the rows before it were registered."""

    async def source() -> AsyncIterator[NewUser]:
        for user in users(70):
            yield user
        raise InputError("the rest is gone")

    fake = FakeUsers()
    with pytest.raises(InputError, match="the rest is gone"):
        await provision(fake, source())
    assert len(fake.existing) == 70


async def test_a_callback_that_fails_ends_the_run_with_its_error() -> None:
    """A full disk behind `on_result` is not swallowed."""

    def full(result: RowResult) -> None:
        raise OSError(28, "No space left on device")

    fake = FakeUsers()
    with pytest.raises(OSError, match="No space left"):
        await provision_users(FakeSession(fake), users(60_000), on_result=full, workers=2)
    assert len(fake.existing) < 6000


async def test_progress_ends_with_the_whole() -> None:
    """The last progress holds the final counts, the total comes from the source's length."""
    seen: list[Progress] = []
    await provision_users(FakeSession(FakeUsers(existing={"u3"})), users(200), on_progress=seen.append)
    last = seen[-1]
    assert (last.done, last.created, last.exists, last.failed, last.total) == (200, 199, 1, 0, 200)
    assert last.eta == 0
    assert 0 <= last.quota_used <= 1


async def test_the_time_to_go_is_never_less_than_the_quota_needs() -> None:
    """60,000 rows take ten seconds at 6,000 a second however fast the first ones went."""
    seen: list[Progress] = []
    await provision_users(FakeSession(), users(600), on_progress=seen.append, total=60_600)
    assert seen[-1].eta is not None
    assert seen[-1].eta >= 10


@pytest.mark.parametrize(
    ("rates", "seconds"),
    [
        ({"POST /users": "10/second"}, 100),
        ({"POST /users 100/second": "100/second", "POST /users 60/minute": "60/minute"}, 1000),
        ({"POST /users 100/second": "100/second", "plan free": "10/second"}, 100),
        ({"plan free": "10/second", "POST /users/_": "1/second", "POST /messages": "1/second"}, 100),
        ({"plan big": "1000/second"}, 10),
    ],
)
async def test_the_time_to_go_knows_every_rate_of_the_route(rates: dict[str, str], seconds: float) -> None:
    """A route with several rates names each of them; the slowest one counts."""
    seen: list[Progress] = []
    session = FakeSession(quotas=FakeQuotas(rates))
    await provision_users(session, users(600), on_progress=seen.append, total=60_600)
    assert seen[-1].eta == pytest.approx(seconds)


async def test_the_use_of_the_quota_is_one_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each row takes a call of its own, the quota is used up by far fewer rows than it allows."""
    clock = 0.0
    monkeypatch.setattr("agora_chat_async.bulk.reporting.Meter.elapsed", property(lambda _: clock))
    fake = FakeUsers(existing={user.username for user in users(60)}, refuse=True)
    seen: list[Progress] = []

    def tick(batch: object) -> None:
        nonlocal clock
        clock += 0.0125

    fake.before = tick
    await provision_users(FakeSession(fake), users(60), on_progress=seen.append)
    assert len(fake.batches) == 60
    assert seen[-1].quota_used == pytest.approx(0.8)


@pytest.mark.parametrize(
    "option",
    [
        {"batch_size": 61},
        {"batch_size": 0},
        {"workers": 0},
        {"on_existing": "perhaps"},
        {"max_errors": -1},
        {"max_error_rate": 1.1},
    ],
)
async def test_options_out_of_range_are_refused(option: dict[str, object]) -> None:
    """Before anything is read or sent."""
    with pytest.raises(InvalidArgument):
        await provision_users(FakeSession(), users(1), **option)


class Misfortune(AgoraChatError):
    """An error nobody has heard of."""


@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_every_row_has_exactly_one_result_whatever_happens(data: st.DataObject) -> None:  # noqa: C901
    """Under taken names in both forms, illegal rows, lost answers and failing calls, nothing is lost or doubled."""
    count = data.draw(st.integers(0, 200))
    numbers = st.sets(st.integers(0, max(count - 1, 0)), max_size=12)

    def names() -> set[str]:
        return {f"u{number}" for number in data.draw(numbers)}

    existed = names()
    fake = FakeUsers(
        existing=set(existed),
        refuse=data.draw(st.booleans()),
        unnamed=data.draw(st.booleans()),
        illegal=names(),
        reasons=dict.fromkeys(names(), "no reason"),
    )
    faults = data.draw(
        st.lists(st.sampled_from(["", "", "lost", "gone", "down", "odd", "bad", "far", "over"]), max_size=12)
    )

    def before(batch: object) -> None:
        match faults.pop() if faults else "":
            case "down":
                raise ServiceUnavailable(status=503)
            case "odd":
                raise Misfortune
            case "gone":
                raise GatewayTimeout(status=504, outcome_unknown=True)
            case "far":
                raise ConnectFailed("nobody listens there")
            case "over":
                raise SessionClosed("the session is closed")
            case "bad":
                raise IllegalArgument(status=400)
            case "lost":
                faults.append("lose it")
            case _:
                pass

    def after(batch: object) -> None:
        if faults and faults[-1] == "lose it":
            faults.pop()
            raise OutcomeUnknown("lost")

    fake.before, fake.after = before, after
    source = users(count)
    if count and data.draw(st.booleans()):
        source.insert(data.draw(st.integers(0, count - 1)), source[-1])
    report, results = await provision(
        fake, source, workers=data.draw(st.integers(1, 5)), batch_size=data.draw(st.integers(1, 60))
    )
    assert sorted(results) == list(range(1, (len(results) if report.aborted else len(source)) + 1))
    by_this_run = fake.existing - existed
    rows_of = Counter(result.username for result in results.values())
    for result in results.values():
        if result.status is RowStatus.CREATED:
            assert result.username in by_this_run
        if result.status is RowStatus.EXISTS:
            assert result.username in fake.existing
        if result.status in {RowStatus.FAILED, RowStatus.NOT_DONE} and rows_of[result.username] == 1:
            assert result.username not in by_this_run
