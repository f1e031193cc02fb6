"""The declarations against the service's documented table in tests/reference.json."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agora_chat_async._endpoint import Endpoint
from agora_chat_async._transfer import Download
from agora_chat_async.api import all_endpoints

REFERENCE: list[dict[str, Any]] = json.loads(Path(__file__).parent.with_name("reference.json").read_text())
ENDPOINTS = list(all_endpoints())
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[endpoint.id for endpoint in ENDPOINTS])


def row(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "method": endpoint.method,
        "path": endpoint.path,
        "quotas": [str(rate) for rate in endpoint.rates],
        "shared": [quota.name for quota in endpoint.shared],
        "concurrency": endpoint.concurrent,
        "retry_safe": endpoint.retry_safe,
    }


def test_declared_endpoints_are_the_documented_ones() -> None:
    """Ids, methods, paths, quotas and retry-safety are those of the reference, in its order."""
    documented = [{name: value for name, value in line.items() if name != "errors"} for line in REFERENCE]
    assert [row(endpoint) for endpoint in ENDPOINTS] == documented


@each_endpoint
def test_compiles(endpoint: Endpoint) -> None:
    """Each declaration makes a function and can decode an answer."""
    assert callable(endpoint.function)
    assert endpoint.function.__name__ == endpoint.id.partition(".")[2]
    if endpoint.signature.return_annotation is not Download:
        with pytest.raises((ValueError, TypeError)):
            endpoint.decode(b"[]")


@each_endpoint
def test_documents_each_parameter_and_result(endpoint: Endpoint) -> None:
    """The docstring has a first sentence, an Args entry a parameter, and Returns where something comes back."""
    text = endpoint.stub.__doc__ or ""
    arguments = re.search(r"Args:\n(.*?)(?:\n\n|\Z)", text, re.DOTALL)
    documented = re.findall(r"^ {12}(\w+): \S", arguments[1] if arguments else "", re.MULTILINE)
    assert documented == [name for name in endpoint.signature.parameters if name != "self"]
    assert ("Returns:" in text) == (endpoint.signature.return_annotation is not type(None))
    assert endpoint.summary.endswith((".", ":")) or ". " in endpoint.summary
    assert endpoint.summary[0].isupper()


@each_endpoint
def test_help_tells_route_quota_and_source(endpoint: Endpoint) -> None:
    """`help()` on a method ends with wire form, quota and the vendor's page."""
    text = endpoint.function.__doc__ or ""
    assert f"`{endpoint.method} {endpoint.path}`" in text
    assert all(str(rate) in text for rate in endpoint.all_rates)
    assert re.search(r'\nSource: https://docs\.agora\.io/\S+, "\w[^"]+"$', text)


def test_operations_on_one_wire_route_share_it() -> None:
    """Registering one or many users is the same route to the service, whatever placeholders are called."""
    routes = {endpoint.id: endpoint.route for endpoint in ENDPOINTS}
    assert routes["users.create"] == routes["users.create_many"] == "POST /users"
    assert routes["users.count_offline_messages"] == "GET /users/{}/offline_msg_count"
