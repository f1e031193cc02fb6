"""What docs/reliability.md and SECURITY.md promise is backed by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "reliability.md").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()
NAMED = re.findall(r"`(tests/\S+\.py)::(\w+)`", TEXT + SECURITY)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_named_tests_exist(file: str, name: str) -> None:
    """A promise whose test was renamed or removed is no longer backed."""
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_a_test() -> None:
    """Each section but the list of faults ends with those that hold it."""
    for section in TEXT.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        assert title == "Faults" or "::test_" in body, title


def test_every_threat_names_a_test() -> None:
    """Each row of the table ends with those that hold it."""
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|.*?\|([^|]*)\|$", SECURITY, re.MULTILINE)
    assert len(rows) >= 13
    assert [threat for threat, tests in rows if "::test_" not in tests] == []


def test_all_faults_are_told() -> None:
    """The table has the 34 of them, in order."""
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)] == [*range(1, 35)]


def test_every_fault_has_tests_by_its_number() -> None:
    """`pytest -k fault_13` runs what holds the row of that number, and there is no other number."""
    names = set[str]()
    for path in (ROOT / "tests" / "faults").glob("test_*.py"):
        tests = re.findall(r"def (test_\w+)", path.read_text())
        names |= {f"{path.stem}::{name}" for name in tests}
    assert {int(number) for number in re.findall(r"fault_(\d+)_", " ".join(names))} == {*range(1, 35)}
