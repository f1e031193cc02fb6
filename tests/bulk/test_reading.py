from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agora_chat_async.bulk import InputError, Row, read_users
from agora_chat_async.bulk.reading import count_lines, iter_users


async def read(path: Path) -> list[Row]:
    return [row async for row in read_users(path)]


def write(folder: Path, content: bytes | str, name: str = "users.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def test_csv_rows_become_users(tmp_path: Path) -> None:
    """Columns may stand in any order, empty cells are values not given, blank lines are nothing."""
    path = write(tmp_path, 'nickname,username,password\r\n"Anna, the first",anna,secret\r\n\r\n,bert,\r\n')
    first, second = await read(path)
    assert first.line == 2
    assert first.user is not None
    assert (first.user.username, first.user.password, first.user.nickname) == ("anna", "secret", "Anna, the first")
    assert second.line == 4
    assert second.user is not None
    assert (second.user.password, second.user.nickname) == (None, None)


async def test_jsonl_rows_become_users(tmp_path: Path) -> None:
    """A line is an object; null is a value not given."""
    path = write(
        tmp_path, '{"username": "anna", "nickname": "A\\nB"}\n{"username": "bert", "password": null}', "u.jsonl"
    )
    first, second = await read(path)
    assert first.user is not None
    assert first.user.nickname == "A\nB"
    assert second.user is not None
    assert second.line == 2


@pytest.mark.parametrize("name", ["u.csv.gz", "u.csv", "u.jsonl", "u.jsonl.gz", "u.ndjson"])
async def test_compressed_files_and_byte_order_marks_are_read(tmp_path: Path, name: str) -> None:
    """The ending of the name tells what is inside."""
    content = b"username\nanna\n" if ".csv" in name else b'{"username":"anna"}\n'
    content = b"\xef\xbb\xbf" + content
    rows = await read(write(tmp_path, gzip.compress(content) if name.endswith(".gz") else content, name))
    assert [row.username for row in rows] == ["anna"]
    assert rows[0].problem is None


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("username,passwort", "line 1, column 2: unknown column 'passwort'"),
        ("username,nickname,username", "line 1, column 3: the column 'username' is there twice"),
        ("password,nickname", "line 1: the column 'username' is missing"),
        ("anna,hunter2", "line 1: no header"),
        ("username;password", "line 1: the columns are divided by ';'; divide them by commas"),
        ("Password\tUsername", "line 1: the columns are divided by tabs; divide them by commas"),
        ("Username,Password", "line 1: the names of the columns are username, password, nickname, in lower case"),
        ("username,Password", "line 1, column 2: unknown column 'Password'; write it 'password'"),
        ("anna;hunter2", "line 1: no header"),
        ("\n\nanna", "line 3: no header"),
        ('"username', "line 1: a quoted value that does not end"),
        ("", "empty"),
        ("u" * 70_000, "line 1: a header longer than 65536 bytes"),
    ],
)
async def test_a_wrong_header_stops_everything(tmp_path: Path, header: str, message: str) -> None:
    """The message names file, line and column, and shows nothing that could be a password."""
    path = write(tmp_path, header)
    with pytest.raises(InputError) as caught:
        await read(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "Anna,x,",
            "line 2, column 1: username='Anna': text of 1 to 64 characters out of a-z 0-9 _ - . (no upper case)",
        ),
        (",x,", "line 2, column 1: no username"),
        ("anna,x", "line 2: 2 values, the header has 3 columns"),
        ("anna,x,,", "line 2: 4 values"),
        (f"anna,{'hunter2' * 10},", "line 2, column 2: password=(hidden): text of 1 to 64 bytes"),
        (f"anna,,{'n' * 101}", "line 2, column 3: nickname='nnn"),
        ('anna,"hunter2,', "line 2: a quoted value that does not end on its line"),
        ('anna,"hunter2"x,', "line 2: wrong quoting"),
        ("anna,hun\0ter2,", "line 2: a NUL byte"),
        ("anna,hunter2," + "n" * 70_000, "line 2: longer than 65536 bytes"),
    ],
)
async def test_a_wrong_row_is_told_and_the_next_one_read(tmp_path: Path, line: str, problem: str) -> None:
    """The problem names line, column, value and rule, never a password."""
    rows = await read(write(tmp_path, f"username,password,nickname\n{line}\nbert,,\n"))
    assert [row.line for row in rows] == [2, 3]
    assert rows[0].user is None
    assert problem in (rows[0].problem or "")
    assert "hunter2" not in (rows[0].problem or "")
    assert rows[1].user is not None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"username": "anna", "age": 5}', "unknown member 'age'"),
        ('{"username": "anna", "username": "bert"}', "a member is there twice"),
        ('{"username": 5}', "username=5"),
        ('{"password": "hunter2"}', "no username"),
        ('["anna"]', "not a JSON object"),
        ('{"username": "anna"', "not JSON"),
        ('{"username": NaN}', "not JSON"),
        ("[" * 60_000, "not JSON"),
        ('{"username": "anna", "nickname": "\\ud800"}', "not JSON"),
        ('{"username": "anna", "password": ""}', "password=(hidden)"),
        ('{"username": "anna", "password": 7777777}', "password=(hidden)"),
    ],
)
async def test_a_wrong_line_of_jsonl_is_told(tmp_path: Path, line: str, problem: str) -> None:
    """JSONL rows are as strict as CSV rows."""
    rows = await read(write(tmp_path, f'{line}\n{{"username": "bert"}}\n', "u.jsonl"))
    assert problem in (rows[0].problem or "")
    assert "hunter2" not in (rows[0].problem or "")
    assert "7777777" not in (rows[0].problem or "")
    assert rows[1].user is not None


async def test_bytes_that_are_not_utf8_spoil_their_row_only(tmp_path: Path) -> None:
    """The place in the line is named."""
    rows = await read(write(tmp_path, b"username,nickname\nanna,\xff\nbert,\xc3\xa9\n"))
    assert rows[0].problem == "line 2: not UTF-8 at byte 6"
    assert rows[1].user is not None


async def test_a_broken_archive_is_an_input_error(tmp_path: Path) -> None:
    """Rows before the break are given, then the error names the line."""
    whole = gzip.compress(b"username\n" + b"".join(b"u%d\n" % number for number in range(50_000)))
    path = write(tmp_path, whole[: len(whole) // 2], "u.csv.gz")
    rows: list[Row] = []
    with pytest.raises(InputError, match="the compressed data is broken"):
        async for row in read_users(path):
            rows.append(row)  # noqa: PERF401 - what came before the error counts
    assert rows


async def test_a_name_that_tells_no_format_is_refused(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(InputError, match="csv or jsonl"):
        await read(write(tmp_path, "username\n", "users.txt"))


def test_lines_are_counted_without_parsing(tmp_path: Path) -> None:
    """The last line counts with or without its end; archives are not counted."""
    assert count_lines(str(write(tmp_path, "a\nb\n"))) == 2
    assert count_lines(str(write(tmp_path, "a\nb"))) == 2
    assert count_lines(str(write(tmp_path, "", "b.csv.gz"))) is None


_LINES = st.lists(
    st.one_of(
        st.text(max_size=40).map(str.encode),
        st.binary(max_size=40),
        st.text("abc,\"\r'{}[]:", max_size=20).map(str.encode),
        st.sampled_from([b'{"username":"anna"}', b"anna,x,y", b"x" * 66_000, b'"a', b"\0"]),
    ).map(lambda line: line.replace(b"\n", b"")),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(lines=_LINES, kind=st.sampled_from(["csv", "jsonl"]), ended=st.booleans())
def test_every_line_is_one_row_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    kind: str,
    ended: bool,
) -> None:
    """No bytes crash the reader, and each line that is not blank is accounted for exactly once."""
    path = tmp_path_factory.getbasetemp() / f"any.{kind}"
    header = [b"username,password,nickname"] if kind == "csv" else [b'{"username":"first"}']
    path.write_bytes(b"\n".join([*header, *lines]) + (b"\n" if ended else b""))
    rows = list(iter_users(str(path)))
    expected = [number for number, line in enumerate(lines, 2) if line.strip() or len(line) > 65_536]
    assert [row.line for row in rows] == (expected if kind == "csv" else [1, *expected])
    for row in rows:
        assert (row.user is None) is (row.problem is not None)


_NAMES = st.text("abc019_.-", min_size=1, max_size=64).filter(lambda name: name not in {".", ".."})
_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=15)


@settings(max_examples=100, deadline=None)
@given(
    users=st.lists(st.tuples(_NAMES, st.one_of(st.none(), _WORDS), st.one_of(st.none(), _WORDS)), max_size=20),
    kind=st.sampled_from(["csv", "jsonl"]),
)
def test_what_common_writers_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, users: list[tuple[str, str | None, str | None]], kind: str
) -> None:
    """Files made by the csv and json modules come back as they were."""
    path = tmp_path_factory.getbasetemp() / f"written.{kind}"
    columns = ("username", "password", "nickname")
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([columns, *users])
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
    else:
        lines = [json.dumps(dict(zip(columns, user, strict=True))) for user in users]
        path.write_text("\n".join(lines), encoding="utf-8")
    read = [row.user for row in iter_users(str(path))]
    assert [(user.username, user.password, user.nickname) for user in read if user] == users
