"""Where requests may go: https, except on this machine, and no other place than the one that is written."""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx
from attrs import field, frozen

from agora_chat_async._checks import is_loopback, segment
from agora_chat_async.errors import InvalidArgument

_HOST: Final = re.compile(r"(?:[^\s.%:,]{1,63}\.)*[^\s.%:,]{1,63}\.?|[0-9a-fA-F:.]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@frozen
class Proxy:
    """A proxy, and who it is told that we are."""

    url: str
    """Without user and password."""
    credentials: str | None = field(default=None, repr=False)
    """User and password, joined by a colon."""

    @property
    def headers(self) -> dict[str, str]:
        """What the proxy is told."""
        if self.credentials is None:
            return {}
        return {"Proxy-Authorization": f"Basic {base64.b64encode(self.credentials.encode()).decode()}"}


def base_url(host: str, org: str, app: str) -> str:
    """Make the address below which the app's routes lie; https is required except on this machine."""
    rule = "a host name such as 'a41.chat.agora.io', or a URL without path and user"
    parts = _split(host if "://" in host else f"https://{host}")
    if parts is None or any((parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)):
        raise InvalidArgument("host", host, rule)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise InvalidArgument("host", host, "https, except on this machine")
    return f"{parts.scheme}://{parts.netloc}/{segment('org', org)}/{segment('app', app)}"


def proxy_of(text: str) -> Proxy:
    """Read the address of a proxy, which may hold a user and a password; neither is ever shown."""
    parts = _split(text if "://" in text else f"http://{text}")
    if parts is None or any((parts.path.strip("/"), parts.query, parts.fragment)):
        rule = "an http or https URL such as 'http://proxy.example:3128', without path"
        raise InvalidArgument("proxy", text, rule, secret="@" in text)
    credentials, _, place = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    return Proxy(f"{parts.scheme}://{place}", f"{unquote(user)}:{unquote(password)}" if credentials else None)


def foreign_address(address: str) -> str:
    """Check where a file lies on another host; it is asked for over https, except on this machine.

    A ValueError says what is wrong with the address.
    """
    parts = urlsplit(address)
    plain = all("!" <= character <= "~" for character in address)
    if not plain or parts.scheme not in _DEFAULT_PORTS or _HOST.fullmatch(parts.hostname or "") is None:
        raise ValueError("the address of the file is none that can be fetched")
    if parts.username is not None or parts.port == 0:
        raise ValueError("the address of the file has a user or a port that is none")
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return address
    if parts.port is not None:
        raise ValueError("the address of the file is not an https one")
    return f"https{address[len('http') :]}"


def check_raw_request(method: str, path: str) -> None:
    """Refuse a method that is none, and a path that a client or server on the way would read as another one."""
    if not re.fullmatch(r"[A-Za-z]+", method):
        raise InvalidArgument("method", method, "an HTTP method such as GET")
    parts = path.split("/")
    # What is encoded counts as what it stands for: some clients decode dots before they resolve them.
    if parts[0] or not parts[1:] or any(unquote(part) in {"", ".", ".."} for part in parts[1:]):
        raise InvalidArgument("path", path, "'/' and segments that are not empty, '.' or '..'")
    if any(not "!" <= character <= "~" or character in "?#\\" for character in path):
        raise InvalidArgument("path", path, "a percent-encoded path without query")


def place_of(address: str) -> str:
    """Name host and port of an address, to tell it from another one."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _DEFAULT_PORTS.get(parts.scheme)}"


def _split(url: str) -> SplitResult | None:
    """Take an http or https URL apart; None where no client can reach it."""
    try:
        parts = urlsplit(url)
        httpx.URL(f"{parts.scheme}://{parts.netloc}")  # raises for what no client can reach
        known = _HOST.fullmatch(parts.hostname or "") is not None and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        return None
    return parts if known and parts.scheme in _DEFAULT_PORTS else None
