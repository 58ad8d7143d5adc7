"""What every peer's script asks, and how it answers: one line of JSON."""

import argparse
import json
import resource
import time


def ask():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", help="brunel, microcircuit:0.1, sparse:100000 …")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1, help="windows that are measured")
    parser.add_argument("--bio", type=float, default=1000.0, help="model time of a window in ms")
    parser.add_argument("--warm-up", type=float, default=100.0, help="model time before the first in ms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", help="where the peer is a program of its own")
    return parser.parse_args()


def windows(args, live):
    """Calls live() once for each window; returns what each took."""
    spent = []
    for _ in range(args.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        live()
        spent.append(dict(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu))
    return spent


def tell(args, version, synapses, sizes, spikes, spent, build_s, rate_windows=None, peak_mb=None):
    """`spikes` counts the spikes of each population over `rate_windows` windows, all by default."""
    seconds = (rate_windows or args.repeats) * args.bio / 1000.0
    peak_mb = peak_mb or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    answer = dict(
        workload=args.workload, version=version, threads=args.threads, synapses=int(synapses),
        sizes={name: int(size) for name, size in sizes.items()}, window_ms=args.bio, windows=spent,
        build_s=build_s, rates_hz={name: spikes[name] / sizes[name] / seconds for name in spikes},
        rates_over_s=seconds, peak_mb=peak_mb,
    )
    print(json.dumps(answer), flush=True)
