from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agora_chat_async.cli import main
from agora_chat_async.emulator import spawn
from tests.cli.conftest import Service


def users_file(folder: Path, count: int, name: str = "users.csv") -> Path:
    """Write a file of so many good users."""
    path = folder / name
    path.write_text("username,password\n" + "".join(f"u{number},hunter2\n" for number in range(count)))
    return path


def results(path: Path) -> list[dict[str, Any]]:
    """Read a result file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_is_registered(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every row has a line in the result file, the report is JSON on stdout, and no password is anywhere."""
    result = tmp_path / "result.jsonl"
    code = main(["users", "import", str(users_file(tmp_path, 150)), "--result", str(result), "--json"])
    output = capsys.readouterr()
    assert code == 0
    report = json.loads(output.out)
    assert report["ok"]
    assert (report["rows"], report["created"], report["calls"]) == (150, 150, 3)
    assert sorted(line["line"] for line in results(result)) == list(range(2, 152))
    assert service.users == 150
    assert "150 created" in output.err
    assert "hunter2" not in result.read_text() + output.out + output.err


def test_registering_again_is_fine_unless_asked_otherwise(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Users who exist are told apart; `--on-existing fail` makes the exit code 1."""
    path = str(users_file(tmp_path, 20))
    assert main(["users", "import", path]) == 0
    assert main(["users", "import", path]) == 0
    assert "20 existed before" in capsys.readouterr().err
    assert main(["users", "import", path, "--on-existing", "fail"]) == 1
    assert "line 2 (u0): exists" in capsys.readouterr().err


def test_wrong_rows_are_told_and_the_others_registered(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 1, and the messages have line numbers."""
    path = tmp_path / "users.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"username":"anna"}\n{"username":"Bert"}\n\n{"username":"carl"}\n'))
    assert main(["users", "import", str(path)]) == 1
    error = capsys.readouterr().err
    assert "line 2: username='Bert': text of 1 to 64 characters" in error
    assert "2 created, 1 invalid" in error
    assert service.users == 2


@pytest.mark.parametrize(
    ("content", "arguments", "code", "message"),
    [
        ("name\nanna\n", [], 2, "line 1: no header"),
        ("username,age\nanna,5\n", [], 2, "line 1, column 2: unknown column 'age'"),
        ("username\nanna\n", ["--batch-size", "61"], 2, "batch_size=61"),
        ("username\nanna\n", ["--plan", "gold"], 2, "plan='gold'"),
        ("username\nanna\n", ["--result", "/nowhere/at/all"], 4, "/nowhere/at/all: No such file"),
        ("username\nanna\n", ["--certificate", "0" * 32], 5, "given up: POST /users: 401"),
        ("username\nanna\n", ["--app", "other"], 5, "given up: POST /users: 404"),
        (
            "username\nanna\n",
            ["--host", "http://127.0.0.1:9"],
            6,
            "given up: cannot connect to 127.0.0.1:9: connection refused",
        ),
    ],
)
def test_errors_are_one_line_and_an_exit_code(  # noqa: PLR0917 - fixtures and parameters
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """Nobody is registered, and the user reads a sentence, not a traceback."""
    path = tmp_path / "users.csv"
    path.write_text(content)
    assert main(["users", "import", str(path), *arguments]) == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert service.users == 0


def test_a_file_that_is_not_there_is_a_local_error(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is 4."""
    assert main(["users", "import", "/nowhere/users.csv"]) == 4
    assert capsys.readouterr().err == "agora-chat: /nowhere/users.csv: No such file or directory\n"


def test_a_missing_variable_is_named(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an older result file is left as it was."""
    monkeypatch.delenv("AGORA_CHAT_ORG")
    result = tmp_path / "result.jsonl"
    result.write_text("precious")
    assert main(["users", "import", str(users_file(tmp_path, 1)), "--result", str(result)]) == 2
    assert "AGORA_CHAT_ORG" in capsys.readouterr().err
    assert result.read_text() == "precious"


def test_the_input_is_never_overwritten(service: Service, tmp_path: Path) -> None:
    """`--result` must be another file."""
    path = users_file(tmp_path, 1)
    assert main(["users", "import", str(path), "--result", str(path)]) == 2
    assert path.read_text().startswith("username")


def start(service: Service, *arguments: str) -> subprocess.Popen[str]:
    """Run the command in a process of its own."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-m", "agora_chat_async.cli", "users", "import", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, **service.environment},
    )


def wait_for_calls(service: Service) -> None:
    """Wait until registrations have arrived; the test's time limit ends a wait in vain."""
    while not service.registrations:
        pass


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_ctrl_c_finishes_what_is_under_way(slow_service: Service, tmp_path: Path) -> None:
    """Calls in flight get their answers, the summary tells them, and the result file agrees with the service."""
    result = tmp_path / "result.jsonl"
    process = start(slow_service, str(users_file(tmp_path, 20_000)), "--result", str(result), "--workers", "8")
    wait_for_calls(slow_service)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    counts = Counter(line["status"] for line in results(result))
    assert set(counts) == {"created", "not_done"}
    assert f"stopped before the end, {20_000 - counts.total():,} rows not read" in error
    assert counts["created"] == slow_service.users == 8 * 60
    assert "stopping" in error
    assert "480 created" in error
    assert "Traceback" not in error


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_second_ctrl_c_stops_at_once(slow_service: Service, tmp_path: Path) -> None:
    """Rows under way are told as unknown, and the result file is complete."""
    result = tmp_path / "result.jsonl"
    process = start(slow_service, str(users_file(tmp_path, 20_000)), "--result", str(result), "--workers", "8")
    wait_for_calls(slow_service)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "stopping" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    lines = results(result)
    counts = Counter(line["status"] for line in lines)
    assert counts["unknown"] == 8 * 60
    assert len({line["line"] for line in lines}) == len(lines)
    assert "480 of unknown outcome" in error
    assert "Traceback" not in error
    assert "Unclosed" not in error


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_a_service_that_goes_away_is_given_up(tmp_path: Path) -> None:
    """Its exit code is the one of a service out of reach, and the rest of the file is neither failed nor forgotten."""
    result = tmp_path / "result.jsonl"
    with spawn(latency=0.2) as info:
        going = Service(info)
        process = start(going, str(users_file(tmp_path, 60_000)), "--result", str(result), "--json")
        wait_for_calls(going)
    output, error = process.communicate(timeout=50)
    assert process.returncode == 6
    report = json.loads(output)
    assert report["rows"] == len(results(result))
    assert report["rows"] + report["not_read"] == 60_000
    assert report["failed"] < report["not_done"]
    assert report["error"].startswith("cannot connect to 127.0.0.1:")
    assert f"given up before the end, {report['not_read']:,} rows not read" in error
    assert "Traceback" not in error


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_silent_standard_input_does_not_hold_up_ctrl_c(service: Service, tmp_path: Path) -> None:
    """A pipe whose writer says nothing more is left behind."""
    result = tmp_path / "result.jsonl"
    process = start(service, "-", "--format", "csv", "--result", str(result))
    assert process.stdin is not None
    process.stdin.write("username\n" + "".join(f"u{number}\n" for number in range(1100)))
    process.stdin.flush()
    wait_for_calls(service)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    last = max(line["line"] for line in results(result))
    assert f"stopped before the end, nothing read after line {last:,}" in process.communicate()[1]
    assert Counter(line["status"] for line in results(result))["created"] == service.users > 0
