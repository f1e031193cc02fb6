"""tests/typing_api.py, which checkers read and nobody runs, knows the type of every operation's result."""

import ast
from collections.abc import Iterator
from pathlib import Path

from agora_chat_async.api import all_endpoints

TREE = ast.parse(Path(__file__).parent.with_name("typing_api.py").read_text())


def calls_in(node: ast.AST) -> Iterator[str]:
    """Name the operations that are called, as `users.create`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            yield ".".join(ast.unparse(inner.func).split(".")[-2:])


def asserted() -> Iterator[str]:
    """Name the operations whose results are told to the checkers, at once or by a name that they were given."""
    for function in ast.walk(TREE):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        told = [
            call.args[0]
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "assert_type"
        ]
        names = {node.id for node in told if isinstance(node, ast.Name)}
        for node in told:
            yield from calls_in(node)
        for line in ast.walk(function):
            if isinstance(line, ast.Assign) and {ast.unparse(target) for target in line.targets} & names:
                yield from calls_in(line.value)


def test_every_operation_is_there_with_its_type() -> None:
    """A new one is added to that file too."""
    assert {endpoint.id for endpoint in all_endpoints()} - {*asserted()} == set()
