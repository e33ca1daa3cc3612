"""Names that an operator gave, as logs and findings may show them: not where a secret may stand in a name's place."""

import os
import re
import shutil
from pathlib import Path

NOT_SHOWN = "(its name is not shown: it may be a secret in the wrong place)"
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_VARIABLE = re.compile("[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
PROGRAM = re.compile(r"[\w.+-]+")
"""A program's name alone."""


def shown_path(path: str, otherwise: str = NOT_SHOWN) -> str:
    """The path, or `otherwise` where it may be a token that somebody took for one."""
    # A token may have a slash in it, so that alone makes no path.
    folder = path.startswith((os.sep, ".", "~")) or (os.sep in path and Path(path).parent.is_dir())
    named = folder or Path(path).drive or _SUFFIX.fullmatch(Path(path).suffix) or _exists(path)
    return path if named else otherwise


def shown_program(program: str, otherwise: str = NOT_SHOWN) -> str:
    """The program that a command begins with, or `otherwise` where it may be a token, or one put before a program."""
    if shutil.which(program):
        return program
    return shown_path(program, otherwise) if PROGRAM.fullmatch(Path(program).name) else otherwise


def shown_variable(name: str, otherwise: str = NOT_SHOWN) -> str:
    """The name of an environment variable, or `otherwise` where it may be a token that somebody took for one."""
    return name if name in os.environ or _VARIABLE.fullmatch(name) else otherwise


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # it is too long for a path
        return False
