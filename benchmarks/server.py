"""A server that answers fixed things fast and keeps a strict sliding window: the judge of every benchmark.

It knows nothing of the SDK. `python -m benchmarks.server CALLS SECONDS JITTER [WIRE_NAME]` prints its port. Each route,
which is the first segment below the app, has a window of its own. CALLS of 0 admit everything; with a WIRE_NAME each
call counts as many as that list of its JSON body has items. `GET /_log` gives of each route the moments at which
requests arrived, what each counted, and whether it was admitted.
"""

import asyncio
import json
import random
import sys
import time
from collections import defaultdict, deque
from functools import partial

from orjson import dumps, loads

from benchmarks.answers import ANSWERS, OTHERWISE, user

REFUSED = b'{"error":"reach_limit","error_description":"too many calls"}'


def reply(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


REFUSED_REPLY = reply(429, REFUSED)
REPLIES = [(words, reply(status, json.dumps(body).encode())) for words, status, body in ANSWERS]
OTHER_REPLY = reply(200, json.dumps(OTHERWISE).encode())


class Judge:
    """Admits calls up to the quota in any window."""

    def __init__(self, calls: int, period: float) -> None:
        self.calls, self.period = calls, period
        self.window = deque[tuple[float, int]]()
        self.in_window = 0
        self.log = list[tuple[float, int, bool]]()

    def admits(self, cost: int) -> bool:
        if not self.calls:
            return True
        now = time.monotonic()
        while self.window and self.window[0][0] <= now - self.period:
            self.in_window -= self.window.popleft()[1]
        admitted = self.in_window + cost <= self.calls
        if admitted:
            self.window.append((now, cost))
            self.in_window += cost
        self.log.append((now, cost, admitted))
        return admitted


class Connection(asyncio.Protocol):
    """One connection of a client."""

    transport: asyncio.WriteTransport

    def __init__(self, judges: defaultdict[str, Judge], jitter: float, counts: str) -> None:
        self.judges, self.jitter, self.counts = judges, jitter, counts
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end]
            lowered = head.lower()
            mark = lowered.find(b"content-length:")
            length = int(lowered[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if mark < 0 and b"transfer-encoding: chunked" in lowered:
                last = self.data.find(b"0\r\n\r\n", end + 4)
                if last < 0:
                    return
                length = last + 5 - end - 4
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
            if self.jitter:
                delay = random.random() * self.jitter
                asyncio.get_running_loop().call_later(delay, self.answer, head, body)
            else:
                self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        line = head[: head.find(b"\r\n")]
        if line.startswith(b"GET /_log "):
            answer = reply(200, json.dumps({route: judge.log for route, judge in self.judges.items()}).encode())
        elif not self.admits(line, body):
            answer = REFUSED_REPLY
        elif body.startswith(b"["):
            answer = reply(200, dumps({"entities": [user(one["username"]) for one in loads(body)], "data": []}))
        else:
            answer = next((found for words, found in REPLIES if words in line), OTHER_REPLY)
        if not self.transport.is_closing():
            self.transport.write(answer)

    def admits(self, line: bytes, body: bytes) -> bool:
        segments = line.split(b" ")[1].partition(b"?")[0].split(b"/")
        route = segments[3].decode() if len(segments) > 3 else ""
        return self.judges[route].admits(len(json.loads(body)[self.counts]) if self.counts else 1)


async def main(calls: int, period: float, jitter: float, counts: str = "") -> None:
    judges = defaultdict[str, Judge](partial(Judge, calls, period))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(judges, jitter, counts), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:]))
