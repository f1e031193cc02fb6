"""What is checked before an operation's own rules: path, method, token, content type, JSON."""

from __future__ import annotations

import httpx
import pytest

from agora_chat_async.emulator import Emulator
from agora_chat_async.emulator._state.users import Applicant

FOREIGN = "f" * 32


async def test_unknown_org_or_app(client, refused):
    for path in ("/demo-org/other/users", "/other/demo-app/users", "/", "/demo-org", "/demo-org//users"):
        response = await client.get(f"http://emulator{path}")
        assert refused(response) == (404, "organization_application_not_found")


async def test_unknown_app_goes_before_bad_token(client, refused):
    response = await client.get("http://emulator/demo-org/other/users", headers={"Authorization": "Bearer x"})
    assert refused(response) == (404, "organization_application_not_found")


async def test_what_is_not_emulated_is_named(client, refused):
    for method, path in (("GET", "/nothing/here"), ("POST", "/users/anna/nothing"), ("GET", "/users/")):
        response = await client.request(method, path)
        assert refused(response) == (501, "not_emulated")
        assert f"{method} {path}" in response.json()["error_description"]


async def test_an_operation_without_a_handler_is_named(clock, connect, refused):
    async with Emulator(now=lambda: clock.wall) as emulator:
        del emulator.handlers["users.ban"]
        response = await connect(emulator).post("/users/anna/deactivate")
        assert refused(response) == (501, "not_emulated")
        assert "users.ban" in response.json()["error_description"]
        del emulator.handlers["users.create_many"]
        client = connect(emulator)
        response = await client.post("/users", json=[{"username": "anna"}])
        assert refused(response) == (501, "not_emulated")
        assert "users.create_many" in response.json()["error_description"]
        assert (await client.post("/users", json={"username": "anna"})).status_code == 200


async def test_a_known_path_with_another_method(client, refused):
    for method, path in (("PUT", "/users"), ("PUT", "/users/anna/disconnect"), ("DELETE", "/messages/users")):
        assert refused(await client.request(method, path)) == (500, "unsupported_service_operation")
    assert (await client.head("/users/anna")).status_code == 500


@pytest.mark.parametrize("body", [b"", b"{", b"{'username': 'anna'}", b'{"username": "\xff"}', b"[,]", b"NaN"])
async def test_bad_json(client, refused, body):
    response = await client.post("/users", content=body, headers={"Content-Type": "application/json"})
    assert refused(response) == (400, "json_parse")


async def test_content_type(client, refused):
    body = b'{"username": "anna"}'
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        response = await client.post("/users", content=body, headers={"Content-Type": kind} if kind else {})
        assert refused(response) == (415, "web_application")
    for kind in ("application/json;charset=UTF-8", "Application/JSON"):
        await client.delete("/users")
        assert (await client.post("/users", content=body, headers={"Content-Type": kind})).status_code == 200
    assert (await client.post("/users/anna/deactivate")).status_code == 200, "without a body no type is needed"


async def test_null_is_no_body(client, refused):
    response = await client.post("/users", content=b"null", headers={"Content-Type": "application/json"})
    assert refused(response) == (400, "illegal_argument")


async def test_token_faults(client, clock, refused):
    faults = {
        "unauthorized": [None, f"Bearer {clock.token(age=90_000)}", f"Bearer {clock.token(privilege_expire=3)}"],
        "auth_bad_access_token": [
            "Bearer nonsense",
            "Bearer 007eJx",
            "Bearer ",
            f"Basic {clock.token()}",
            clock.token(),
            f"Bearer {clock.token()[:-6]}AAAAAA",
            f"Bearer {clock.token(certificate=FOREIGN)}",
            f"Bearer {clock.token(app_id=FOREIGN)}",
        ],
    }
    await client.post("/users", json={"username": "anna"})
    for error, headers in faults.items():
        for value in headers:
            client.headers.pop("Authorization", None)
            sent = {} if value is None else {"Authorization": value}
            assert refused(await client.get("/users/anna", headers=sent)) == (401, error), value
            registration = await client.post("/users", json={"username": "bert"}, headers=sent)
            assert refused(registration) == (401, "unauthorized")
            assert "Registration is not open" in registration.json()["error_description"]


async def test_a_token_ends_on_the_dot(client, clock, refused):
    client.headers["Authorization"] = f"Bearer {clock.token(age=0, expire=10)}"
    clock.advance(9.99)
    assert (await client.get("/users")).status_code == 200
    clock.advance(0.01)
    assert refused(await client.get("/users")) == (401, "unauthorized")


async def test_user_tokens_reach_their_own_user_only(client, clock, refused):
    answer = await client.post("/users", json=[{"username": "anna"}, {"username": "bert"}])
    uuid = answer.json()["entities"][0]["uuid"]
    for user in ("anna", uuid):
        client.headers["Authorization"] = f"Bearer {clock.token(user=user)}"
        for name in ("anna", uuid):
            assert (await client.get(f"/users/{name}")).status_code == 200
            assert (await client.get(f"/users/{name}/offline_msg_count")).status_code == 200
        assert refused(await client.get("/users/bert")) == (401, "unauthorized")
        assert refused(await client.get("/users")) == (401, "unauthorized")
        assert refused(await client.post("/users", json={"username": "carl"})) == (401, "unauthorized")
    assert (await client.put("/users/anna/password", json={"newpassword": "next"})).status_code == 200
    assert refused(await client.get("/users/anna")) == (401, "unauthorized"), "old tokens end with the old password"


async def test_exchange(client, clock, refused):
    response = await client.post("/token", json={"grant_type": "agora"})
    answer = response.json()
    assert response.status_code == 200
    assert answer == {"access_token": answer["access_token"], "expire_timestamp": (1_700_000_000 + 86_395) * 1000}
    client.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert (await client.post("/users", json={"username": "anna"})).status_code == 200
    clock.advance(86_395)
    assert refused(await client.get("/users")) == (401, "unauthorized")


async def test_exchange_needs_no_content_type_but_a_token(client, clock, refused):
    assert (await client.post("/token", content=b'{"grant_type": "agora"}')).status_code == 200
    for kind in ("password", "client_credentials", "inherit"):
        assert refused(await client.post("/token", json={"grant_type": kind})) == (400, "invalid_grant")
    assert refused(await client.post("/token", json={})) == (400, "illegal_argument")
    client.headers["Authorization"] = f"Bearer {clock.token(age=90_000)}"
    assert refused(await client.post("/token", json={"grant_type": "agora"})) == (401, "unauthorized")
    client.headers["Authorization"] = "Bearer x"
    assert refused(await client.post("/token", json={"grant_type": "agora"})) == (401, "auth_bad_access_token")


async def test_an_exchanged_user_token_stays_the_users(client, clock):
    await client.post("/users", json={"username": "anna"})
    client.headers["Authorization"] = f"Bearer {clock.token(user='anna')}"
    token = (await client.post("/token", json={"grant_type": "agora"})).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    assert (await client.get("/users/anna")).status_code == 200
    assert (await client.get("/users")).status_code == 401


async def test_revoked_tokens(client, clock, refused):
    await client.get("/users")
    exchanged = (await client.post("/token", json={"grant_type": "agora"})).json()["access_token"]
    unseen, same_second = clock.token(age=1), clock.token(age=0)
    assert (await client.post("http://emulator/_emulator/tokens/revoke")).json() == {"revoked": True}
    assert refused(await client.get("/users")) == (401, "unauthorized")
    for token in (exchanged, unseen):
        assert refused(await client.get("/users", headers={"Authorization": f"Bearer {token}"})) == (
            401,
            "unauthorized",
        )
    assert (await client.get("/users", headers={"Authorization": f"Bearer {same_second}"})).status_code == 200


async def call_raw(emulator: Emulator, method: str, raw_path: bytes, token: str) -> tuple[int, bytes]:
    """Call the app below any HTTP client, which would tidy the path up."""
    sent = list[dict]()

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": raw_path.decode("latin-1"),
        "raw_path": raw_path,
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    await emulator(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_raw_paths(clock):
    base = b"/demo-org/demo-app"
    async with Emulator(now=lambda: clock.wall) as emulator:
        await emulator.state.database.run(lambda: emulator.state.users.seed(map(Applicant, ["anna", ".", "..", "a.b"])))
        for method, path, status in (
            ("GET", b"/users/%61nna", 200),
            ("GET", b"/users/a%2Eb", 200),
            ("GET", b"/users/%2561nna", 404),  # decoded once only
            ("GET", b"/users/anna%2Fstatus", 404),  # one segment, not two
            ("GET", b"/users/anna%2Fstatus/status", 404),
            ("GET", b"/users/anna/../anna", 501),
            ("GET", b"/users/./anna", 501),
            ("GET", b"/users//anna", 501),
            ("DELETE", b"/users/", 501),
            ("DELETE", b"/users/%2E", 200),  # deletes the user of that name, and nobody else
            ("DELETE", b"/users/..", 200),
            ("GET", b"/users/%ff", 400),
            ("GET", b"/users/a;b=c", 404),
        ):
            assert (await call_raw(emulator, method, base + path, clock.token()))[0] == status, path
        assert await emulator.state.database.run(emulator.state.users.count) == 2
        assert (await call_raw(emulator, "GET", b"/demo-org/other/../demo-app/users", clock.token()))[0] == 404
        assert (await call_raw(emulator, "GET", b"/%64emo-org/demo-app/users", clock.token()))[0] == 200
        targets = [entry["target"] for entry in emulator.log.requests()]
        assert "/demo-org/demo-app/users/anna%2Fstatus" in targets
        assert "/demo-org/demo-app/users/anna/../anna" in targets


async def test_a_fault_of_the_emulator_is_an_answer_too(clock, connect, refused, caplog):
    def fail(_: object) -> dict:
        raise ZeroDivisionError("on purpose")

    async with Emulator(now=lambda: clock.wall) as emulator:
        emulator.handlers["users.list"] = fail
        assert refused(await connect(emulator).get("/users")) == (500, "emulator_fault")
        assert "on purpose" in caplog.text


async def test_lifespan_and_other_protocols():
    emulator, sent = Emulator(), list[dict]()
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict:
        return next(messages)

    async def send(message: dict) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError, match="websocket"):
        await emulator({"type": "websocket"}, receive, send)
    await emulator({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await emulator.aclose()


@pytest.mark.parametrize(
    "settings",
    [
        {"plan": "gold"},
        {"quotas": {"users.creat": "1/second"}},
        {"quotas": {"users.create": "often"}},
        {"algorithm": "guess"},
        {"background": 1.0},
        {"batch_conflict": "x"},
        {"too_large": 414},
        {"dialect": "english"},
        {"limits": {"cats": 9}},
        {"limits": {"groups": -1}},
        {"org": "a/b"},
    ],
)
def test_settings_that_make_no_sense(settings):
    with pytest.raises(ValueError, match=r"."):
        Emulator(**settings)


async def test_a_body_in_pieces(client):
    async def pieces():
        for piece in (b'{"user', b'name": ', b'"anna"}'):
            yield piece

    response = await client.post("/users", content=pieces(), headers={"Content-Type": "application/json"})
    assert isinstance(response, httpx.Response)
    assert response.status_code == 200
