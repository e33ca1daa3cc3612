"""The least that takes a webhook in and keeps it: one Starlette route, one INSERT into SQLite, the answer.

Durable as ours is: write-ahead log, and a sync to disk before each answer. Nothing is checked, counted or presented.
Run as `python benchmarks/peers/webhook_route.py DATABASE`, it prints its port and serves until it is ended.
"""

import json
import socket
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE events (number INTEGER PRIMARY KEY, data TEXT)")


async def receive(request: Request) -> JSONResponse:
    db.execute("INSERT INTO events (data) VALUES (?)", (json.dumps(await request.json()),))
    return JSONResponse({"ok": True})


listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms
print(listener.getsockname()[1], flush=True)
app = Starlette(routes=[Route("/", receive, methods=["POST"])])
uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, ws="none")).run([listener])
