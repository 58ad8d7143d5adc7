"""Saltus beside other simulators of Loihi and TrueNorth, on the same kind of full cores.

    python3 benches/peers/chips.py
    python3 benches/peers/chips.py loihi:4 --peers sanafe --json chips.json
    python3 benches/peers/chips.py --lava ~/lava/bin/python --ranc ~/RANC --sanafe ~/SANA-FE

All neurons fire at 20 Hz, each spike through 128 synapses, in steps of 1 ms; the number after the colon
is how many cores there are. SANA-FE and nengo-loihi are installed with pip into target/peers/; --sanafe
names a checkout to build instead. lava-nc wants a Python before 3.11: --lava names one that has it.
RANC is not on PyPI: --ranc names a checkout of it, whose simulator is compiled with g++ -O3. What cannot
be had is said, and its rows are left out. Saltus and a peer take turns. A row is void when their firing
rates differ by more than TOLERANCE. Processor time on one thread is what is compared.
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

from chip_workloads import LOIHI_CORE, SYNAPSES, TRUENORTH_CORE

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENVIRONMENTS = ROOT / "target" / "peers"

PACKAGES = dict(
    sanafe=["sanafe", "numpy"],
    # 1.1.0 is of 2022: it wants what there was then.
    nengo_loihi=["nengo-loihi==1.1.0", "nengo==3.2.0", "numpy<1.24", "scipy<1.11"],
    lava=["lava-nc"],
)
PEERS = dict(loihi=["nengo_loihi", "lava", "sanafe"], truenorth=["ranc", "sanafe"])
ALL = ["nengo_loihi", "lava", "sanafe", "ranc"]
CORE = dict(loihi=LOIHI_CORE, truenorth=TRUENORTH_CORE)
USUAL = ["loihi:2", "loihi:8", "truenorth:4", "truenorth:16"]
WARM_UP, WINDOW = 200, 500  # ms
TOLERANCE = 0.03


class Missing(Exception):
    """Why a peer cannot be had."""


def main():
    args = ask()
    before, rows, missing = os.getloadavg()[0], [], {}
    for workload in args.workloads:
        for peer in (peer for peer in PEERS[kind(workload)] if peer in args.peers and peer not in missing):
            try:
                rows.append(compare(args, workload, peer))
            except Missing as why:
                missing[peer] = str(why)
                progress(f"{peer} is left out: {why}")
    if not rows:
        sys.exit("nothing was compared")
    about = dict(
        machine=rows[0]["saltus"]["machine"], date=datetime.date.today().isoformat(),
        load=[before, os.getloadavg()[0]], repeats=args.repeats, missing=missing,
    )
    if args.json:
        args.json.write_text(json.dumps(dict(about=about, rows=rows), indent=1) + "\n")
    print(table(about, rows))


def ask():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=USUAL, help="loihi:CORES, truenorth:CORES")
    parser.add_argument("--repeats", type=int, default=3, help="windows that are measured")
    parser.add_argument("--peers", nargs="+", choices=ALL, default=ALL)
    parser.add_argument("--lava", metavar="PYTHON", help="a Python that has lava-nc")
    parser.add_argument("--ranc", type=Path, metavar="FOLDER", help="a checkout of RANC")
    parser.add_argument("--sanafe", type=Path, metavar="FOLDER", help="a checkout of SANA-FE to build")
    parser.add_argument("--saltus", type=Path, default=ROOT / "target" / "release" / "saltus")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    args = parser.parse_args()
    for workload in args.workloads:
        if kind(workload) not in PEERS:
            parser.error(f"{workload} is not a chip: loihi:CORES, truenorth:CORES")
    if not args.saltus.exists():
        parser.error(f"{args.saltus} is not there: cargo build --release")
    return args


def kind(workload):
    return workload.partition(":")[0]


def progress(text):
    print(text, file=sys.stderr, flush=True)


def compare(args, workload, peer):
    command = command_of(args, peer)
    progress(f"{workload}: saltus, {peer}")
    row = dict(workload=workload, peer=peer, saltus=run_saltus(args, workload))
    command += [workload, "--repeats", args.repeats, "--bio", WINDOW, "--warm-up", WARM_UP]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    answer = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not answer:
        progress(done.stderr)
        raise Missing(f"it failed on {workload}")
    row["measured"] = json.loads(answer[-1])
    row["rate_difference"] = rate(row["measured"]) / rate(row["saltus"]) - 1.0
    return row


def command_of(args, peer):
    """What runs a peer, or why nothing does."""
    script = HERE / f"run_{peer}.py"
    if peer == "ranc":
        # It has no packages of its own; its script needs numpy, as SANA-FE's does.
        return [installed("sanafe", PACKAGES["sanafe"]), script, "--program", compiled_ranc(args.ranc)]
    if peer == "lava" and args.lava:
        return [args.lava, script]
    if peer == "sanafe" and args.sanafe:
        return [installed("sanafe-source", [args.sanafe, "numpy"]), script]
    return [installed(peer, PACKAGES[peer]), script]


def installed(name, packages):
    """The Python of a peer's own environment."""
    folder = ENVIRONMENTS / name
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():
        progress(f"installing {name} into {folder}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [python, "-m", "pip", "install", "--quiet", *packages]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            version = ".".join(map(str, sys.version_info[:2]))
            raise Missing(f"pip on Python {version} says {' '.join(errors) or done.stderr}")
        complete.touch()
    return python


def compiled_ranc(checkout):
    if checkout is None:
        raise Missing("it is not on PyPI; --ranc names a checkout of it")
    source, program = checkout / "simulator", ENVIRONMENTS / "ranc_sim"
    if not program.exists():
        progress(f"compiling {source}")
        ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
        files = sorted((source / "src").glob("*.cpp"))
        command = ["g++", "-O3", "-std=c++11", "-I", source / "extern", *files, "-o", program]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"{source} does not compile: {done.stderr}")
    return program


def run_saltus(args, workload):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        command = [args.saltus, "bench", workload, "--threads", 1, "--repeats", args.repeats, "--no-record"]
        command += ["--duration", f"{40 * WINDOW}ms", "--json", file]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return json.loads(file.read_text())[0]


def rate(measured):
    return measured["rates_hz"]["chip"]


def factor(measured):
    """Processor seconds for a second of model time."""
    if "windows" in measured:
        windows = [spent["cpu_s"] for spent in measured["windows"]]
        return statistics.median(windows) / (measured["window_ms"] * 1e-3)
    return measured["real_time_factor"]["cpu"]["median"]


def table(about, rows):
    machine = about["machine"]
    load = " to ".join(f"{load:.1f}" for load in about["load"])
    lines = [
        f"{machine['processor']}, load average {load}; {about['date']}; Saltus {machine['version']}; medians of "
        f"{about['repeats']} windows, processor time on one thread.",
        "",
        "| workload | simulator | rate (Hz) | s for 1 s | neuron-steps/s | synaptic events/s | Saltus is faster |",
        "|---|---|---|---|---|---|---|",
    ]
    for workload in dict.fromkeys(row["workload"] for row in rows):
        own = [row for row in rows if row["workload"] == workload]
        turns = [row["saltus"] for row in own]
        median = sorted(turns, key=factor)[len(turns) // 2]
        lines.append(line(workload, "Saltus", median, ""))
        for row in own:
            peer = row["measured"]
            faster = f"{factor(peer) / factor(row['saltus']):.3g}×"
            if abs(row["rate_difference"]) > TOLERANCE:
                faster = f"void: rates differ by {100 * row['rate_difference']:+.0f} %"
            lines.append(line(workload, peer["version"], peer, faster))
    lines += [f"\n{peer} is left out: {why}" for peer, why in about["missing"].items()]
    return "\n".join(lines)


def line(workload, name, measured, faster):
    neurons = int(workload.partition(":")[2] or 1) * CORE[kind(workload)]
    steps = neurons * 1000 / factor(measured)
    events = neurons * rate(measured) * SYNAPSES / factor(measured)
    cells = [workload, name, f"{rate(measured):.2f}", f"{factor(measured):.3g}", f"{steps:.2g}", f"{events:.2g}"]
    return "| " + " | ".join([*cells, faster]) + " |"


if __name__ == "__main__":
    main()
