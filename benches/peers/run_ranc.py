"""RANC's simulator: a program that reads cores as JSON and lives so many ticks.

What it takes to read is taken off by running it twice, for the warm-up and for a window more. It has
one target for each neuron and no counters; so spikes are counted in a run of their own that writes down
which axons are active.
"""

import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from chip_workloads import SYNAPSES, TRUENORTH_CORE, named, truenorth
from common import ask, tell

args = ask()
_, cores = named(args.workload)
p = truenorth(cores, args.seed)


def core(number):
    first = number * TRUENORTH_CORE
    neurons = []
    for n in range(first, first + TRUENORTH_CORE):
        to, axon = divmod(int(p["axon"][n]), TRUENORTH_CORE)
        neurons.append(dict(
            reset_potential=0, weights=p["weights"], leak=p["leak"], positive_threshold=p["threshold"],
            negative_threshold=-p["threshold"], destination_core_offset=[to - number, 0],
            destination_axon=axon, destination_tick=int(p["delay"][n]) - 1,
            current_potential=int(p["start"][n]), reset_mode=1,
        ))
    return dict(
        axons=[axon % 4 for axon in range(TRUENORTH_CORE)], neurons=neurons, coordinates=[number, 0],
        connections=p["crossbar"][number].T.astype(int).tolist(),
    )


def configuration(trace):
    return dict(
        num_neurons=TRUENORTH_CORE, num_axons=TRUENORTH_CORE, num_cores_x=cores + 1, num_cores_y=1,
        num_weights=4, max_tick_offset=16, neuron_block_trace_verbosity=0,
        core_controller_trace_verbosity=int(trace), scheduler_trace_verbosity=0, neuron_reset_type=0,
    )


def run(folder, ticks, trace=False):
    """Seconds on the wall and of the processor."""
    (folder / "config.json").write_text(json.dumps(configuration(trace)))
    command = [args.program, folder / "cores.json", folder / "out", folder / "config.json", int(ticks)]
    command += ["--trace", folder / "trace"] if trace else []
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def active_axons(folder, ticks):
    """How many axons were active in each tick."""
    run(folder, ticks, trace=True)
    counts, tick = [0] * (int(ticks) + 1), 0
    for line in (folder / "trace").read_text().splitlines():
        if "Tick" in line and "begins" in line:
            tick = int(line.split("Tick")[1].split()[0])
        elif "Fetched spikes" in line:
            counts[tick] += line.rpartition(" ")[2].count("1")
    return counts


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    bus = dict(coordinates=[cores, 0], num_outputs=1)
    everything = dict(packets=[[]], output_bus=bus, cores=[core(number) for number in range(cores)])
    (folder / "cores.json").write_text(json.dumps(everything))
    counts = active_axons(folder, args.warm_up + args.bio)
    spikes = dict(chip=sum(counts[int(args.warm_up) + 1 :]))
    spent, build_s = [], None
    for _ in range(args.repeats):
        wall, cpu = run(folder, args.warm_up)
        more_wall, more_cpu = run(folder, args.warm_up + args.bio)
        spent.append(dict(wall_s=more_wall - wall, cpu_s=more_cpu - cpu))
        build_s = build_s or wall
tell(args, "RANC", p["size"] * SYNAPSES, dict(chip=p["size"]), spikes, spent, build_s, rate_windows=1)
