"""sendbird-platform-sdk, on threads: its way of not blocking."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import sendbird_platform_sdk
from sendbird_platform_sdk.api.user_api import UserApi
from sendbird_platform_sdk.model.create_a_user_request import CreateAUserRequest

MOST_THREADS = 256


@asynccontextmanager
async def calls(url, in_flight):
    configuration = sendbird_platform_sdk.Configuration(host=url)
    configuration.connection_pool_maxsize = MOST_THREADS
    loop = asyncio.get_running_loop()
    with (
        sendbird_platform_sdk.ApiClient(configuration) as client,
        ThreadPoolExecutor(min(in_flight, MOST_THREADS)) as threads,
    ):
        api = UserApi(client)

        def create():
            request = CreateAUserRequest(nickname="Anna", profile_url="", user_id="anna")
            return api.create_a_user(api_token="t", create_a_user_request=request)

        yield {"users.create": lambda: loop.run_in_executor(threads, create)}
