"""A server that answers one thing fast and keeps a strict sliding window: the judge of every benchmark.

It knows nothing of the SDK. `python -m benchmarks.server CALLS SECONDS JITTER` prints its port; CALLS of 0 admit all.
`GET /_log` gives the moments at which requests arrived and how many of them were refused.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque

USER = {"uuid": "u-1", "type": "user", "created": 1, "modified": 1, "username": "anna", "activated": True}
FINE = json.dumps({"action": "post", "entities": [USER], "timestamp": 1, "duration": 0}).encode()
REFUSED = b'{"error":"reach_limit","error_description":"too many calls"}'


def reply(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


FINE_REPLY, REFUSED_REPLY = reply(200, FINE), reply(429, REFUSED)


class Judge:
    def __init__(self, calls: int, period: float, jitter: float) -> None:
        self.calls, self.period, self.jitter = calls, period, jitter
        self.admitted = deque[float]()
        self.arrivals = list[float]()
        self.refused = 0

    def judge(self) -> bytes:
        now = time.monotonic()
        self.arrivals.append(now)
        while self.admitted and self.admitted[0] <= now - self.period:
            self.admitted.popleft()
        if self.calls and len(self.admitted) >= self.calls:
            self.refused += 1
            return REFUSED_REPLY
        self.admitted.append(now)
        return FINE_REPLY


class Connection(asyncio.Protocol):
    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.data) < end + 4 + length:
                return
            self.data = self.data[end + 4 + length :]
            if head.startswith(b"get /_log "):
                log = {"arrivals": self.judge.arrivals, "refused": self.judge.refused}
                self.transport.write(reply(200, json.dumps(log).encode()))
            elif self.judge.jitter:
                asyncio.get_running_loop().call_later(random.random() * self.judge.jitter, self.answer)
            else:
                self.answer()

    def answer(self) -> None:
        answer = self.judge.judge()
        if not self.transport.is_closing():
            self.transport.write(answer)


async def main(calls: int, period: float, jitter: float) -> None:
    judge = Judge(calls, period, jitter)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(judge), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
