"""What is loaded when: nothing before it is used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def loaded_by(code: str) -> set[str]:
    """Run code in a fresh interpreter and tell which modules it has loaded."""
    script = f"{code}\nimport json, sys; print(json.dumps([*sys.modules]))"
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return set(json.loads(output.splitlines()[-1]))


def test_importing_the_package_loads_next_to_nothing() -> None:
    """Neither a client nor a model nor a group, not even the standard library's typing."""
    new = loaded_by("import agora_chat_async") - loaded_by("pass")
    assert {name for name in new if name.startswith("agora_chat_async")} == {"agora_chat_async"}
    assert not new & {"typing", "asyncio", "httpx", "aiohttp", "attrs", "cattrs", "anyio"}


def test_a_session_loads_only_the_groups_that_are_used() -> None:
    """Users are there because they were asked for; groups, push and the emulator are not."""
    loaded = loaded_by(
        "from agora_chat_async import Session\nchat = Session('org', 'app', host='host', token='t')\nchat.users\n"
    )
    groups = {name.rpartition(".")[2] for name in loaded if name.startswith("agora_chat_async.api.")}
    assert groups == {"users"}
    assert not {name for name in loaded if name.startswith(("agora_chat_async.emulator", "agora_chat_async.bulk"))}
    assert "agora_chat_async.models.groups" not in loaded


@pytest.mark.parametrize("name", ["Session", "AppToken", "NewUser", "errors", "per_second", "__version__"])
def test_public_names_are_there_when_they_are_asked_for(name: str) -> None:
    """Each is imported on its own, and is what its home module has."""
    loaded_by(f"from agora_chat_async import {name}")


def test_every_public_name_can_be_had() -> None:
    """`__all__` is sorted, complete and true."""
    import agora_chat_async

    assert sorted(agora_chat_async.__all__) == sorted(set(agora_chat_async.__all__))
    for name in agora_chat_async.__all__:
        assert getattr(agora_chat_async, name) is not None
    with pytest.raises(AttributeError, match="Sesion"):
        _ = agora_chat_async.Sesion  # type: ignore[attr-defined]
