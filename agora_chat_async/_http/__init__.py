"""The wire: requests out, whole answers in. The only package that knows httpx and the transport below it.

httpx over aiohttp costs a fifth of what httpx costs on its own transport and does not lose its pool to cancelled
tasks. Two traps of that transport are closed here. It reports every lost connection as a failed connect; therefore
what counts is whether the request had got a connection, which it tells its `Handover`, as it tells when it was written.
And aiohttp sends GET, PUT and DELETE a second time when a kept-alive connection drops, which no quota would know of;
that is switched off.
"""

from agora_chat_async._http.addresses import base_url, check_raw_request, foreign_address, proxy_of
from agora_chat_async._http.bodies import Answer
from agora_chat_async._http.proxies import Proxies
from agora_chat_async._http.requests import Request
from agora_chat_async._http.wire import Wire

__all__ = ["Answer", "Proxies", "Request", "Wire", "base_url", "check_raw_request", "foreign_address", "proxy_of"]
