"""The program under test, and where things are.

The environment variable SALTUS names the program (default: target/release/saltus), SALTUS_SHARED
the folder of reference data.
"""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ROOT / "networks"
NOTEBOOKS = ROOT / "notebooks"
SMALL = Path(__file__).with_name("small.ron")
PROGRAM = Path(os.environ.get("SALTUS", ROOT / "target" / "release" / "saltus")).resolve()


def saltus(*arguments, **options):
    """Runs the program and returns what became of it, whatever that is."""
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def run(network, out, *arguments):
    """Runs a network, which has to succeed, and returns the path of its recording."""
    done = saltus("run", network, "--out", out, "--quiet", *arguments)
    assert done.returncode == 0, done.stderr
    return Path(out) / "spikes.h5"


def settings(*values):
    """`--set` for each value."""
    return [word for value in values for word in ("--set", value)]


def refused(done, code=2):
    """Asserts that the program said why it failed (2: the input is bad), and did not fall over."""
    assert "panicked" not in done.stderr, done.stderr
    assert done.returncode == code, f"exit code {done.returncode}: {done.stderr or done.stdout}"
    assert "error:" in done.stderr, done.stderr
