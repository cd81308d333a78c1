"""The readers that people write themselves: a loop over prestapyt, and requests with orjson, which is the floor.

Each reads every order and every order line of the shop. Runs in the peers' own environment: no import of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from benchmarks.measure import Clock


def prestapyt_loop(url: str, key: str) -> int:
    """By pages of 100, as in prestapyt's README: XML into dicts."""
    from prestapyt import PrestaShopWebServiceDict

    api = PrestaShopWebServiceDict(f"{url}/api", key)

    def pages(resource: str, node: str) -> Iterator[list[dict[str, object]]]:
        offset = 0
        while True:
            options = {"display": "full", "sort": "[id_ASC]", "limit": f"{offset},100"}
            found = (api.get(resource, options=options)[resource] or {}).get(node, [])
            records = found if isinstance(found, list) else [found]
            yield records
            if len(records) < 100:
                return
            offset += 100

    lists = (("orders", "order"), ("order_details", "order_detail"))
    return sum(len(page) for resource, node in lists for page in pages(resource, node))


def requests_loop(url: str, key: str) -> int:
    """By pages of 500 in JSON, one after the other, nothing done with them: what asking and parsing alone cost."""
    import orjson
    import requests

    session = requests.Session()
    session.auth = (key, "")
    count = 0
    for resource in ("orders", "order_details"):
        last = 0
        while True:
            query = {"display": "full", "sort": "[id_ASC]", "limit": "500", "filter[id]": f">[{last}]"}
            answer = session.get(f"{url}/api/{resource}", params={**query, "output_format": "JSON"}, timeout=60)
            document = orjson.loads(answer.content)
            records = document[resource] if document else []
            count += len(records)
            if len(records) < 500:
                break
            last = records[-1]["id"]
    return count


LOOPS: dict[str, Callable[[str, str], int]] = {"prestapyt": prestapyt_loop, "requests": requests_loop}

if __name__ == "__main__":
    name, url, key = sys.argv[1:4]
    if name == "prestapyt":
        import prestapyt  # noqa: F401 - importing is not reading
    else:
        import orjson  # noqa: F401
        import requests  # noqa: F401
    clock = Clock(name)
    count = LOOPS[name](url, key)
    clock.stop(lambda: count)
