"""The rooms of the house and the arrows between them, read from the source without importing it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import drift_mcp
from tests.support.each import for_each

ROOT = Path(drift_mcp.__file__).parent


@dataclass(frozen=True)
class Import:
    """`target` is a module of this package, or the name of another package."""

    target: str
    at_import: bool
    """Whether it happens when the module is imported, not when a function of it runs."""
    types_only: bool


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {_name(path): path for path in sorted(ROOT.rglob("*.py"))}
each_module = for_each("module", FILES)


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> list[Import]:
    """Every import in `module`."""

    def visit(node: ast.AST, at_import: bool, types_only: bool) -> Iterator[Import]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_import = False
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            types_only = True
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, at_import, types_only)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = (
                    module
                    if (ROOT.parent / Path(*module.split("."), "__init__.py")).exists()
                    else module.rpartition(".")[0]
                )
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield Import(whole if whole in FILES else base, at_import, types_only)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_import, types_only)

    return list(visit(tree(module), True, False))


def own(module: str, *, running: bool = True) -> set[str]:
    """The modules of this package that `module` imports; `running` leaves out those for type checkers only."""
    return {each.target for each in imports(module) if each.target in FILES and not (running and each.types_only)}


def room(module: str) -> str:
    """The first part of a module's name inside the package."""
    return module.partition(".")[2].partition(".")[0]


def inside(name: str) -> list[str]:
    return [module for module in FILES if room(module) == name]


@each_module
def test_a_file_says_in_its_first_lines_what_it_is_for(module: str) -> None:
    text = ast.get_docstring(tree(module))
    assert text
    assert len(text.splitlines()[0]) > 10


class TestSandbox:
    """It stands apart, so that a misreading in the client cannot hide in it."""

    @for_each("module", inside("sandbox"))
    def test_it_imports_nothing_else_of_this_package(self, module: str) -> None:
        assert {target for target in own(module) if room(target) != "sandbox"} == set()

    @each_module
    def test_nothing_but_the_two_places_that_start_it_imports_it(self, module: str) -> None:
        if room(module) in {"sandbox", "http"} or module in {"drift_mcp.connect", "drift_mcp.commands.sandbox"}:
            return
        assert {target for target in own(module) if room(target) == "sandbox"} == set()

    @pytest.mark.parametrize("module", ["drift_mcp.connect", "drift_mcp.commands.sandbox"])
    def test_it_is_imported_only_when_it_is_started(self, module: str) -> None:
        assert [each.target for each in imports(module) if room(each.target) == "sandbox" and each.at_import] == []


class TestArrows:
    @for_each("module", inside("drift"))
    def test_the_http_side_knows_nothing_above_it(self, module: str) -> None:
        assert {room(target) for target in own(module)} <= {"drift", "credentials"}
        assert not {each.target.partition(".")[0] for each in imports(module)} & {"mcp", "mcp_types", "click", "rich"}

    @for_each("module", inside("credentials"))
    def test_credentials_know_nothing_but_themselves(self, module: str) -> None:
        assert {room(target) for target in own(module)} <= {"credentials", "settings"}

    @for_each("module", inside("operations"))
    def test_operations_are_models_and_records_and_nothing_else(self, module: str) -> None:
        foreign = {target for target in own(module) if room(target) != "operations"}
        assert foreign <= {"drift_mcp.operation", "drift_mcp.fields", "drift_mcp.text", "drift_mcp.drift.wire"}

    @pytest.mark.parametrize("module", ["fields", "text", "html_text", "settings"])
    def test_the_lowest_rooms_stand_on_nothing(self, module: str) -> None:
        below = {"fields": {"drift_mcp.text"}, "text": {"drift_mcp.html_text"}}.get(module, set())
        assert own(f"drift_mcp.{module}") <= below

    def test_the_record_of_an_operation_stands_on_fields_and_wire_only(self) -> None:
        assert own("drift_mcp.operation") <= {"drift_mcp.fields", "drift_mcp.drift.wire"}

    @each_module
    def test_only_those_who_serve_stand_above_the_toolbox(self, module: str) -> None:
        above = {
            "drift_mcp.server", "drift_mcp.unreadable", "drift_mcp.demo", "drift_mcp.resources",
            "drift_mcp.switchboard", "drift_mcp.connections",
        }  # fmt: skip
        if "drift_mcp.toolbox" in own(module):
            assert room(module) in {"http", "commands"} or module in above
        if own(module) & {"drift_mcp.server", "drift_mcp.cli"}:
            assert room(module) in {"http", "commands"} or module in above | {"drift_mcp.__main__"}

    @each_module
    def test_only_the_server_and_the_command_line_speak_mcp(self, module: str) -> None:
        used = {each.target.partition(".")[0] for each in imports(module)} & {"mcp", "mcp_types"}
        assert (
            not used
            or room(module) == "http"
            or module in {"drift_mcp.server", "drift_mcp.asking"}
            or module in {"drift_mcp.unreadable", "drift_mcp.demo"}
            or module in {"drift_mcp.events.background", "drift_mcp.events.subscriptions"}
            or module == "drift_mcp.consent.tickets"  # for its sealing
        )

    def test_no_modules_import_each_other_in_a_circle_at_import(self) -> None:
        arrows = {
            module: {
                each.target
                for each in imports(module)
                if each.target in FILES and each.at_import and not each.types_only
            }
            for module in FILES
        }
        assert circle(arrows) == []

    def test_no_modules_import_each_other_in_a_circle_later_either(self) -> None:
        # A workflow runs in what the toolbox gives it; the toolbox finds workflows by name. That is no import.
        assert circle({module: own(module) for module in FILES}) == []


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """A circle in `arrows`, or nothing."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for target in sorted(arrows[module]):
            if found := walk(target, [*way, module]):
                return found
        done.add(module)
        return []

    return next((found for module in arrows if (found := walk(module, []))), [])


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


class TestStartUp:
    HEAVY = ("httpx", "starlette", "uvicorn", "rich", "jsonschema", "throttled", "authlib", "keyring", "redis")

    @each_module
    def test_the_http_client_is_imported_at_once_only_where_it_is_used(self, module: str) -> None:
        if room(module) in {"sandbox", "http", "store"} or module in {
            "drift_mcp.drift.auth",
            "drift_mcp.drift.gateway",
        }:
            return
        heavy = [
            each.target
            for each in imports(module)
            if each.at_import and not each.types_only and each.target.partition(".")[0] in self.HEAVY
        ]
        assert heavy == [] or module == "drift_mcp.demo"

    @pytest.mark.parametrize(
        "module", ["drift_mcp.toolbox", "drift_mcp.catalogue", "drift_mcp.surface", "drift_mcp.settings"]
    )
    def test_what_lists_the_tools_needs_neither_operations_nor_the_http_side(self, module: str) -> None:
        at_once = {each.target for each in imports(module) if each.at_import and not each.types_only}
        assert not {room(target) for target in at_once} & {
            "operations",
            "operation",
            "drift",
            "execute",
            "workflows",
            "sandbox",
        }


class TestStore:
    """Redis is for those who asked for it."""

    @each_module
    def test_it_is_imported_only_where_it_is_used(self, module: str) -> None:
        if room(module) == "store":
            return
        at_once = {each.target for each in imports(module) if each.at_import and not each.types_only}
        assert {target for target in at_once if room(target) == "store"} <= {"drift_mcp.store"}


@each_module
def test_no_file_holds_two_things(module: str) -> None:
    path = ROOT.parent / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 450
