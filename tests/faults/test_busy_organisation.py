"""What became of a write is found out in an organisation of some size too."""

from pathlib import Path

import httpx

from benchmarks.faults.run import sandbox, toolbox
from benchmarks.faults.targets import Targets
from tests.support.served import served


async def test_a_lost_account_is_found_among_a_thousand(tmp_path: Path) -> None:
    app = sandbox()
    targets = Targets(app.state.sandbox.world)
    for place in range(1_000):
        targets.account(f"a{place:04}")
    lost = {"kind": "reset_after", "methods": ["POST"], "path": "/accounts/create", "times": 1}
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as admin, toolbox(url, tmp_path) as tools:
            (await admin.post("/_sandbox/faults", json={"faults": [lost]})).raise_for_status()
            given = {"name": "Acme", "domain": "acme.example", "owner_id": targets.owner["id"]}
            answer = await tools.call("create_account", given)
            asked = (await admin.get("/_sandbox/requests")).json()["requests"]
    assert answer["structuredContent"].get("recovered") is True, answer
    assert sum(request["path"] == "/accounts" for request in asked) <= 1_100 / 65
