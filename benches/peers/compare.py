"""Saltus beside other simulators, on the same networks, in one go.

    python3 benches/peers/compare.py
    python3 benches/peers/compare.py brunel cuba --threads 1 --peers brian2 --json compare.json
    python3 benches/peers/compare.py --genn ~/genn/bin/python

Each peer is installed with pip into target/peers/ when it is first asked for; GeNN is not on PyPI, so
--genn names a Python that has pygenn. For each workload and number of threads Saltus and the peers
take turns, so that a machine that gets busy or slow is so for all. A row is void when the mean firing
rates of peer and Saltus differ by more than TOLERANCE explains: then they did not do the same work.
The table compares processor time on one thread and time on the wall on more.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENVIRONMENTS = ROOT / "target" / "peers"

PACKAGES = dict(
    nest=["--only-binary", ":all:", "nest-simulator", "numpy"],
    brian2=["brian2", "numpy<2.4"],  # 2.9.0 fails with newer ones
    arbor=["--only-binary", ":all:", "arbor", "numpy"],
)
PEERS = ["nest", "brian2", "arbor", "genn"]
USUAL = ["brunel", "brunel_stdp", "microcircuit:0.1", "cuba", "coba", "sparse"]

# Model time in ms: warm-up (as in networks/*.ron), a window, and NEST's and Arbor's shorter one.
WARM_UP = dict(brunel=100, brunel_stdp=50, microcircuit=500, cuba=500, coba=500, sparse=100)
WINDOW = dict(brunel=200, brunel_stdp=100, microcircuit=1000, cuba=2000, coba=1000, sparse=1000)
SHORT_WINDOW = dict(brunel=100, brunel_stdp=100, microcircuit=500, cuba=1000, coba=300, sparse=200)
SLOW = ["nest", "arbor"]

# How far the mean rate of a peer may be from that of Saltus: a share for what the simulators do
# differently, and three deviations of what a network fluctuates by itself, whoever runs it.
TOLERANCE = dict(brunel=0.03, brunel_stdp=0.05, microcircuit=0.03, cuba=0.03, coba=0.03, sparse=0.03)
# NEST and Saltus integrate conductances adaptively and let input act a step after it arrives; the
# others take fixed Euler steps and let it act at once: with a delay of one step they fire otherwise.
OTHER_SOLVER = dict(coba=0.15)
SAME_SOLVER = ["nest"]
# Deviation of the mean rate over a second of model time, as a share; measured with Saltus on a dozen seeds.
FLUCTUATION = dict(brunel=0.005, brunel_stdp=0.005, microcircuit=0.01, cuba=0.036, coba=0.05)

# What is not run, and why.
NOT_RUN = {
    ("nest", "microcircuit"): "connects for more than ten minutes",
    ("nest", "sparse:1000000"): "takes a quarter of an hour for a second of model time",
    ("brian2", "microcircuit"): "needs more than 16 GB",
    ("brian2", "sparse:1000000"): "needs more than 16 GB",
    ("arbor", "brunel_stdp"): "has no such synapse",
    ("arbor", "cuba"): "has no such neuron",
    ("arbor", "coba"): "has no such neuron",
    ("arbor", "microcircuit"): "has no such neuron",
    ("arbor", "microcircuit:0.1"): "has no such neuron",
    ("arbor", "sparse:1000000"): "builds for half an hour",
}


def main():
    args = ask()
    before = os.getloadavg()[0]
    rows = []
    for workload in args.workloads:
        for threads in args.threads:
            rows += compare(args, workload, threads)
    machine = next((row["saltus"]["machine"] for row in rows if "saltus" in row), None)
    if machine is None:
        sys.exit("none of this can be run: " + "; ".join(sorted({row["not_run"] for row in rows})))
    about = dict(
        machine=machine, date=datetime.date.today().isoformat(),
        load=[before, os.getloadavg()[0]], repeats=args.repeats,
    )
    if args.json:
        args.json.write_text(json.dumps(dict(about=about, rows=rows), indent=1) + "\n")
    print(table(args, about, rows))


def ask():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=USUAL, help="as saltus bench names them")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3, help="windows that are measured")
    parser.add_argument("--peers", nargs="+", choices=PEERS[:3], default=PEERS[:3])
    parser.add_argument("--genn", metavar="PYTHON", help="a Python that has pygenn")
    parser.add_argument("--bio", type=float, metavar="MS", help="model time of all windows (default: by workload)")
    parser.add_argument("--saltus", type=Path, default=ROOT / "target" / "release" / "saltus")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    args = parser.parse_args()
    if not args.saltus.exists():
        parser.error(f"{args.saltus} is not there: cargo build --release")
    if args.genn:
        args.peers.append("genn")
    return args


def compare(args, workload, threads):
    """Saltus and each peer in turn; a row for each peer."""
    rows = []
    for peer in args.peers:
        row = dict(workload=workload, threads=threads, peer=peer)
        reason = why_not(peer, workload, threads)
        if reason:
            row["not_run"] = reason
        else:
            progress(f"{workload} on {threads} threads: saltus, {peer}")
            bio = args.bio or window(peer, workload)
            row["saltus"] = run_saltus(args, workload, threads, bio)
            try:
                row["measured"] = run_peer(args, peer, workload, threads, bio)
            except subprocess.CalledProcessError as failure:
                progress(failure.stderr)
                row["not_run"] = "failed"
            else:
                row["rate_difference"], row["tolerance"] = differ(row)
        rows.append(row)
    return rows


def why_not(peer, workload, threads):
    if peer == "genn" and threads > 1:
        return "has one thread on a CPU"
    return NOT_RUN.get((peer, workload))


def word(workload):
    return workload.partition(":")[0]


def window(peer, workload):
    return (SHORT_WINDOW if peer in SLOW else WINDOW)[word(workload)]


def progress(text):
    print(text, file=sys.stderr, flush=True)


def run_saltus(args, workload, threads, bio):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        command = [args.saltus, "bench", workload, "--threads", threads, "--repeats", args.repeats]
        command += ["--duration", f"{bio}ms", "--json", file]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return json.loads(file.read_text())[0]


def run_peer(args, peer, workload, threads, bio):
    python = args.genn if peer == "genn" else installed(peer)
    command = [python, HERE / f"run_{peer}.py", workload, "--threads", threads, "--repeats", args.repeats]
    command += ["--bio", bio, "--warm-up", WARM_UP[word(workload)]]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    # NEST greets on the same stream.
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def installed(peer):
    """The Python of a peer's own environment."""
    folder = ENVIRONMENTS / peer
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        progress(f"installing {peer} into {folder}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[peer]], check=True)
        complete.touch()
    return python


def differ(row):
    """How far the peer's mean rate is from that of Saltus, as a share, and how far it may be."""
    peer, saltus = row["measured"], row["saltus"]
    sizes = peer["sizes"]
    mean = lambda rates: sum(rates[name] * size for name, size in sizes.items()) / sum(sizes.values())
    here, there = mean(saltus["rates_hz"]), mean(peer["rates_hz"])
    name = word(row["workload"])
    solver = TOLERANCE if row["peer"] in SAME_SOLVER else dict(TOLERANCE, **OTHER_SOLVER)
    if name == "sparse":
        # Each spike of a fibre counts for a hundred: those of N/100 fibres at 0.3 Hz are what is counted.
        fluctuation = (0.003 * sum(sizes.values())) ** -0.5
    else:
        fluctuation = FLUCTUATION[name]
    saltus_s = saltus["repeats"] * saltus["window_ms"] * 1e-3
    tolerance = solver[name] + 3.0 * fluctuation * (1.0 / saltus_s + 1.0 / peer["rates_over_s"]) ** 0.5
    return (there / here - 1.0 if here else float("inf")), tolerance


def factor_of_saltus(row):
    clock = "cpu" if row["threads"] == 1 else "wall"
    return row["saltus"]["real_time_factor"][clock]["median"]


def factor_of_peer(row):
    clock = "cpu_s" if row["threads"] == 1 else "wall_s"
    windows = [spent[clock] for spent in row["measured"]["windows"]]
    return statistics.median(windows) / (row["measured"]["window_ms"] * 1e-3)


def table(args, about, rows):
    machine = about["machine"]
    versions = dict.fromkeys(row["measured"]["version"] for row in rows if "measured" in row)
    load = " to ".join(f"{load:.1f}" for load in about["load"])
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, load average {load}; {about['date']}; "
        + ", ".join([f"Saltus {machine['version']}", *versions])
        + f"; medians of {about['repeats']} windows. Seconds for a second of model time, of the processor on "
        "one thread and on the wall on more; in parentheses how many times as fast Saltus is.",
        "",
        "| workload | threads | Saltus | " + " | ".join(args.peers) + " |",
        "|---|---|---|" + "---|" * len(args.peers),
    ]
    for workload in args.workloads:
        for threads in args.threads:
            here = [row for row in rows if (row["workload"], row["threads"]) == (workload, threads)]
            measured = [factor_of_saltus(row) for row in here if "saltus" in row]
            saltus = f"{statistics.median(measured):.3g}" if measured else "–"
            lines.append(f"| {workload} | {threads} | {saltus} | " + " | ".join(map(cell, here)) + " |")
    return "\n".join(lines)


def cell(row):
    if "not_run" in row:
        return row["not_run"]
    difference, tolerance = row["rate_difference"], row["tolerance"]
    if abs(difference) > tolerance:
        return f"void: rates differ by {100 * difference:+.0f} %, {100 * tolerance:.0f} % are allowed"
    peer = factor_of_peer(row)
    # Against the turn of Saltus beside it, not against all of them.
    return f"{peer:.3g} ({peer / factor_of_saltus(row):.3g}×)"


if __name__ == "__main__":
    main()
