"""The other way to get Drift as tools: FastMCP makes one tool of every operation in the OpenAPI document."""

import json
import os
from pathlib import Path

import httpx2
from fastmcp import FastMCP

document = json.loads(Path(__file__).with_name("drift-openapi.json").read_text(encoding="utf-8"))
drift = httpx2.AsyncClient(
    base_url=os.environ["DRIFT_BASE_URL"],
    headers={"Authorization": f"Bearer {os.environ['DRIFT_ACCESS_TOKEN']}"},
)
mcp = FastMCP.from_openapi(document, client=drift, name="from_openapi")

if __name__ == "__main__":
    mcp.run(show_banner=False)
