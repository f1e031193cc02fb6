"""Who holds which slots: the rules of a shared quota, without a place to keep it.

A bucket is the ring of `agora_chat_async._bucket`, shared: of its N slots some are *free*, some *held* by a process
that may send with them from a moment on, and the others *spent* until a period after their send. A call of cost c gets
the c slots that are free first, and with them the moment from which it may be sent, even if that is still to come; so
everybody sleeps once, nobody polls, and the line of a whole fleet is first come, first served. The exact moment of
each send comes back with a later message, so that the next round begins a period after it and not after a guess.

A process may use what it holds only for a short time after its last message (`VALIDITY`), which every message renews.
Hence the slots of one that died or hangs are known to be unused after that, or else spent by then.

Where every slot is held, nobody can say when one is free: then processes stand in a line, and ask again soon.

State is plain lists and dicts, so that it can be written down as JSON; `ledger.lua` is the same text for Redis.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final, TypedDict

from agora_chat_async.stores._protocol import (
    ALIVE,
    REGATHER,
    RIVALRY,
    VALIDITY,
    BucketNews,
    BucketReply,
    Cut,
    Grant,
    News,
    Reply,
)

_FORGOTTEN: Final = 60_000_000
_ASK_SOON: Final = 50_000
_ASK_LATE: Final = 300_000
_LEFT_THE_LINE: Final = 1_000_000
_LATELY: Final = 10_000_000
_GRAINS: Final = 1000
"""Sends of one thousandth of a period are noted as one, as if all were the last of them."""


class Fleet(TypedDict):
    """Of all buckets together."""

    history: str
    born: int
    opens: int
    workers: dict[str, tuple[int, int]]
    """When each last spoke, and the moment of the last reply that it had got by then."""


class BucketLog(TypedDict):
    """Of one bucket."""

    at: int
    """The newest moment in it."""
    ids: int
    spent: list[list[int]]
    """When they are free again and how many, the first first."""
    held: dict[str, list[list[int]]]
    """By process: id of the grant, begin, how many."""
    line: list[tuple[str, int, int]]
    """Processes for which no slot was left, how many they need, and when they last asked."""
    cut: Cut
    paced: int
    """Where the bucket is slowed, before when no slot begins, so that the fleet sends evenly spaced."""
    asked: dict[str, tuple[int, int, int]]
    """When each process last spoke of it, last asked for slots, and how many thousandths of them it got of late."""


def new_fleet() -> Fleet:
    """Nobody yet."""
    return {"history": "", "born": 0, "opens": 0, "workers": {}}


def new_log(now: int) -> BucketLog:
    """A bucket of which nothing was taken yet."""
    return {"at": now, "ids": 0, "spent": [], "held": {}, "line": [], "cut": (0, 0, 0), "paced": 0, "asked": {}}


def converse(fleet: Fleet, log_of: Callable[[str], BucketLog], news: News, now: int) -> Reply:
    """Note a message and answer it."""
    _meet(fleet, news, now)
    replies = list[BucketReply]()
    if news.history in {"", fleet["history"]}:
        replies = [_Turn(fleet, log_of(each.name), news, each, now).reply() for each in news.buckets]
    elif now < fleet["born"] + REGATHER:
        fleet["opens"] = max(fleet["opens"], fleet["born"] + REGATHER)
    if news.leaves:
        fleet["workers"].pop(news.worker, None)
    alive = [name for name, (spoke, _) in fleet["workers"].items() if spoke > now - ALIVE]
    rank = sum(name < news.worker for name in alive)
    return Reply(now, fleet["history"], fleet["opens"], len(alive), rank, replies)


def _meet(fleet: Fleet, news: News, now: int) -> None:
    """Note who is there, and whether the history is whole."""
    workers = {
        name: (min(spoke, now), min(heard, now))
        for name, (spoke, heard) in fleet["workers"].items()
        if spoke > now - _FORGOTTEN
    }
    workers.pop(news.was, None)
    if fleet["opens"] > now + REGATHER:  # of a clock that was set back
        fleet["opens"] = now
    if not fleet["history"]:
        fleet["history"], fleet["born"] = news.nonce, now
        fleet["opens"] = now + REGATHER if news.history else now
    elif news.away and news.history == fleet["history"] and fleet["opens"] <= now:
        others = (heard for name, (_, heard) in workers.items() if name != news.worker)
        if not any(heard > news.away for heard in others):  # so this process was not the only one without the store
            fleet["opens"] = now + REGATHER
    workers[news.worker] = now, news.heard
    fleet["workers"] = workers


class _Turn:
    """A message about one bucket."""

    def __init__(self, fleet: Fleet, log: BucketLog, news: News, about: BucketNews, now: int) -> None:
        self.workers, self.opens = fleet["workers"], fleet["opens"]
        self.log, self.worker, self.was, self.about, self.now = log, news.worker, news.was, about, now
        self.grain = max(1, about.period // _GRAINS)

    def reply(self) -> BucketReply:
        log, about, now = self.log, self.about, self.now
        self.keep_time()
        self.reap()
        for grant, at, slots in about.sent:
            self.let_go(grant, slots)
            self.spend(at + about.period, slots)
        for grant, slots in about.back:
            begin = self.let_go(grant, slots)
            if begin is not None:
                self.spend(begin, slots)
        for at, slots in about.extra:
            self.spend(at + about.period, slots)
        while log["spent"] and log["spent"][0][0] <= now:
            log["spent"].pop(0)
        self.slow()
        grants = self.grant()
        if not log["held"].get(self.worker):
            log["held"].pop(self.worker, None)
        again = self.ask_again() if len(grants) < len(about.want) else 0
        next_free = log["spent"][0][0] if log["spent"] else 0
        rivals, used = self.rivals(sum(grant.slots for grant in grants))
        return BucketReply(grants, again, max(0, self.free()), next_free, log["cut"], rivals, used)

    def rivals(self, got: int) -> tuple[int, int]:
        """Count who asked for slots of late, and compare what this process got with the average of them."""
        asked = dict[str, tuple[int, int, int]]()
        lately = max(_LATELY, min(2 * self.about.period, _LATELY * 12))
        for name, (noted, wanted, slots) in self.log["asked"].items():
            since = min(max(0, self.now - noted), lately)
            left = slots - slots * since // lately
            if left > 0 or wanted > self.now - RIVALRY:
                asked[name] = self.now, min(wanted, self.now), left
        _, wanted, slots = asked.get(self.worker, (0, 0, 0))
        wanted, slots = self.now if self.about.want else wanted, slots + 1000 * got
        asked[self.worker] = self.now, wanted, slots
        self.log["asked"] = asked
        totals = [total for _, at, total in asked.values() if at > self.now - RIVALRY]
        return max(1, len(totals)), 1000 * slots * len(totals) // max(1, sum(totals))

    def keep_time(self) -> None:
        """Where the clock was set back, or the machine was restarted, go on as if no time had passed."""
        log = self.log
        back = log["at"] - self.now
        if back > 0:
            log["spent"] = [[at - back, slots] for at, slots in log["spent"]]
            log["held"] = {
                name: [[grant, begin - back, slots] for grant, begin, slots in held]
                for name, held in log["held"].items()
            }
            began, low, level = log["cut"]
            log["cut"] = max(0, began - back), low, level
            log["paced"] -= back
        log["at"] = self.now

    def reap(self) -> None:
        """Take their slots from processes that are gone."""
        held = self.log["held"]
        held.pop(self.was, None)
        for name in [name for name in held if name != self.worker]:
            last = self.workers.get(name, (self.now, 0))[0] + VALIDITY
            if name not in self.workers or last < self.now:
                for _, begin, slots in held.pop(name):
                    self.spend(last + self.about.period if begin <= last else begin, slots)

    def slow(self) -> None:
        """Note a refusal: those of one window are one cut, whoever they met, and its level is the lowest told."""
        began, low, level = self.about.cut
        known, lowest, lowest_level = self.log["cut"]
        if began > known + self.about.period // 2:
            self.log["cut"] = self.about.cut
        elif began > known - self.about.period // 2:
            self.log["cut"] = known, min(low, lowest), min(level, lowest_level)

    def spend(self, free_at: int, slots: int) -> None:
        """Note when slots are free again."""
        spent, grain = self.log["spent"], self.grain
        free_at = -(-free_at // grain) * grain
        place = bisect_left(spent, [free_at, 0])
        if place < len(spent) and spent[place][0] == free_at:
            spent[place][1] += slots
        else:
            spent.insert(place, [free_at, slots])

    def let_go(self, grant: int, slots: int) -> int | None:
        """End the hold on some slots of a grant; returns when that began, None where there was none."""
        held = self.log["held"].get(self.worker, [])
        for place, entry in enumerate(held):
            if entry[0] == grant:
                entry[2] -= slots
                if entry[2] <= 0:
                    del held[place]
                return entry[1]
        return None

    def free(self) -> int:
        """Slots that nobody holds or has spent; below 0 where more were sent than there are."""
        held = sum(entry[2] for entries in self.log["held"].values() for entry in entries)
        return self.about.calls - held - sum(slots for _, slots in self.log["spent"])

    def grant(self) -> list[Grant]:
        """Give out slots, those first that are free first."""
        log, about, want = self.log, self.about, self.about.want
        ahead = self.others_in_line() if want else 0
        grants, free = list[Grant](), self.free() if want else 0
        left = free + sum(slots for _, slots in log["spent"]) - ahead if want else 0
        for cost in want:
            if left < cost:
                break
            left -= cost
            begin = max(self.now, self.opens, self.free_at(cost - free))
            if about.spacing:
                begin = max(begin, log["paced"])
                log["paced"] = begin + cost * about.spacing
            taken = min(cost, max(0, cost - free))
            self.take(taken)
            free -= cost - taken
            log["ids"] += 1
            grants.append(Grant(log["ids"], begin, cost))
            log["held"].setdefault(self.worker, []).append([log["ids"], begin, cost])
        self.stand_in_line(want[len(grants)] if len(grants) < len(want) else 0, served=bool(grants))
        return grants

    def free_at(self, number: int) -> int:
        """When so many of the spent slots are free."""
        for free_at, slots in self.log["spent"]:
            if number <= 0:
                break
            number -= slots
            if number <= 0:
                return free_at
        return 0

    def take(self, number: int) -> None:
        """Use the first of the spent slots again."""
        spent = self.log["spent"]
        while number > 0:
            part = min(number, spent[0][1])
            number -= part
            spent[0][1] -= part
            if not spent[0][1]:
                spent.pop(0)

    def others_in_line(self) -> int:
        """Slots that others need who asked before, and got none."""
        log = self.log
        log["line"] = [each for each in log["line"] if each[2] > self.now - _LEFT_THE_LINE]
        ahead = 0
        for name, cost, _ in log["line"]:
            if name == self.worker:
                break
            ahead += cost
        return ahead

    def stand_in_line(self, cost: int, *, served: bool) -> None:
        """Take a place in the line, the last one after being served, or leave it."""
        line = self.log["line"]
        place = next((place for place, each in enumerate(line) if each[0] == self.worker), None)
        if place is not None and (served or not cost):
            del line[place]
            place = None
        if cost:
            if place is None:
                line.append((self.worker, cost, self.now))
            else:
                line[place] = (self.worker, cost, self.now)

    def ask_again(self) -> int:
        """Soon after the next slot that is held can have been sent with."""
        begins = (entry[1] for entries in self.log["held"].values() for entry in entries)
        return min(
            min((begin for begin in begins if begin > self.now), default=self.now) + _ASK_SOON, self.now + _ASK_LATE
        )
