"""Attachments of imported messages that the service fetches itself, since their senders ask it to."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from typing import Any, Final, cast
from urllib.parse import urlsplit

from agora_chat_async.emulator._call import Call
from agora_chat_async.emulator._errors import illegal
from agora_chat_async.emulator._state.files import NewFile

_TIMEOUT: Final = 10.0
_MB: Final = 1024 * 1024
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


async def fetch(call: Call) -> None:
    """Get the file that a message is about, where it says so, before its turn at the database comes."""
    message = _object(call.body)
    if message.get("need_download") is not True:
        return
    url = _url(message)
    if url is not None and _own_file(call, url) is None:
        call.fetched = await asyncio.to_thread(_get, url, call.settings.limits.file_mb * _MB)


def keep(call: Call, body: dict[str, Any], sender: str) -> dict[str, Any]:
    """Store the file among the app's own, and return the body with its new address."""
    url = str(body["url"])
    own = _own_file(call, url)
    content: bytes = call.state.files.require(own)["content"] if own is not None else call.fetched or b""
    name = body.get("filename") or urlsplit(url).path.rpartition("/")[2] or "file"
    file = call.state.files.add(NewFile(name, sender, content), call.settings.limits.file_mb)
    return {**body, "url": f"{_files(call)}{file['id']}"}


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _url(message: dict[str, Any]) -> str | None:
    url = _object(message.get("body")).get("url")
    if isinstance(url, str) and url.startswith(("http://", "https://")):
        return url
    return None


def _files(call: Call) -> str:
    return f"{call.origin}/{call.settings.org}/{call.settings.app}/chatfiles/"


def _own_file(call: Call, url: str) -> str | None:
    return url.removeprefix(_files(call)) if url.startswith(_files(call)) else None


def _get(url: str, most: int) -> bytes:
    try:
        with _OPENER.open(url, timeout=_TIMEOUT) as response:
            content: bytes = response.read(most + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise illegal(f"the attachment {url} could not be downloaded: {error}") from None
    return content
