"""What is secret is hidden, whatever it stands in, and the rest is left as it is."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agora_chat_async._redact import is_secret, redacted, redacted_bytes, redacted_text

TOKEN = "007eJxTYJB2KDL7PU1d8mmR0kOmzVyaJ3cz3qkSZvvY8TU48"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newpassword",
        "Authorization",
        "Proxy-Authorization",
        "access_token",
        "share-secret",
        "thumb_secret",
        "certificate",
        "Set-Cookie",
        "X-Amz-Signature",
        "passwords[3]",
        "PASSWORD",
    ],
)
def test_secret_names(name: str) -> None:
    """Members, headers and arguments are told by the end of their names."""
    assert is_secret(name)


@pytest.mark.parametrize("name", ["username", "token_type", "secretary", "path", "", "grant_type"])
def test_other_names(name: str) -> None:
    """A name that only begins like one is not."""
    assert not is_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        '{"username":"anna","password":"hush-hush"}',
        '{"password" : "hush-hush',
        "{'password': 'hush-hush'}",
        r'{"a":"{\"password\":\"hush-hush\"}"}',
        r'{"password":"with \" a quote, hush-hush"}',
        "password=hush-hush&x=1",
        "Authorization: Bearer hush-hush\r\nHost: x",
        "was sent with Bearer hush-hush, which is unknown",
        "redis://:hush-hush@10.0.0.1:6379/0",
        "redis://default:hush-hush@redis",
        "https://me:hush-hush@proxy:3128/ is unreachable",
        "share-secret: hush-hush",
        "GET /a?X-Amz-Signature=hush-hush&b=1",
        '["x",{"client_secret":"hush-hush"}]',
    ],
)
def test_secrets_in_texts(text: str) -> None:
    """Headers, JSON, forms, reprs and addresses: the secret goes, its name stays."""
    shown = redacted_text(text)
    assert "hush" not in shown
    assert "(hidden)" in shown


@pytest.mark.parametrize(
    "text",
    [
        "401 auth_bad_access_token (Unable to authenticate)",
        '{"error":"auth_bad_access_token","exception":"com.x.TokenException"}',
        "expired access token",
        "POST /users: 400 illegal_argument (username is too long)",
        "https://a41.chat.agora.io/org/app/users/me@example.org",
    ],
)
def test_texts_without_secrets(text: str) -> None:
    """What the service says of tokens is no token."""
    assert redacted_text(text) == text


def test_tokens_and_known_secrets_are_hidden_wherever_they_stand() -> None:
    """An AccessToken2 is known by its form, the session's own token by its text."""
    assert TOKEN not in redacted_text(f"no such user {TOKEN}")
    assert redacted_text("no such user opaque-token", "opaque-token") == "no such user (hidden)"
    assert redacted_text("a text", "") == "a text"


def test_data() -> None:
    """Members of any depth are hidden, and nothing else changes."""
    data: dict[str, Any] = {"users": [{"username": "anna", "password": "x"}], "n": 1, "tokens": {"a": ["b"]}, "z": None}
    assert redacted(data) == {
        "users": [{"username": "anna", "password": "(hidden)"}],
        "n": 1,
        "tokens": "(hidden)",
        "z": None,
    }
    assert data["users"][0]["password"] == "x"


@given(st.binary())
def test_bytes_stay_bytes(body: bytes) -> None:
    """Whatever a server sends can be redacted; without secrets it stays as it is."""
    assert isinstance(redacted_bytes(body), bytes)
    assert redacted_bytes(b"\xff" + body.replace(b"e", b"")) == b"\xff" + body.replace(b"e", b"")


@pytest.mark.parametrize("piece", ["x", "token", "token ", "://", "Bearer ", '"', "\\", "token:", "- ", "token=\\"])
def test_no_text_takes_long(piece: str) -> None:
    """A server cannot stall a client with what it says."""
    begun = time.process_time()
    redacted_text((piece * 4096)[:4096])
    assert time.process_time() - begun < 1.0
