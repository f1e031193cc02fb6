"""Answers of the groups `files` and `group_files`."""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import parse_qs

from agora_chat_async.api.files import Files
from agora_chat_async.api.group_files import GroupFiles
from agora_chat_async.emulator._call import APP, PLACE, Answers, Attachment, Call
from agora_chat_async.emulator._errors import Refusal, forbidden, illegal
from agora_chat_async.emulator._multipart import thumbnail
from agora_chat_async.emulator._state.files import NewFile

answers = Answers()

_SMALL_PICTURE: Final = 10 * 1024
_MOST_PIXELS: Final = 10_000
_MOST_ANNOUNCED: Final = 512
_ADMIN: Final = "@ppAdmin"
_MOST_FILES: Final = 1000


@answers(Files.upload)
def upload(call: Call) -> dict[str, Any]:
    """Keep an attachment."""
    new = NewFile(
        call.body.filename,
        call.identity.user or _ADMIN,
        call.body.content,
        restricted=_flag(call, "restrict-access"),
        width=_pixels(call, "thumbnail-width"),
        height=_pixels(call, "thumbnail-height"),
    )
    row = call.state.files.add(new, call.settings.limits.file_mb)
    entity = {"uuid": row["id"], "type": "chatfile"}
    if row["secret"]:
        entity["share-secret"] = row["secret"]
    return call.envelope(*APP, *PLACE, entities=[entity])


@answers(Files.download)
def download(call: Call) -> Attachment:
    """Give an attachment out, or its thumbnail where a header asks for it."""
    row = call.state.files.require(call.values["file_uuid"])
    given = call.header("share-secret") or parse_qs(call.query_string).get("share-secret", [""])[0]
    if row["secret"] and not hmac.compare_digest(given.encode(), row["secret"].encode()):
        raise forbidden("the share-secret of the file is missing or wrong")
    content: bytes = row["content"]
    if _flag(call, "thumbnail") and len(content) > _SMALL_PICTURE:
        content = thumbnail(content, row["width"], row["height"])
    return Attachment(content)


answers(Files.download_thumbnail)(download)


@answers(GroupFiles.upload)
def share(call: Call) -> dict[str, Any]:
    """Keep a file of a group."""
    group_id = call.values["group_id"]
    call.state.groups.require(group_id)
    _flag(call, "restrict-access")
    new = NewFile(call.body.filename, call.identity.user or _ADMIN, call.body.content, group_id=group_id)
    row = call.state.files.add(new)
    envelope = call.envelope(*APP, *PLACE)
    return envelope | {
        "data": {
            "file_url": f"{envelope['uri']}/{row['id']}",
            "group_id": group_id,
            "file_name": row["name"],
            "created": row["created"],
            "file_id": row["id"],
            "file_size": row["size"],
        }
    }


@answers(GroupFiles.list)
def list_shared(call: Call) -> dict[str, Any]:
    """One page of a group's files."""
    query = call.query("pagenum", "pagesize")
    limit, offset = call.window(query, default=_MOST_FILES, most=_MOST_FILES)
    rows = call.state.files.of_group(call.values["group_id"], limit, offset)
    data = [
        {
            "file_id": row["id"],
            "file_name": row["name"],
            "file_owner": row["owner"],
            "file_size": row["size"],
            "created": row["created"],
        }
        for row in rows
    ]
    return call.envelope(*APP, *PLACE, params=call.echo(query), data=data)


@answers(GroupFiles.download)
def download_shared(call: Call) -> Attachment:
    """Give a file of a group out."""
    call.state.groups.require(call.values["group_id"])
    row = call.state.files.require(call.values["file_id"], call.values["group_id"])
    return Attachment(row["content"])


@answers(GroupFiles.delete)
def delete_shared(call: Call) -> dict[str, Any]:
    """Drop a file of a group."""
    group_id, file_id = call.values["group_id"], call.values["file_id"]
    call.state.files.delete(file_id, group_id)
    return call.envelope(*APP, *PLACE, data={"group_id": group_id, "file_id": file_id, "result": True})


@answers(GroupFiles.get_announcement)
def get_announcement(call: Call) -> dict[str, Any]:
    """Give a group's announcement."""
    text = call.state.files.announcement(call.values["group_id"])
    return call.envelope(*APP, *PLACE, data={"announcement": text})


@answers(GroupFiles.set_announcement)
def set_announcement(call: Call) -> dict[str, Any]:
    """Replace a group's announcement."""
    fields = call.fields()
    if call.body.get("announcement") is None:
        raise illegal("announcement is null")
    text = fields.text("announcement", least=0)
    fields.end()
    if len(text) > _MOST_ANNOUNCED:
        raise Refusal(403, "FORBIDDEN", "announce info length exceeds limit!")
    call.refuse_moderated(text, "group_announce_violation")
    call.state.files.announce(call.values["group_id"], text)
    return call.envelope(*APP, *PLACE, data={"id": call.values["group_id"], "result": True})


def _flag(call: Call, name: str) -> bool:
    text = (call.header(name) or "false").lower()
    if text not in {"true", "false"}:
        raise illegal(f"invalid request: the header {name} is true or false, got {text}")
    return text == "true"


def _pixels(call: Call, name: str) -> int:
    text = call.header(name) or "170"
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PIXELS:
        raise illegal(f"invalid request: the header {name} is a number of pixels, got {text}")
    return int(text)
