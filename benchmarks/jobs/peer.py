"""FastMCP's `from_openapi` on the documented API and the undocumented operations that the jobs need.

Run with the peer's own environment; `peers/from_openapi.py` is the same on the documented API alone.
"""

import json
import os
from pathlib import Path

import httpx2
from fastmcp import FastMCP

PEERS = Path(__file__).parent.parent / "peers"

document = json.loads((PEERS / "drift-openapi.json").read_text(encoding="utf-8"))
document["paths"] |= json.loads((PEERS / "drift-openapi-extended.json").read_text(encoding="utf-8"))["paths"]
drift = httpx2.AsyncClient(
    base_url=os.environ["DRIFT_BASE_URL"],
    headers={"Authorization": f"Bearer {os.environ['DRIFT_ACCESS_TOKEN']}"},
)
mcp = FastMCP.from_openapi(document, client=drift, name="from_openapi")

if __name__ == "__main__":
    mcp.run(show_banner=False)
