"""Whatever arrives, the answer is one that the service could give, and never a fault of the emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async.api import all_endpoints
from agora_chat_async.emulator import Emulator

LONG = ["9" * 19, "9" * 20, "9" * 41, "9" * 5000, "-1", "1e5", "dXNlcjo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
NAMES = ["anna", "", ".", "admin", "chat", "txt", "2023111422", *LONG]
WORDS = st.sampled_from(NAMES) | st.text(max_size=5)
MEMBERS = st.sampled_from(
    [
        "username",
        "password",
        "nickname",
        "newpassword",
        "usernames",
        "from",
        "to",
        "type",
        "body",
        "msg",
        "ext",
        "new_msg",
        "new_ext",
        "msg_id",
        "chat_type",
        "channel",
        "delete_roam",
        "target",
        "msg_timestamp",
        "url",
        "size",
        "customExts",
        "routetype",
        "roam_ignore_users",
        "grant_type",
    ]
)
NUMBERS = st.integers(-(1 << 64), 1 << 64) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=8,
)
BODIES = st.dictionaries(MEMBERS, JSON, max_size=6).map(lambda body: {"to": ["anna"], "type": "txt", **body}) | JSON
QUERIES = st.dictionaries(st.sampled_from(["limit", "cursor"]), WORDS, max_size=2)
STATUSES = {200, 400, 401, 403, 404, 413, 415, 500}


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_no_request_breaks_the_emulator(loop, clock):
    emulator = Emulator(enforce_quotas=False, strict=False, now=lambda: clock.wall)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(emulator), headers={"Authorization": f"Bearer {clock.token()}"}
    )

    @given(endpoint=st.sampled_from([*all_endpoints()]), body=BODIES, query=QUERIES, words=st.lists(WORDS, min_size=3))
    def send(endpoint: Any, body: Any, query: dict[str, str], words: list[str]) -> None:
        fillers = iter(words)
        segments = [next(fillers) if part.startswith("{") else part for part in endpoint.path.split("/")]
        url = httpx.URL("http://emulator/", raw_path=raw(segments, query))
        request = client.build_request(
            endpoint.method, url, content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        response = loop.run(client.send(request))
        assert response.status_code in STATUSES | {501}, response.text
        assert response.json().get("error") != "emulator_fault", response.text

    def raw(segments: list[str], query: dict[str, str]) -> bytes:
        escaped = "/".join(httpx.QueryParams({"x": segment}).__str__()[2:] for segment in segments)
        asked = f"?{httpx.QueryParams(query)}" if query else ""
        return f"/demo-org/demo-app{escaped}{asked}".encode()

    loop.run(client.post("http://emulator/demo-org/demo-app/users", json={"username": "anna"}))
    try:
        send()
    finally:
        loop.run(client.aclose())
        loop.run(emulator.aclose())
