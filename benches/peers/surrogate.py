"""A layer and its surrogate gradient beside snnTorch, Norse and SpikingJelly, on the same cores.

    cargo build --release -p saltus -p training --features train --example surrogate
    python3 benches/peers/surrogate.py
    python3 benches/peers/surrogate.py --neurons 512 4096 --density 0.05 0 --threads 1 2 --json surrogate.json
    python3 benches/peers/surrogate.py --python ~/torch/bin/python

One linear layer with leaky integrate-and-fire neurons, a batch of 16, 500 steps, n inputs onto n neurons, the
number of spikes as loss: the benchmark of Open Neuromorphic (Lenz et al. 2023). Inputs spike with a probability of
--density in each step; 0 stands for normal numbers at every input, as in that benchmark. The peers are installed
with pip into target/peers/surrogate/ (6 GB, most of it PyTorch), or --python names a Python that has them. Saltus
and each peer take turns, each time in a process of its own. A row is void when the gradient of the weights differs
by more than TOLERANCE of its largest entry, in columns of neurons that fire alike in both; how many do not is said.
n = 16384 needs 12 GB and some minutes.
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
ENVIRONMENT = ROOT / "target" / "peers" / "surrogate"

PACKAGES = ["snntorch", "norse", "spikingjelly", "torch", "numpy"]
PEERS = dict(snntorch="arctan", norse="fast-sigmoid", spikingjelly="arctan")
NAMES = dict(snntorch="snnTorch", norse="Norse", spikingjelly="SpikingJelly")
TOLERANCE = 1e-5


def main():
    args = ask()
    before, rows = os.getloadavg()[0], []
    for neurons in args.neurons:
        for density in args.density:
            for threads in args.threads:
                rows += compare(args, neurons, density, threads)
    about = dict(
        processor=processor(), date=datetime.date.today().isoformat(), load=[before, os.getloadavg()[0]],
        rounds=args.rounds, repeats=args.repeats, steps=args.steps,
    )
    if args.json:
        args.json.write_text(json.dumps(dict(about=about, rows=rows), indent=1) + "\n")
    print(table(about, rows))


def ask():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[512, 4096, 16384])
    parser.add_argument("--density", type=float, nargs="+", default=[0.05])
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each, in processes of their own")
    parser.add_argument("--repeats", type=int, default=3, help="passes of a turn that count")
    parser.add_argument("--warm-up", type=int, default=1, help="passes of a turn that do not count")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--python", type=Path, help="a Python that has all peers")
    parser.add_argument("--layer", type=Path, default=ROOT / "target" / "release" / "examples" / "surrogate")
    parser.add_argument("--folder", type=Path, help="where input, weights and gradient go (default: a temporary one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    args = parser.parse_args()
    if not args.layer.exists():
        parser.error(f"{args.layer} is not there: build the example surrogate, with the feature train")
    return args


def compare(args, neurons, density, threads):
    """Each peer with a turn of Saltus before each of its own; a row for each peer."""
    rows = [
        dict(neurons=neurons, density=density, threads=threads, peer=peer, saltus=[], measured=[]) for peer in args.peers
    ]
    python = args.python or installed()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for _ in range(args.rounds):
            for row in rows:
                progress(f"{neurons} neurons, {threads} threads, density {density}: saltus, {row['peer']}")
                sizes = ["--neurons", neurons, "--steps", args.steps, "--repeats", args.repeats, "--warm-up", args.warm_up]
                ours = [args.layer, *sizes, "--density", density, "--surrogate", PEERS[row["peer"]], "--write", folder]
                row["saltus"].append(run(ours, threads))
                theirs = [python, HERE / "run_surrogate.py", row["peer"], folder, *sizes, "--threads", threads]
                row["measured"].append(run(theirs, threads))
    return rows


def run(command, threads):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), PYTHONWARNINGS="ignore")
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def installed():
    """A Python with all peers; they agree on one PyTorch."""
    python, complete = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "complete"
    if not complete.exists():
        progress(f"installing {', '.join(PACKAGES)} into {ENVIRONMENT}")
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        complete.touch()
    return python


def progress(text):
    print(text, file=sys.stderr, flush=True)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def seconds(turns, which):
    return statistics.median(each for turn in turns for each in turn[which])


def total(turns):
    """Forward and backward pass of the same turn together."""
    return statistics.median(
        ahead + back for turn in turns for ahead, back in zip(turn["forward_s"], turn["backward_s"])
    )


def ratio(row, of):
    """How many times as much a peer takes: the median over pairs of turns that followed each other."""
    return statistics.median(of([peer]) / of([ours]) for ours, peer in zip(row["saltus"], row["measured"]))


def processor_s(turns):
    return seconds(turns, "cpu_s")


def table(about, rows):
    load = " to ".join(f"{load:.1f}" for load in about["load"])
    versions = dict.fromkeys(turn["version"] for row in rows for turn in row["measured"])
    torch = next(turn["torch"] for row in rows for turn in row["measured"])
    lines = [
        f"{about['processor']}, load average {load}; {about['date']}; Saltus {rows[0]['saltus'][0]['version']}, "
        + ", ".join([*versions, f"PyTorch {torch}"])
        + f"; {about['steps']} steps; medians of {about['rounds']} turns of {about['repeats']} passes; seconds on the wall, "
        "and of the processor for both passes; in parentheses how many times as long as Saltus beside it.",
        "",
        "| n | density | threads | | forward | backward | sum | processor | peak memory | gradient off | fire otherwise |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    groups = dict.fromkeys((row["neurons"], row["density"], row["threads"]) for row in rows)
    for group in groups:
        here = [row for row in rows if (row["neurons"], row["density"], row["threads"]) == group]
        start = "| " + " | ".join([str(group[0]), "normal" if group[1] == 0 else str(group[1]), str(group[2])])
        lines.append(f"{start} | Saltus | {times([turn for row in here for turn in row['saltus']])} | | |")
        lines += [f"{start} | {NAMES[row['peer']]} | {cells(row)} |" for row in here]
    return "\n".join(lines)


def times(turns, longer=("", "")):
    peak = max(turn["peak_mb"] for turn in turns)
    figures = [seconds(turns, "forward_s"), seconds(turns, "backward_s")]
    both = [f"{of(turns):.3g}{more}" for of, more in zip((total, processor_s), longer)]
    return " | ".join([*(f"{figure:.3g}" for figure in figures), *both, f"{peak / 1024.0:.2g} GB"])


def cells(row):
    off, apart = (max(turn[what] for turn in row["measured"]) for what in ("gradient_off", "neurons_apart"))
    if off > TOLERANCE:
        return f"void: gradients differ by {off:.1g} | | | | | | "
    longer = [f" ({ratio(row, of):.2g}×)" for of in (total, processor_s)]
    return f"{times(row['measured'], longer)} | {off:.1g} | {apart}"


if __name__ == "__main__":
    main()
