"""Provisioning: many users registered at the pace of the quota, from a file or any other source."""

from agora_chat_async.bulk._parsing import InputError
from agora_chat_async.bulk._store import JournalError
from agora_chat_async.bulk.journal import Journal
from agora_chat_async.bulk.provisioning import provision_users
from agora_chat_async.bulk.reading import read_users
from agora_chat_async.bulk.reporting import Progress, Report, TooManyErrors
from agora_chat_async.bulk.result_file import ResultFile
from agora_chat_async.bulk.rows import Row, RowResult, RowStatus

__all__ = [
    "InputError",
    "Journal",
    "JournalError",
    "Progress",
    "Report",
    "ResultFile",
    "Row",
    "RowResult",
    "RowStatus",
    "TooManyErrors",
    "provision_users",
    "read_users",
]
