"""The four calls as one writes them by hand with a client that is made like httpx's."""

from collections.abc import Awaitable, Callable

BASE = "/org/app"
HEADERS = {"Authorization": "Bearer t"}
NEW = {"username": "anna", "password": "secret"}
MESSAGE = {"from": "admin", "to": ["ben"], "type": "txt", "body": {"msg": "Hello"}}


def by_hand(client) -> dict[str, Callable[[], Awaitable[object]]]:
    async def create():
        return (await client.post("/users", json=NEW)).json()

    async def get():
        return (await client.get("/users/anna")).json()

    async def listing():
        return (await client.get("/users", params={"limit": 100})).json()

    async def send():
        return (await client.post("/messages/users", json=MESSAGE)).json()

    return {"users.create": create, "users.get": get, "users.list": listing, "messages.send_to_users": send}
