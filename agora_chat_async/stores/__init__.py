"""Quotas shared between processes: where several of them keep one quota together.

`Session(store=SQLiteStore(path))` shares with the other processes of one machine, `Session(store=RedisStore(url))` with
a fleet. Without a store a session keeps its quotas by itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agora_chat_async.stores._protocol import QuotaStore
    from agora_chat_async.stores._redis import RedisStore
    from agora_chat_async.stores._sqlite import SQLiteStore

__all__ = ["QuotaStore", "RedisStore", "SQLiteStore"]

_HOMES: Final = {"QuotaStore": "_protocol", "RedisStore": "_redis", "SQLiteStore": "_sqlite"}


if not TYPE_CHECKING:  # so that checkers refuse what does not exist

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
