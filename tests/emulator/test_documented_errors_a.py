"""Documented errors of users, messages, presence, push and what belongs to them."""

from __future__ import annotations

from emulator.documented_errors import Case, each, missing, produce

SEED_100 = ("POST", "http://emulator/_emulator/seed", {"users": [f"c{n:02}" for n in range(101)]})
GROUPS = frozenset({"contacts"})
CASES = [
    Case(
        "contacts.add",
        "403 exceed_limit",
        "bob c00",
        says="Inviter's contact max count",
        settings={"plan": "free", "enforce_quotas": False},
        given=[SEED_100, *(("POST", f"/users/bob/contacts/users/c{n:02}", None) for n in range(1, 101))],
    ),
    Case("contacts.add", "404 service_resource_not_found", "anna zoe"),
    Case("contacts.remove", "404 service_resource_not_found", "zoe anna"),
    Case("contacts.list", "404 service_resource_not_found", "zoe"),
    Case("contacts.list_page", "400 illegal_argument: limit above 50", "anna", query="limit=51"),
    Case("contacts.list_page", "404 service_resource_not_found", "zoe"),
    Case("contacts.block_users", "404 service_resource_not_found", "anna", {"usernames": ["bob", "zoe"]}),
    Case("contacts.list_blocked", "404 service_resource_not_found", "zoe"),
    Case("contacts.unblock_user", "404 service_resource_not_found", "anna zoe"),
]
REASONS: dict[str, str] = {}


@each(CASES)
async def test_a_documented_error(case, connect, clock):
    await produce(case, connect(**case.settings), clock.advance)


def test_every_documented_error_is_produced_or_explained():
    assert missing(GROUPS, CASES, REASONS) == []
    assert [case for case in CASES if len(case.documented) != 1] == []
