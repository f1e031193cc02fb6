"""Secrets are in no output: sessions are driven through many failures, and everything that they say is searched."""

from __future__ import annotations

import gc
import io
import logging
import pickle
import re
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from faults.fault_server import reset
from raw_server import RawRequest, RawServer, Reply, answer, raw_server

import agora_chat_async
from agora_chat_async import AppToken, ExchangedToken, NewUser, RetryPolicy, Session, StaticToken, Text, errors
from agora_chat_async.cli import main
from agora_chat_async.hooks import AttemptEnd, AttemptInfo, CallEnd, CallInfo, Hooks, SessionInfo

APP_ID, CERTIFICATE = "970CA35de60c44645bbae8a215061b33", "5CFd2fd1755d40ecb72977518be15d3b"
TOKEN = "opaque-token-of-the-app"
PLATFORM_TOKEN = "token-that-the-exchange-gave"
PASSWORD = "hush-hush-password"
SHARE_SECRET = "share-secret-of-a-file"
PROXY_PASSWORD = "password-of-the-proxy"
SECRETS = (CERTIFICATE, TOKEN, PLATFORM_TOKEN, PASSWORD, SHARE_SECRET, PROXY_PASSWORD, "007eJ")
BEARERS = (CERTIFICATE, TOKEN, PLATFORM_TOKEN, "007eJ")

QUICK = RetryPolicy(attempts=2, throttled_attempts=2, pause=0.001, throttled_pause=0.001)


def echo(request: RawRequest) -> bytes:
    """What a careless server says of a request: all of it."""
    said = (request.head + request.body).decode("latin-1")
    escaped = said.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\\r\\n")
    return f'{{"error":"illegal_argument","error_description":"{escaped}"}}'.encode("latin-1")


def failures(request: RawRequest) -> list[Reply]:
    body = echo(request)
    given = b'{"entities":[{"share-secret":"%s","access_token":"%s"' % (SHARE_SECRET.encode(), PLATFORM_TOKEN.encode())
    return [
        answer(400, body),
        answer(401, body, f"Set-Cookie: session={PLATFORM_TOKEN}"),
        answer(429, body),
        answer(429, body.replace(b"illegal_argument", b"resource_limited")),
        answer(502, b"<html><pre>" + request.head + request.body + b"</pre></html>", content_type="text/html"),
        answer(302, b"", f"Location: https://me:{PASSWORD}@elsewhere.example/?token={PLATFORM_TOKEN}"),
        answer(200, body),
        answer(200, given),
        answer(200, request.head + request.body, content_type="text/plain"),
        None,
        reset(),
    ]


class Saying(Hooks):
    def __init__(self) -> None:
        self.said = list[object]()

    def session_opened(self, session: SessionInfo) -> None:
        self.said.append(session)

    def call_started(self, call: CallInfo) -> None:
        self.said.append(call)

    def attempt_started(self, attempt: AttemptInfo) -> None:
        self.said.append(attempt)

    def attempt_ended(self, end: AttemptEnd) -> None:
        self.said.append(end)

    def call_ended(self, end: CallEnd) -> None:
        self.said.append(end)


@pytest.fixture
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "agora_chat_async.bodies"):
        yield caplog


@pytest.fixture
async def careless() -> AsyncIterator[RawServer]:
    async with raw_server() as running:
        yield running


async def error_of(call: Awaitable[object]) -> BaseException | None:
    try:
        await call
    except Exception as error:  # noqa: BLE001 - whichever it is, it must not tell
        return error
    return None


def said_by(error: BaseException) -> str:
    chain, said = error, list[str]()
    while chain is not None:
        said += [str(chain), repr(chain), repr(getattr(chain, "__notes__", None))]
        if isinstance(chain, errors.AgoraChatError):
            said += [repr(vars(chain)), pickle.dumps(chain).decode("latin-1")]
        chain = chain.__cause__ or chain.__context__  # type: ignore[assignment]
    return "\n".join([*said, *traceback.format_exception(error)])


def leaks(output: str, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Show the surroundings of each secret that stands in an output."""
    places = [(secret, output.find(secret)) for secret in secrets]
    return [f"{secret}: ...{output[max(0, at - 150) : at + 50]}..." for secret, at in places if at >= 0]


def with_variables(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def calls(chat: Session) -> list[Awaitable[object]]:
    return [
        chat.users.create("anna", password=PASSWORD),
        chat.users.create_many([NewUser("anna", PASSWORD)]),
        chat.users.set_password("anna", PASSWORD),
        chat.files.download("file", share_secret=SHARE_SECRET).read(),
        chat.messages.send_to_users(["anna"], Text("x")),
        chat.request("POST", "/users", json={"username": "anna", "password": PASSWORD}),
        chat.users.get("anna"),
    ]


@pytest.mark.parametrize("source", [TOKEN, ExchangedToken(AppToken(APP_ID, CERTIFICATE))])
async def test_no_failure_tells_a_secret(
    careless: RawServer, everything_is_logged: pytest.LogCaptureFixture, source: str | ExchangedToken
) -> None:
    """A server that repeats what it was sent, breaks off or answers nonsense: texts, pickles, logs and hooks."""
    hooks, shown, variables, failed = Saying(), list[str](), list[str](), 0
    granted = b'{"access_token":"%s","expire_timestamp":99999999999999}' % PLATFORM_TOKEN.encode()

    for number in range(len(failures(RawRequest("", "", b"", b"", 0)))):

        async def respond(request: RawRequest, number: int = number) -> Reply:
            return answer(body=granted) if request.target.endswith("/token") else failures(request)[number]

        careless.respond = respond
        async with Session("org", "app", host=careless.url, token=source, hooks=[hooks], retry=QUICK) as chat:
            for call in calls(chat):
                error = await error_of(call)
                if error is not None:
                    failed += 1
                    shown.append(said_by(error))
                    variables.append(with_variables(error))
            shown += [repr(chat), repr(chat.tokens), repr(chat.quotas.snapshot()), repr(chat._calls.options)]
    assert failed >= 7 * 9
    output = "\n".join([*shown, *map(repr, hooks.said), everything_is_logged.text])
    assert "(hidden)" in output
    assert "sends" in everything_is_logged.text
    assert leaks(output) == []
    assert leaks("".join(variables), BEARERS) == []


async def test_a_failing_exchange_tells_no_token(
    careless: RawServer, everything_is_logged: pytest.LogCaptureFixture
) -> None:
    """Neither the token that is traded in nor the certificate behind it, in calls or in the refresh's warnings."""
    source = ExchangedToken(AppToken(APP_ID, CERTIFICATE))
    for number in range(len(failures(RawRequest("", "", b"", b"", 0)))):

        async def respond(request: RawRequest, number: int = number) -> Reply:
            return failures(request)[number]

        careless.respond = respond
        async with Session("org", "app", host=careless.url, token=source, retry=QUICK) as chat:
            error = await error_of(chat.users.get("anna"))
        if error is not None:
            output = said_by(error) + with_variables(error)
            assert leaks(output) == []
    assert "token refresh failed" in everything_is_logged.text
    assert leaks(everything_is_logged.text) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("host", f"https://:{PASSWORD}@host"),
        ("host", [f"https://me:{PASSWORD}@host"]),
        ("proxy", f"http://me:{PROXY_PASSWORD}@proxy/path"),
        ("proxy", f"ftp://me:{PROXY_PASSWORD}@proxy"),
        ("token", f"{TOKEN}\n"),
    ],
)
def test_options_that_are_refused_are_not_shown(option: str, value: object) -> None:
    """An address may hold a password."""
    with pytest.raises(errors.InvalidArgument) as refused:
        Session("org", "app", **{"host": "host", "token": "t", option: value})  # type: ignore[arg-type]
    output = said_by(refused.value)
    assert leaks(output) == []


async def test_a_proxy_that_fails_is_not_shown_with_its_password(
    everything_is_logged: pytest.LogCaptureFixture,
) -> None:
    """The error names the proxy, and not how it is logged in to."""
    proxy = f"http://me:{PROXY_PASSWORD}@127.0.0.1:9"
    async with Session("org", "app", host="host.invalid", token=TOKEN, proxy=proxy, retry=QUICK) as chat:
        error = await error_of(chat.users.get("anna"))
        assert isinstance(error, errors.ConnectFailed)
        output = said_by(error) + repr(chat) + everything_is_logged.text
    assert leaks(output) == []


async def test_a_forgotten_session_is_reported_without_its_token(careless: RawServer) -> None:
    """Nor do its parts show it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        chat = await Session("org", "app", host=careless.url, token=AppToken(APP_ID, CERTIFICATE)).open()
        shown = repr(chat._calls) + repr(chat._keeper._token)
        del chat
        gc.collect()
    output = shown + "".join(str(warning.message) for warning in caught)
    assert "was never closed" in output
    assert leaks(output) == []


def test_the_command_line_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything_is_logged: pytest.LogCaptureFixture
) -> None:
    """Rows that are wrong, a service that cannot be reached, a certificate that is none."""
    users = tmp_path / "users.csv"
    users.write_text(f"username,password\nanna,{PASSWORD}\nUPPER CASE,{PASSWORD}\nbert,{PASSWORD * 9}\n")
    environment = {"ORG": "org", "APP": "app", "HOST": "http://127.0.0.1:9"}
    for name, value in environment.items():
        monkeypatch.setenv(f"AGORA_CHAT_{name}", value)
    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        for certificate in (CERTIFICATE, f"{CERTIFICATE}!"):
            monkeypatch.setenv("AGORA_APP_CERTIFICATE", certificate)
            assert main(["users", "import", str(users), "--result", str(tmp_path / "result.jsonl")]) != 0
        assert main(["routes"]) == 0
    told = output.getvalue() + "".join(file.read_text("latin-1") for file in tmp_path.iterdir() if file != users)
    assert "certificate=(hidden)" in told
    assert leaks(told + everything_is_logged.text) == []


@pytest.mark.parametrize(
    "source", [AppToken(APP_ID, CERTIFICATE), StaticToken(TOKEN), ExchangedToken(AppToken(APP_ID, CERTIFICATE))]
)
def test_token_sources_are_not_pickled(source: object) -> None:
    """A secret that is pickled lies in a task queue or a cache."""
    with pytest.raises(TypeError, match="is not pickled"):
        pickle.dumps(source)


def test_nothing_is_unpickled() -> None:
    """What comes from outside makes no objects but those of the models."""
    loads = re.compile(r"\b(pickle|marshal|shelve|dill)\b\.|\b(eval|yaml\.load)\(")
    package = Path(agora_chat_async.__file__).parent
    assert [path for path in package.rglob("*.py") if loads.search(path.read_text())] == []
