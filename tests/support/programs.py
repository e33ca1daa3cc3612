"""Programs that some tests need besides Python: skipped without them, so that the rest can be run anywhere.

Where everything has to be proved, as in `.ci/run`, `DRIFT_MCP_TEST_ALL=1` makes a missing program a failure.
"""

import os
import shutil

import pytest

ALL = "DRIFT_MCP_TEST_ALL"
_PACKAGES = {
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "redis-server": "redis-server",
    "nginx": "nginx-light",
}
"""The Debian package of each program."""
_ADMINISTRATORS = os.pathsep.join(("/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Where Debian has servers, which is not on everybody's path."""


def need(program: str) -> str:
    """The path of `program`. Without it the test that asks is skipped, or fails where all have to run."""
    package = _PACKAGES[program]
    if path := shutil.which(program) or shutil.which(program, path=_ADMINISTRATORS):
        return path
    missing = f"{program} is not installed; on Debian: apt-get install {package}"
    if os.environ.get(ALL) == "1":
        pytest.fail(missing)
    pytest.skip(missing)
