from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

import agora_chat_async
from agora_chat_async._access_token import verify_token
from agora_chat_async.bulk import Progress
from agora_chat_async.cli import main
from agora_chat_async.cli._displays import PlainDisplay, RichDisplay, duration, in_figures, in_words, progress_display

APP_ID, CERTIFICATE = "a" * 32, "c0ffee00" * 4


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """As the package has it."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"agora-chat-async {agora_chat_async.__version__}\n"


def test_bad_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    """No command, an unknown one, an unknown option."""
    assert main([]) == 2
    assert main(["fly"]) == 2
    assert main(["routes", "--fly"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_help_imports_no_client() -> None:
    """Asking for help is quick: neither HTTP client nor emulator is loaded."""
    script = (
        "import sys; from agora_chat_async.cli import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('httpx', 'aiohttp', 'starlette', 'rich', 'anyio')))"
    )
    assert subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def test_routes_are_a_table_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Both hold each operation with its quota."""
    assert main(["routes"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("users.delete_many "))
    assert line.split() == ["users.delete_many", "DELETE", "/users", "30/second", "never"]
    assert main(["routes", "--json"]) == 0
    routes = {route["id"]: route for route in json.loads(capsys.readouterr().out)}
    assert routes["users.create_many"] == {
        "id": "users.create_many",
        "method": "POST",
        "path": "/users",
        "quotas": [{"calls": 100, "per": "second"}],
        "shared": None,
        "concurrency": None,
        "retry_safe": False,
    }
    assert {"calls": 6000, "per": "minute"} in routes["messages.send_to_users"]["quotas"]


def test_routes_show_the_function_behind_an_operation(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is in tracebacks; an unknown operation is the caller's mistake."""
    assert main(["routes", "--source", "users.set_password"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "async def set_password(self, username, password):"
    assert last.strip().startswith("return await self._door.send(endpoint, f'/users/{username}/password'")
    assert main(["routes", "--source", "users.fly"]) == 2
    assert "users.fly" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """`agora-chat routes | head -1` ends quietly."""
    command = [sys.executable, "-m", "agora_chat_async.cli", "routes", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize(("arguments", "user"), [(["app"], ""), (["user", "anna"], "anna")])
def test_tokens_are_made_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], user: str
) -> None:
    """Only the token is on stdout; the certificate is nowhere."""
    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)
    assert main(["token", *arguments, "--expire", "600"]) == 0
    output = capsys.readouterr()
    token = verify_token(output.out.strip(), app_id=APP_ID, certificate=CERTIFICATE, now=0)
    assert (token.user_id, token.expire) == (user, 600)
    assert output.err == ""
    assert CERTIFICATE not in output.out


def test_a_token_needs_a_certificate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable; a wrong certificate is not repeated."""
    monkeypatch.delenv("AGORA_APP_CERTIFICATE", raising=False)
    assert main(["token", "app", "--app-id", APP_ID]) == 2
    assert "AGORA_APP_CERTIFICATE" in capsys.readouterr().err
    assert main(["token", "app", "--app-id", APP_ID, "--certificate", "no-certificate"]) == 2
    assert "no-certificate" not in capsys.readouterr().err


def test_a_missing_extra_is_told_with_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line instead of a traceback."""
    for name in [name for name in sys.modules if name.startswith("agora_chat_async.emulator")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "agora_chat_async.cli.emulator", raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [name for name in sys.modules if name.startswith("starlette.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["emulator"]) == 2
    error = capsys.readouterr().err
    assert "pip install 'agora-chat-async[emulator]'" in error
    assert error.count("\n") == 1


def test_help_needs_no_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command is for is told without what it needs."""
    for name in [name for name in sys.modules if name.startswith("agora_chat_async.emulator")]:
        monkeypatch.delitem(sys.modules, name)
    for package in ("starlette", "uvicorn"):
        for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
    assert main(["emulator", "--help"]) == 0
    output = capsys.readouterr()
    assert "Serve an emulator of the service on this machine." in output.out
    assert output.err == ""


@pytest.mark.parametrize("kind", ["app", "user"])
def test_help_says_what_a_token_is_for(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """Beside the options."""
    assert main(["token", kind, "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "Make a token for" in words
    assert "stdout gets the token and nothing else" in words


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("AGORA_CHAT_ORG", "--org"),
        ("AGORA_CHAT_APP", "--app"),
        ("AGORA_CHAT_HOST", "--host"),
        ("AGORA_APP_ID", "--app-id"),
        ("AGORA_APP_CERTIFICATE", "--certificate"),
    ],
)
def test_a_missing_variable_is_told_with_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str, option: str
) -> None:
    """In the same words for all of them."""
    path = tmp_path / "users.csv"
    path.write_text("username\nanna\n")
    given = {"ORG": "o", "APP": "a", "HOST": "http://127.0.0.1:9"}
    for name, value in {f"AGORA_CHAT_{name}": value for name, value in given.items()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGORA_APP_ID", APP_ID)
    monkeypatch.setenv("AGORA_APP_CERTIFICATE", CERTIFICATE)
    monkeypatch.delenv("AGORA_CHAT_TOKEN", raising=False)
    monkeypatch.delenv(variable)
    assert main(["users", "import", str(path)]) == 2
    assert capsys.readouterr().err == f"agora-chat: {variable} is not set; give it or {option}\n"


HALF_WAY = Progress(
    done=12_000,
    created=11_950,
    exists=40,
    failed=10,
    total=20_000,
    elapsed=2.0,
    rows_per_second=5_940.4,
    quota_used=0.99,
    eta=1.4,
)


def test_progress_is_told_in_a_line() -> None:
    """What is zero or unknown is left out."""
    assert in_words(HALF_WAY) == (
        "12,000 of 20,000 rows, 11,950 created, 40 exist, 10 failed, 5,940 rows/s, 99% of the quota, 1 s to go"
    )
    unknown = evolve(HALF_WAY, total=None, eta=None, exists=0, failed=0)
    assert in_words(unknown) == "12,000 rows, 11,950 created, 5,940 rows/s, 99% of the quota"
    assert in_figures(HALF_WAY) == "12,000/20,000  [red]10 failed[/red]  5,940/s  99% of quota  1 s left"
    assert [duration(seconds) for seconds in (0.2, 59.7, 200, 7500)] == [
        "0 s",
        "1 min 00 s",
        "3 min 20 s",
        "2 h 05 min",
    ]


def test_the_display_depends_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain lines every ten seconds where stderr is no terminal or rich is missing, else a bar."""
    now = 0.0
    monkeypatch.setattr("agora_chat_async.cli._displays.time.monotonic", lambda: now)
    with progress_display() as display:
        assert isinstance(display, PlainDisplay)
        for moment in (1.0, 9.9, 10.1, 15.0, 20.2):
            now = moment
            display(HALF_WAY)
    assert capsys.readouterr().err.count("\n") == 2
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress_display() as display:
        assert isinstance(display, RichDisplay)
        display(HALF_WAY)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with progress_display() as display:
        assert isinstance(display, PlainDisplay)


@pytest.mark.parametrize("name", ["make_users", "provision_from_database", "send_to_many"])
def test_an_example_without_its_argument_tells_its_usage(name: str) -> None:
    """One line and no traceback."""
    script = Path(__file__).parents[2] / "examples" / f"{name}.py"
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"usage: python examples/{name}.py ")
    assert ended.stderr.count("\n") == 1


def test_the_demo_file_is_what_its_script_makes(tmp_path: Path) -> None:
    """Nobody edited it by hand, and it is small enough to ship."""
    examples = Path(__file__).parents[2] / "examples"
    made = tmp_path / "users.csv"
    subprocess.run([sys.executable, str(examples / "make_users.py"), str(made)], check=True)  # noqa: S603
    assert made.read_bytes() == (examples / "users.csv").read_bytes()
    assert made.stat().st_size < 900_000
