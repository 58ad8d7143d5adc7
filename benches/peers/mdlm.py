"""A step of training of MDLM beside PyTorch, on one thread.

    cargo build --release -p saltus -p training --features train
    ~/torch/bin/python benches/peers/mdlm.py
    ~/torch/bin/python benches/peers/mdlm.py --width 96 --blocks 3 --window 64

Needs a Python that has torch. The network, the loss, AdamW with the gradient shortened and averaged weights are the
same in both (fused attention and AdamW in PyTorch, eager mode otherwise). Saltus runs as `saltus train mdlm` with few and with more
steps, and the difference counts; both take turns. Times are processor times.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FEW = 10


def main():
    args = ask()
    before = os.getloadavg()[0]
    rows = [(saltus(args), pytorch(args)) for _ in range(args.rounds)]
    tokens = args.batch * args.window
    print(f"{args.weights} weights, {tokens} tokens a step, load average {before:.1f} to {os.getloadavg()[0]:.1f}")
    for name, times in zip(("Saltus", "PyTorch"), zip(*rows)):
        least, middle = min(times), statistics.median(times)
        print(f"{name:8} {1e3 * middle:7.1f} ms a step (least {1e3 * least:.1f}), {tokens / middle:7.0f} tokens a CPU-s")


def ask():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in dict(width=128, heads=4, blocks=4, window=128, batch=8, steps=60, rounds=3).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def saltus(args):
    """Processor seconds of a step."""
    few, more = (of_training(args, steps) for steps in (FEW, FEW + args.steps))
    return (more - few) / args.steps


def of_training(args, steps):
    settings = dict(width=args.width, heads=args.heads, blocks=args.blocks, window=args.window, batch=args.batch,
                    steps=steps, every=1_000_000_000)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [str(ROOT / "target/release/saltus"), "train", "mdlm", "--quiet", "--out", str(run)]
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        begin = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(command, check=True, capture_output=True, env=dict(os.environ, RAYON_NUM_THREADS="1"))
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin
        args.weights = json.loads((run / "metrics.json").read_text())["parameters"]
    return used


def pytorch(args):
    """Processor seconds of a step, in a process of its own."""
    command = [sys.executable, __file__.replace("mdlm.py", "run_mdlm.py")]
    command += [str(getattr(args, name)) for name in ("width", "heads", "blocks", "window", "batch", "steps")]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
