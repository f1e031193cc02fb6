"""Errors that most operations document alike, for each that does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from emulator.documented_errors import COMMON, DOCUMENTED, ENDPOINTS, filled

DAMAGED = {"Authorization": "Bearer 007nonsense"}
JSON = {"Content-Type": "application/json"}


def operations(error: str) -> Iterator[tuple[str, str, str]]:
    """The operations that document an error: id, method, and a path."""
    for operation, errors in DOCUMENTED.items():
        if error in errors:
            yield operation, ENDPOINTS[operation].method, filled(ENDPOINTS[operation].path)


SENT: dict[str, dict[str, Any]] = {
    "400 json_parse": {"content": b"{", "headers": JSON},
    "401 auth_bad_access_token": {"headers": DAMAGED},
    "401 unauthorized": {"headers": {"Authorization": ""}},
    "415 web_application": {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    "429 resource_limited": {},
}


@pytest.mark.parametrize("error", SENT)
async def test_an_error_of_many_operations(connect, refused, error):
    client = connect(enforce_quotas=False, over_plan=error == "429 resource_limited")
    status, name = error.split()
    answers = {
        operation: refused(await client.request(method, path, **SENT[error]))
        for operation, method, path in operations(error)
    }
    assert answers
    assert answers == dict.fromkeys(answers, (int(status), name))


async def test_another_app(client, refused):
    answers = {
        operation: refused(await client.request(method, f"http://emulator/demo-org/other{path}"))
        for operation, method, path in operations("404 organization_application_not_found")
    }
    assert answers
    assert answers == dict.fromkeys(answers, (404, "organization_application_not_found"))


async def test_calls_above_the_quota(connect, refused):
    """Each operation has one call a day here; those on one route share it."""
    client = connect(quotas=dict.fromkeys(ENDPOINTS, "1/day"), presence_too_fast=429)
    answers = dict[str, tuple[int, str]]()
    for operation, method, path in operations("429 reach_limit"):
        await client.request(method, path)
        answers[operation] = refused(await client.request(method, path))
    assert answers
    assert answers == dict.fromkeys(answers, (429, "reach_limit"))


def test_all_common_errors_are_produced():
    assert {*SENT, "404 organization_application_not_found", "429 reach_limit"} == COMMON
