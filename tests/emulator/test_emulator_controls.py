"""The endpoints below `/_emulator`."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async.emulator import Emulator
from agora_chat_async.emulator._control import ENDPOINTS
from agora_chat_async.emulator._log import RequestLog, busiest

ROOT = "http://emulator/_emulator"
ARRIVALS = st.lists(st.tuples(st.integers(0, 40).map(lambda q: q / 4), st.integers(0, 5)), max_size=50).map(sorted)


@given(arrivals=ARRIVALS, seconds=st.sampled_from([0.25, 1.0, 2.5, 100.0]))
def test_busiest_window_is_the_brute_force_one(arrivals, seconds):
    ends = [at for at, _ in arrivals]
    inside = [[cost for at, cost in arrivals if end - seconds < at <= end] for end in ends]
    found = busiest(arrivals, seconds)
    assert found.calls == max(map(len, inside), default=0)
    assert found.cost == max(map(sum, inside), default=0)


@given(
    calls=st.lists(
        st.tuples(
            st.integers(0, 40).map(lambda q: q / 4),
            st.sampled_from(["GET /a", "POST /b", ""]),
            st.booleans(),
            st.integers(1, 5),
        ),
        max_size=40,
    ),
    seconds=st.sampled_from([0.5, 1.0, 3.0]),
)
def test_windows_are_those_of_the_brute_force(calls, seconds):
    log = RequestLog()
    log.clear(0.0)
    for at, route, admitted, cost in calls:
        log.add(at, "GET", "/x", route, admitted=admitted, cost=cost, refused=not admitted)

    def brute(chosen):
        windows = [[call for call in chosen if end[0] - seconds < call[0] <= end[0]] for end in chosen]
        return {
            "calls": max(map(len, windows), default=0),
            "cost": max((sum(call[3] for call in window) for window in windows), default=0),
        }

    def summary(chosen):
        passed = [call for call in chosen if call[2]]
        return {
            "arrived": brute(chosen),
            "admitted": brute(passed),
            "requests": len(chosen),
            "admitted_requests": len(passed),
            "refused": len(chosen) - len(passed),
        }

    routes = {route for _, route, _, _ in calls if route}
    assert log.windows(seconds) == {
        "seconds": seconds,
        "routes": {route: summary([call for call in calls if call[1] == route]) for route in routes},
        "total": summary(calls),
    }


def test_the_log_is_bounded():
    log = RequestLog(most=100)
    numbers = [log.add(at, "GET", f"/{at}", "GET /a", admitted=True, cost=1) for at in range(1000)]
    log.answered(numbers[0], 200)
    log.answered(numbers[-1], 418)
    assert len(log) <= 100
    assert log.requests(limit=1) == [
        {"at": 999.0, "method": "GET", "target": "/999", "route": "GET /a", "status": 418, "admitted": True, "cost": 1}
    ]
    assert log.windows(1000.0)["total"]["requests"] == len(log)


async def test_info(client):
    info = (await client.get(ROOT)).json()
    assert (info["org"], info["app"], info["plan"]) == ("demo-org", "demo-app", None)
    assert info["emulated"]["users.create"] == {"method": "POST", "path": "/users", "quota": ["100/second"]}
    assert info["emulated"]["messages.send_to_users"]["quota"] == ["100/second", "6000/minute of to"]
    assert info["emulated"]["token.exchange"]["quota"] == ["300/second"]
    groups = [name.partition(".")[0] for name in info["emulated"]]
    assert (groups.count("users"), groups.count("messages")) == (14, 10)
    assert (await client.get(f"{ROOT}/")).json() == info
    assert (await client.get(f"{ROOT}/nothing")).status_code == 404


async def test_every_control_that_is_announced_is_there(client):
    await client.post("/users", json={"username": "anna"})
    for method, path, _ in ENDPOINTS:
        bodies = {
            "/_emulator/seed": {"json": {"users": 0}},
            "/_emulator/clock": {"json": {"advance": 0}},
            "/_emulator/faults": {"json": {"faults": []}},
            "/_emulator/restore": {"content": (await client.get(f"{ROOT}/snapshot")).content},
        }
        body = bodies.get(path, {}) if method == "POST" else {}
        response = await client.request(method, f"http://emulator{path.replace('{name}', 'anna')}", **body)
        assert response.status_code == (404 if "{name}" in path else 200), path


async def test_requests(client, clock):
    await client.post("/users", json={"username": "anna"})
    clock.advance(1.5)
    await client.get("/users/anna?x=%20")
    await client.post("/messages/users", json={"to": ["anna", "bert"], "type": "txt", "body": {"msg": "hello"}})
    await client.get("/nothing")
    await client.get("/users", headers={"Authorization": ""})
    everything = (await client.get(f"{ROOT}/requests")).json()
    base = "/demo-org/demo-app"
    assert everything["total"] == 5
    assert everything["requests"] == [
        {
            "at": 0.0,
            "method": "POST",
            "target": f"{base}/users",
            "route": "POST /users",
            "status": 200,
            "admitted": True,
            "cost": 1,
            "operations": ["users.create", "users.create_many"],
        },
        {
            "at": 1.5,
            "method": "GET",
            "target": f"{base}/users/anna?x=%20",
            "route": "GET /users/{}",
            "status": 200,
            "admitted": True,
            "cost": 1,
            "operations": ["users.get"],
        },
        {
            "at": 1.5,
            "method": "POST",
            "target": f"{base}/messages/users",
            "route": "POST /messages/users",
            "status": 200,
            "admitted": True,
            "cost": 2,
            "operations": ["messages.send_to_users"],
        },
        {
            "at": 1.5,
            "method": "GET",
            "target": f"{base}/nothing",
            "route": None,
            "status": 501,
            "admitted": False,
            "cost": 1,
            "operations": [],
        },
        {
            "at": 1.5,
            "method": "GET",
            "target": f"{base}/users",
            "route": "GET /users",
            "status": 401,
            "admitted": False,
            "cost": 1,
            "operations": ["users.list"],
        },
    ]
    for query, count in (("status=200", 3), ("route=GET%20/users", 1), ("limit=2", 2), ("status=404", 0)):
        assert len((await client.get(f"{ROOT}/requests?{query}")).json()["requests"]) == count
    assert (await client.get(f"{ROOT}/requests?limit=2")).json()["requests"] == everything["requests"][-2:]
    assert (await client.get(f"{ROOT}/requests?status=x")).status_code == 400


async def test_windows(connect, clock, refused):
    client = connect(quotas={"users.list": "2/second"})
    for _ in range(6):
        await client.get("/users")
        clock.advance(0.25)
    answer = (await client.get(f"{ROOT}/windows?seconds=1")).json()
    expected = {
        "arrived": {"calls": 4, "cost": 4},
        "admitted": {"calls": 2, "cost": 2},
        "requests": 6,
        "admitted_requests": 4,
        "refused": 2,
    }
    assert answer == {"seconds": 1.0, "routes": {"GET /users": expected}, "total": expected}
    for wrong in ("0", "-1", "x", "nan"):
        assert refused(await client.get(f"{ROOT}/windows?seconds={wrong}")) == (400, "illegal_argument")


async def test_refused_is_what_came_too_fast(connect, clock):
    client = connect(quotas={"presence.get_status": "1/second"})
    asked = [await client.post("/users/anna/presence", json={"usernames": ["bert"]}) for _ in range(3)]
    assert [response.status_code for response in asked] == [200, 400, 400], "presence has a refusal of its own"
    assert asked[2].json()["result"] == asked[2].json()["error_description"] == "too many queries"
    assert (await client.post("/users/anna/presence", json={})).status_code == 400
    await client.get("/users", headers={"Authorization": ""})
    clock.advance(1.0)
    assert (await client.post("/users/anna/presence", json={})).status_code == 400
    total = (await client.get(f"{ROOT}/windows?seconds=1")).json()["total"]
    assert (total["requests"], total["admitted_requests"], total["refused"]) == (6, 2, 3)


async def test_refusals_tell_the_time(client, clock):
    clock.advance(12.5)
    answer = (await client.post(f"{ROOT}/seed", json={})).json()
    assert answer["timestamp"] == clock.wall * 1000


async def test_seed_snapshot_reset(client, refused):
    assert (await client.post(f"{ROOT}/seed", json={"users": 12_345})).json() == {"users": 12_345}
    assert (await client.post(f"{ROOT}/seed", json={"users": ["anna", "user1"]})).json() == {"users": 1}
    assert (await client.get("/users/user12345")).status_code == 200
    carl = {"username": "carl", "nickname": "Carl", "password": "p"}
    assert (await client.post(f"{ROOT}/seed", json={"users": [carl, "anna"]})).json() == {"users": 1}
    assert (await client.get("/users/carl")).json()["entities"][0]["nickname"] == "Carl"
    await client.post("/messages/users", json={"to": ["anna"], "type": "txt", "body": {"msg": "hello"}})
    tables = (await client.get(f"{ROOT}/tables")).json()["tables"]
    assert tables["tokens"] == 0
    assert {name: rows for name, rows in tables.items() if rows} == {"messages": 1, "offline": 1, "users": 12_347}
    for wrong in (
        {},
        {"users": "anna"},
        {"users": -1},
        {"users": True},
        {"users": ["Anna"]},
        {"users": [{}]},
        {"users": [5]},
        [],
    ):
        assert refused(await client.post(f"{ROOT}/seed", json=wrong)) == (400, "illegal_argument")
    assert refused(await client.post(f"{ROOT}/seed", content=b"{")) == (400, "json_parse")
    assert (await client.post(f"{ROOT}/reset")).json() == {"reset": True}
    assert set((await client.get(f"{ROOT}/tables")).json()["tables"].values()) == {0}
    assert (await client.get(f"{ROOT}/requests")).json() == {"requests": [], "total": 0}


async def test_a_snapshot_is_restored(client, refused):
    """Also after everything was forgotten; ids go on rising, and tokens hold that were given out before."""
    await client.post(f"{ROOT}/seed", json={"users": ["anna", "bert"]})
    message = {"to": ["anna"], "type": "txt", "body": {"msg": "hello"}}
    number = (await client.post("/messages/users", json=message)).json()["data"]["anna"]
    token = (await client.post("/token", json={"grant_type": "agora"})).json()["access_token"]
    before = (await client.get("/users")).json()
    response = await client.get(f"{ROOT}/snapshot")
    assert response.headers["content-type"] == "application/vnd.sqlite3"
    await client.post(f"{ROOT}/reset")
    assert (await client.get("/users")).json()["count"] == 0
    answer = (await client.post(f"{ROOT}/restore", content=response.content)).json()
    assert (answer["tables"]["users"], answer["tables"]["messages"]) == (2, 1)
    client.headers["Authorization"] = f"Bearer {token}"
    assert (await client.get("/users")).json() == before
    assert int((await client.post("/messages/users", json=message)).json()["data"]["anna"]) > int(number)
    for wrong in (b"", b"x" * 4096, response.content[:5000]):
        assert refused(await client.post(f"{ROOT}/restore", content=wrong)) == (400, "illegal_argument")
    assert (await client.get("/users")).json() == before


async def test_a_snapshot_is_a_database(client, tmp_path, clock, connect, refused):
    """An emulator can be started on it, and restores others into its file."""
    await client.post(f"{ROOT}/seed", json={"users": ["anna"]})
    first = (await client.get(f"{ROOT}/snapshot")).content
    path = tmp_path / "state.db"
    path.write_bytes(first)
    settings = {"now": lambda: clock.wall, "monotonic": lambda: clock.ticks}
    async with Emulator(str(path), **settings) as emulator:
        other = connect(emulator)
        assert (await other.delete("/users/anna")).status_code == 200
        assert (await other.post(f"{ROOT}/restore", content=first)).status_code == 200
        second = (await other.get(f"{ROOT}/snapshot")).content
        await client.post(f"{ROOT}/reset")
        assert (await client.post(f"{ROOT}/restore", content=second)).status_code == 200
        assert (await client.get("/users/anna")).status_code == 200
    async with Emulator(str(path), **settings) as emulator:
        assert (await connect(emulator).get("/users/anna")).status_code == 200


def test_a_strange_file_is_not_opened(tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    with pytest.raises(ValueError, match="not made by this version"):
        Emulator(str(path))


async def test_time_goes_forward(connect, clock, refused):
    """Tokens, mutes, files and windows of quotas run out; a reset brings the real time back."""
    client = connect(quotas={"users.list": "1/day"})
    await client.post(f"{ROOT}/seed", json={"users": ["anna"]})
    await client.post("/mutes", json={"username": "anna", "chat": 100})
    file = (await client.post("/chatfiles", files={"file": ("a.txt", b"x")})).json()["entities"][0]["uuid"]
    assert (await client.get("/users")).status_code == 200
    assert (await client.get("/users")).status_code == 429
    wall = clock.wall
    assert (await client.get(f"{ROOT}/clock")).json() == {"now": wall, "ahead": 0.0}
    assert (await client.post(f"{ROOT}/clock", json={"advance": 40})).json() == {"now": wall + 40, "ahead": 40.0}
    assert (await client.get("/mutes/anna")).json()["data"]["chat"] == 60
    await client.post(f"{ROOT}/clock", json={"advance": 8 * 86_400})
    assert refused(await client.get("/users")) == (401, "unauthorized")
    clock.wall += 8 * 86_400 + 40
    fresh = clock.token()
    clock.wall = wall
    client.headers["Authorization"] = f"Bearer {fresh}"
    assert (await client.get("/users")).status_code == 200
    assert (await client.get("/mutes/anna")).json()["data"]["chat"] == 0
    assert refused(await client.get(f"/chatfiles/{file}")) == (404, "file_expired")
    for wrong in (-1, "60", True, None, 1e12):
        response = await client.post(f"{ROOT}/clock", json={"advance": wrong})
        assert refused(response) == (400, "illegal_argument")
    await client.post(f"{ROOT}/reset")
    assert (await client.get(f"{ROOT}/clock")).json() == {"now": wall, "ahead": 0.0}


async def test_revoked_tokens_stay_so_after_a_restart(tmp_path, clock, connect, refused):
    settings = {"now": lambda: clock.wall, "monotonic": lambda: clock.ticks}
    path = str(tmp_path / "state.db")
    old, annas = clock.token(), clock.token(user="anna")
    async with Emulator(path, **settings) as emulator:
        client = connect(emulator)
        await client.post(f"{ROOT}/seed", json={"users": ["anna"]})
        await client.put("/users/anna/password", json={"newpassword": "new"})
        clock.advance(60)
        await client.post(f"{ROOT}/tokens/revoke")
    async with Emulator(path, **settings) as emulator:
        client = connect(emulator)
        for token in (old, annas):
            response = await client.get("/users/anna", headers={"Authorization": f"Bearer {token}"})
            assert refused(response) == (401, "unauthorized")
        clock.advance(60)
        newer = {"Authorization": f"Bearer {clock.token(user='anna')}"}
        assert (await client.get("/users/anna", headers=newer)).status_code == 200


async def test_reset_frees_the_quotas(connect):
    client = connect(quotas={"users.list": "1/day"})
    assert (await client.get("/users")).status_code == 200
    assert (await client.get("/users")).status_code == 429
    await client.post(f"{ROOT}/reset")
    assert (await client.get("/users")).status_code == 200


async def test_online_refusals(client, refused):
    assert refused(await client.post(f"{ROOT}/users/anna/online")) == (404, "service_resource_not_found")
    await client.post("/users", json={"username": "anna"})
    assert refused(await client.post(f"{ROOT}/users/anna/online", json={"online": 1})) == (400, "illegal_argument")
    assert (await client.post(f"{ROOT}/users/anna/online")).json()["online"] is True


async def test_a_file_survives_a_restart(tmp_path, clock, connect):
    settings = {"now": lambda: clock.wall, "monotonic": lambda: clock.ticks}
    path = str(tmp_path / "state.db")
    async with Emulator(path, **settings) as emulator:
        client = connect(emulator)
        await client.post("/users", json=[{"username": "anna"}, {"username": "bert"}])
        message = {"to": ["anna"], "type": "txt", "body": {"msg": "hello"}}
        number = (await client.post("/messages/users", json=message)).json()["data"]["anna"]
        token = (await client.post("/token", json={"grant_type": "agora"})).json()["access_token"]
        before = (await client.get("/users")).json()
    async with Emulator(path, **settings) as emulator:
        client = connect(emulator)
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await client.get("/users")).json() == before
        assert (await client.get("/users/anna/offline_msg_count")).json()["data"] == {"anna": 1}
        later = (await client.post("/messages/users", json=message)).json()["data"]["anna"]
        assert int(later) > int(number)
        await client.delete("/users/bert")
        answer = (await client.post("/users", json={"username": "carl"})).json()
        assert answer["entities"][0]["created"] == 1_700_000_000_000
        names = [entity["username"] for entity in (await client.get("/users")).json()["entities"]]
        assert names == ["anna", "carl"]
