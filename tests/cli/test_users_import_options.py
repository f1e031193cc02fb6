from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agora_chat_async.cli import main
from tests.cli.conftest import Service


def write(folder: Path, *lines: str, name: str = "users.csv") -> str:
    """Write a file of users and return its path."""
    path = folder / name
    path.write_text("username,password,nickname\n" + "".join(f"{line}\n" for line in lines))
    return str(path)


def results(path: Path) -> dict[int, dict[str, Any]]:
    """Read a result file, by line."""
    return {entry["line"]: entry for entry in map(json.loads, path.read_text().splitlines())}


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No app is configured."""
    for name in ("AGORA_CHAT_ORG", "AGORA_CHAT_APP", "AGORA_CHAT_HOST", "AGORA_APP_ID", "AGORA_APP_CERTIFICATE"):
        monkeypatch.delenv(name, raising=False)


def test_a_dry_run_tells_the_plan(nowhere: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, calls and time, without an app to talk to, and 0 where every row is good."""
    path = write(tmp_path, *(f"u{number},hunter2," for number in range(6_000)))
    assert main(["users", "import", path, "--dry-run", "--journal", str(tmp_path / "j"), "--result", "/no/where"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "rows        6,000",
        "valid       6,000",
        "invalid     0",
        "duplicates  0",
        "calls       100 of POST /users",
        "time        1 s at the full quota",
    ]
    assert not (tmp_path / "j").exists()


def test_a_dry_run_finds_bad_rows_and_duplicates(
    nowhere: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However far apart two lines of a name stand; the exit code is 1."""
    path = write(tmp_path, *(f"u{number},hunter2,N" for number in range(40_000)), "u7,,", "Bad,hunter2,")
    options = ["--dry-run", "--json", "--on-existing", "update", "--plan", "free"]
    assert main(["users", "import", path, *options]) == 1
    output = capsys.readouterr()
    plan = json.loads(output.out)
    assert (plan["rows"], plan["valid"], plan["invalid"], plan["duplicates"]) == (40_002, 40_000, 1, 1)
    assert plan["calls"] == {
        "POST /users": 667,
        "PUT /users/{username}/password": 40_000,
        "PUT /users/{username}": 40_000,
    }
    assert plan["seconds"] == pytest.approx(80_667 / 10)
    assert "line 40002 (u7): the same name as line 9" in output.err
    assert "line 40003, column 1: username='Bad'" in output.err
    assert "hunter2" not in output.err + output.out
    assert main(["users", "import", path, "--dry-run", "--assume-unique"]) == 1
    assert "duplicates  not looked for" in capsys.readouterr().out


def test_a_dry_run_knows_raised_quotas(nowhere: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And refuses those that there are not."""
    path = write(tmp_path, *(f"u{number},," for number in range(6_000)))
    assert main(["users", "import", path, "--dry-run", "--json", "--quota", "users.create=50/second"]) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == 2
    for wrong, words in (("users.creat=50/second", "'users.create'"), ("users.create", "write it like")):
        assert main(["users", "import", path, "--dry-run", "--quota", wrong]) == 2
        assert words in capsys.readouterr().err


def test_existing_users_are_updated(service: Service, tmp_path: Path) -> None:
    """They get the row's nickname, and password if there is one; the others are registered."""
    assert main(["users", "import", write(tmp_path, "anna,old,Old", "ben,old,Old", "carl,old,Old")]) == 0
    result = tmp_path / "result.jsonl"
    path = write(tmp_path, "anna,hunter2,Anna", "ben,,Ben", "carl,,", "dora,hunter2,Dora")
    assert main(["users", "import", path, "--on-existing", "update", "--result", str(result)]) == 0
    statuses = {entry["username"]: entry["status"] for entry in results(result).values()}
    assert statuses == {"anna": "updated", "ben": "updated", "carl": "exists", "dora": "created"}
    routes = [entry["route"] for entry in service.ask("requests?limit=10000")["requests"]]
    assert Counter(route for route in routes if route.startswith("PUT")) == {
        "PUT /users/{}/password": 1,
        "PUT /users/{}": 2,
    }


def test_only_failed_rows_are_retried(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that failed, were not done or have an unknown outcome, by line; the result of the retry is its own."""
    path = write(tmp_path, *(f"u{number},hunter2," for number in range(10)))
    earlier, result = tmp_path / "earlier.jsonl", tmp_path / "result.jsonl"
    statuses = ["created", "failed", "unknown", "not_done", "exists", "invalid", *["created"] * 4]
    lines = [
        json.dumps({"line": number + 2, "username": f"u{number}", "status": status})
        for number, status in enumerate(statuses)
    ]
    earlier.write_text("\n".join(lines) + '\n{"line": 9, "stat')
    words = ["users", "import", path, "--retry-failed", str(earlier)]
    assert main([*words, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 3
    assert main([*words, "--result", str(result), "--journal", str(tmp_path / "run.journal")]) == 0
    assert {line: entry["status"] for line, entry in results(result).items()} == dict.fromkeys((3, 4, 5), "created")
    assert service.users == 3
    assert main([*words, "--result", str(earlier)]) == 2
    other = write(tmp_path, *(f"v{number},hunter2," for number in range(10)), name="other.csv")
    assert main(["users", "import", other, "--retry-failed", str(earlier)]) == 2
    assert "line 3 is 'v1', and 'u1' in" in capsys.readouterr().err
    (tmp_path / "users.jsonl").write_text('{"username":"anna"}\n')
    assert main(["users", "import", path, "--retry-failed", str(tmp_path / "users.jsonl")]) == 2
    assert "line 1: not a line of a result file" in capsys.readouterr().err
    assert service.users == 3


@pytest.mark.parametrize(("limit", "errors"), [(["--max-errors", "200"], 201), (["--max-error-rate", "0.5"], 200)])
def test_too_many_errors_end_the_run(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: list[str], errors: int
) -> None:
    """The exit code is 3, rows that were sent have their results, and the run can be resumed without the limit."""
    good, bad = [f"u{number},," for number in range(100)], [f"BAD{number},," for number in range(8_000)]
    path, result = write(tmp_path, *good, *bad, "last,,"), tmp_path / "result.jsonl"
    words = ["users", "import", path, "--result", str(result), "--journal", str(tmp_path / "run.journal"), "--json"]
    assert main([*words, *limit]) == 3
    output = capsys.readouterr()
    assert "given up: " in output.err
    assert "rows went wrong" in output.err
    report = json.loads(output.out)
    assert errors <= report["invalid"] < 3_000
    assert report["rows"] == len(results(result))
    assert main([*words, "--resume"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["created"], report["invalid"], report["not_done"]) == (101, 8_000, 0)
    assert len(results(result)) == 8_101
    assert service.users == 101


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--resume"], "--resume and --force need a --journal"),
        (["--journal", "users.csv"], "--journal users.csv would overwrite the input"),
        (["--journal", "same", "--result", "same"], "--result same would overwrite --journal"),
        (["--max-errors", "-1"], "max_errors=-1: 0 or more"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: list[str],
    words: str,
) -> None:
    """With 2, before anything is sent or written."""
    write(tmp_path, "anna,,")
    monkeypatch.chdir(tmp_path)
    assert main(["users", "import", "users.csv", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert service.users == 0
    assert [path.name for path in tmp_path.iterdir()] == ["users.csv"]


def test_standard_input_has_no_journal(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot be read a second time."""
    assert main(["users", "import", "-", "--format", "csv", "--journal", "j"]) == 2
    assert "standard input can be read only once" in capsys.readouterr().err
