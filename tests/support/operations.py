"""The operations by name."""

import pkgutil
from importlib import import_module
from typing import Any

from drift_mcp import operations
from drift_mcp.arguments import parse
from drift_mcp.drift.wire import Call
from drift_mcp.operation import Operation

MODULES: dict[str, list[Operation]] = {
    found.name: module.OPERATIONS
    for found in pkgutil.iter_modules(operations.__path__)
    if hasattr(module := import_module(f"drift_mcp.operations.{found.name}"), "OPERATIONS")
}
OPERATIONS: dict[str, Operation] = {each.name: each for module in MODULES.values() for each in module}


def call_of(name: str, arguments: dict[str, Any]) -> Call:
    """The request that operation `name` makes of an agent's `arguments`."""
    operation = OPERATIONS[name]
    return operation.call(parse(operation, arguments))
