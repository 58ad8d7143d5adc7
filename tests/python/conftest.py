"""What all suites share."""

import pytest
from program import PROGRAM


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not there: cargo build --release, or set SALTUS", returncode=2)
