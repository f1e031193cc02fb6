"""The rules in Python and in Lua are one text: the same messages have the same answers, and leave the same state."""

from __future__ import annotations

import random
from typing import Any

from attrs import evolve

from agora_chat_async.stores._ledger import BucketLog, Fleet, converse, new_fleet, new_log
from agora_chat_async.stores._protocol import BucketNews, News, Reply
from agora_chat_async.stores._redis import SCRIPT, read_reply, written
from tests.stores.redis_server import needs_redis, redis_server

BEGIN = 1_000_000_000
NAMES = ("anna", "berta", "carla", "dora")


class Python:
    """The rules in Python, in memory."""

    def __init__(self) -> None:
        self.fleet: Fleet = new_fleet()
        self.logs = dict[str, BucketLog]()
        self.now = BEGIN

    def log_of(self, name: str) -> BucketLog:
        return self.logs.setdefault(name, new_log(self.now))

    def __call__(self, news: News, now: int) -> Reply:
        self.now = now
        return converse(self.fleet, self.log_of, news, now)


def plain(reply: Reply) -> Reply:
    """Compare by value, whichever kind of sequence holds it."""
    buckets = [evolve(each, grants=list(each.grants), cut=tuple(each.cut)) for each in reply.buckets]
    return evolve(reply, buckets=buckets)


def one_bucket(draw: random.Random, held: list[tuple[int, int]], now: int) -> BucketNews:
    """What a process may say of a bucket, of slots that it got or never had."""
    sent, back = list[tuple[int, int, int]](), list[tuple[int, int]]()
    for grant, slots in [each for each in held if draw.random() < 0.6]:
        held.remove((grant, slots))
        if draw.random() < 0.8:
            sent.append((grant, now - draw.randrange(200_000), slots))
        else:
            back.append((grant, slots))
    slowed = draw.random() < 0.2
    return BucketNews(
        "b",
        draw.choice([10, 10, 10, 7]),
        1_020_000,
        sent,
        back,
        [(now - draw.randrange(900_000), draw.randint(1, 3))] if draw.random() < 0.1 else [],
        [draw.randint(1, 4) for _ in range(draw.randrange(4))],
        (now - draw.randrange(900_000), draw.randrange(10**6), draw.randrange(10**6)) if slowed else (0, 0, 0),
        draw.choice([0, 100_000]) if slowed else 0,
    )


@needs_redis
def test_the_same_answers() -> None:
    """Random messages of four processes, of which some are silent for so long that they count as dead."""
    with redis_server() as server, server.client as client:
        script: Any = client.register_script(SCRIPT)
        for seed in range(15):
            client.flushall()
            draw, now, python = random.Random(seed), BEGIN, Python()  # noqa: S311
            held: dict[str, list[tuple[int, int]]] = {name: [] for name in NAMES}
            history = ""
            for step in range(60):
                now += draw.choice([0, 1_000, 50_000, 50_000, 400_000, 1_300_000, -300_000])
                name = draw.choice(NAMES)
                about = [one_bucket(draw, held[name], now)] if history else []
                away = now - 10**6 if draw.random() < 0.05 else 0
                news = News(name, "", history, f"n{step}", now - 1000, away, draw.random() < 0.03, about)
                expected = plain(python(news, now))
                raw: Any = script(keys=["twins"], args=[written(news), now])
                assert plain(read_reply(raw)) == expected, (seed, step, news)
                history = expected.history
                for reply in expected.buckets:
                    held[name] += [(grant.id, grant.slots) for grant in reply.grants]


def held_by_the_dead(rules: Any) -> None:
    """A process that died holding all slots may have sent with them, until what it held expired."""
    second = 1_000_000

    def ask(name: str, history: str, now: int, *want: int) -> Reply:
        about = [BucketNews("b", 5, second, want=want)] if history else []
        reply: Reply = rules(News(name, "", history, "n", 0, 0, leaves=False, buckets=about), BEGIN + now)
        return reply

    history = ask("dead", "", 0).history
    assert [grant.begin for grant in ask("dead", history, 0, 5).buckets[0].grants] == [BEGIN]
    assert not ask("other", history, second // 2, 1).buckets[0].grants  # it may be about to send
    [grant] = ask("other", history, second * 3 // 2, 1).buckets[0].grants
    assert grant.begin >= BEGIN + 2 * second  # the last it can have sent, and a window


def test_slots_of_a_dead_process_are_spent() -> None:
    """In Python."""
    held_by_the_dead(Python())


@needs_redis
def test_slots_of_a_dead_process_are_spent_on_redis() -> None:
    """And in Lua."""
    with redis_server() as server, server.client as client:
        script: Any = client.register_script(SCRIPT)
        held_by_the_dead(lambda news, now: read_reply(script(keys=["dead"], args=[written(news), now])))


def test_slots_that_a_slowed_bucket_holds_back_are_not_forgotten() -> None:
    """A bucket that shrinks and grows again knows of every send: it admits no more than the rate in any window."""
    rules, second = Python(), 1_000_000

    def tell(now: int, calls: int, **what: Any) -> list[int]:
        news = News("w", "", history, "n", 0, 0, leaves=False, buckets=[BucketNews("b", calls, second, **what)])
        return [grant.begin - BEGIN for grant in rules(news, BEGIN + now).buckets[0].grants]

    history = rules(News("w", "", "", "n", 0, 0, leaves=False, buckets=[]), BEGIN).history
    assert tell(0, 10, want=[1] * 10) == [0] * 10
    tell(0, 10, sent=[(number, BEGIN + 100_000 * number, 1) for number in range(1, 11)])
    assert tell(1_050_000, 6, want=[1]) == [1_500_000]  # the fifth is the first that is not held back
    assert tell(1_050_000, 10, want=[1] * 2) == [1_200_000, 1_300_000]
