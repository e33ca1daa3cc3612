"""A JSON file of the operator's that may change while the server runs."""

import json
import logging
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from drift_mcp.credentials.file import stamp
from drift_mcp.credentials.shown import shown_path
from drift_mcp.settings import InvalidSetting

log = logging.getLogger(__name__)

Said = TypeVar("Said")
Model = TypeVar("Model", bound=BaseModel)
_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Watched(Generic[Said]):
    """What the file says now. A change counts from the next look on, so that a caller can be shut out at once.

    A change that cannot be used is logged, and what was said before it stays: half an edit locks nobody out.

    Raises:
        InvalidSetting: `read` raises it at the start.
    """

    def __init__(self, path: Path, read: Callable[[Path], Said]) -> None:
        self._path = path
        self._read = read
        self._stamp = stamp(path)
        self._said = read(path)
        self._wrong = ""

    def now(self) -> Said:
        found = stamp(self._path)
        if found != self._stamp:
            try:
                self._said = self._read(self._path)
            except InvalidSetting as error:
                # It is read again at every look until it can be used, as what was in the way may be gone unseen.
                if str(error) != self._wrong:
                    self._wrong = str(error)
                    log.error("A changed file cannot be used, what it said before stays: %s", error)
            else:
                self._stamp, self._wrong = found, ""
                log.info("%s has changed", self._path.name)
        return self._said

    @property
    def said(self) -> Said:
        """What it said at the last look."""
        return self._said


def read_model(path: Path, model: type[Model], what: str, *, secret: bool) -> Model:
    """What the file says. Nobody else may write to it; one that is `secret` nobody else may read either.

    Raises:
        InvalidSetting: it is missing, open to others, or says something else than `model`.
    """
    try:
        with path.open("rb") as file:
            # Of the open file: another one may stand at the path a moment later.
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except OSError as error:
        raise InvalidSetting(f"{what}: {shown_path(str(path))} cannot be read ({error.strerror})") from None
    if sys.platform != "win32" and mode & (_WRITE | (stat.S_IRWXO if secret else 0)):
        raise InvalidSetting(f"{what}: {path} is open to other users; `chmod {'600' if secret else '644'}` it")
    try:
        return model.model_validate(json.loads(text))
    except ValidationError as error:
        raise InvalidSetting.of(f"{what}: {path} cannot be used", error) from None
    except ValueError:
        raise InvalidSetting(f"{what}: {path} is no JSON") from None
