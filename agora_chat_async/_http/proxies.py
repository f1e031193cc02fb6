"""Which proxy a host is reached through."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from agora_chat_async._checks import is_loopback
from agora_chat_async._http.addresses import Proxy, proxy_of
from agora_chat_async.errors import InvalidArgument


class Proxies:
    """The proxy that was named, or those of the environment where they are asked for."""

    def __init__(self, proxy: Proxy | None, *, trust_env: bool) -> None:
        self._proxy = proxy
        self._trust_env = trust_env

    def for_address(self, address: str) -> Proxy | None:
        """Return the proxy for an address; None to reach it directly."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        if self._proxy is not None:
            if parts.scheme == "http" and not is_loopback(urlsplit(self._proxy.url).hostname or ""):
                raise InvalidArgument("proxy", self._proxy.url, "a proxy on this machine, where a host is not https")
            return self._proxy
        # What is on this machine is no business of a proxy, whatever the environment says.
        if not self._trust_env or is_loopback(host) or proxy_bypass(parts.netloc):
            return None
        found = getproxies()
        text = found.get(parts.scheme) or found.get("all")
        return None if text is None else proxy_of(text)
