"""Brian2 in C++ standalone mode, with OpenMP on more than one thread.

Its program is compiled once and run for each window; clocks around its last `run` are written into
the generated main(), so that loading and connecting count as building. Spike times are recorded.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import brian2
import numpy as np
from brian2 import (
    BrianLogger, Hz, Network, NeuronGroup, PoissonGroup, PoissonInput, SpikeMonitor, Synapses,
    defaultclock, device, ms, prefs, seed, set_device,
)

from common import ask, tell
from workloads import BACKGROUND_RATE, DT, POPULATIONS, STDP, V0_MEAN, V0_SD, named

args = ask()
name, p = named(args.workload)
draws = np.random.default_rng(args.seed)
network = Network()


def delta_neurons(size, inputs=""):
    equations = "dv/dt = -v/tau : 1 (unless refractory)" + inputs
    space = dict(tau=p["tau_m"] * ms, V_th=p["V_th"], V_reset=p["V_reset"])
    return NeuronGroup(
        size, equations, threshold="v >= V_th", reset="v = V_reset", refractory=p["t_ref"] * ms,
        method="exact", namespace=space,
    )


def synapses(source, target, pairs, delay, on_pre, **more):
    made = Synapses(source, target, on_pre=on_pre, delay=delay * ms, **more)
    made.connect(**pairs)
    network.add(made)
    return made


def brunel():
    size = p["NE"] + p["NI"]
    # Input is collected in s and added once a step, so that, as in NEST, input during refractoriness
    # is lost; s acts in the step after arrival, hence one step less delay.
    cells = delta_neurons(size, "\ns : 1")
    cells.run_regularly("v += s*int(not_refractory)\ns = 0", when="after_groups")
    cells.v = f"rand()*{p['V_th']}"
    E, I = cells[: p["NE"]], cells[p["NE"] :]
    fibres = p["CE"]
    external = PoissonInput(cells, "s", fibres, p["external_rate"] / fibres * Hz, weight=p["J"])
    network.add(cells, external)
    delay = p["delay"] - DT

    def indegree(sources, targets, n):
        source = draws.integers(0, sources, targets * n, dtype=np.int32)
        return dict(i=source, j=np.repeat(np.arange(targets, dtype=np.int32), n))

    synapses(I, cells, indegree(p["NI"], size, p["CI"]), delay, f"s_post += {p['JI']}")
    if name == "brunel":
        synapses(E, cells, indegree(p["NE"], size, p["CE"]), delay, f"s_post += {p['J']}")
    else:
        synapses(E, I, indegree(p["NE"], p["NI"], p["CE"]), delay, f"s_post += {p['J']}")
        w_max = STDP["w_max_over_J"] * p["J"]
        step = STDP["learning_rate"] * w_max
        space = dict(
            w_max=w_max, up=step, down=-STDP["alpha"] * step,
            tau_plus=STDP["tau_plus"] * ms, tau_minus=STDP["tau_minus"] * ms,
        )
        model = """w : 1
                   da/dt = -a/tau_plus : 1 (event-driven)
                   db/dt = -b/tau_minus : 1 (event-driven)"""
        plastic = synapses(
            E, E, indegree(p["NE"], p["NE"], p["CE"]), delay,
            "a += up\nw = clip(w + b, 0, w_max)\ns_post += w",
            on_post="b += down\nw = clip(w + a, 0, w_max)", model=model, namespace=space,
        )
        plastic.w = p["J"]
    return dict(E=E, I=I), size * (p["CE"] + p["CI"])


def normal(mean, sd, count, low, high):
    """Normal numbers, redrawn until they lie within the bounds."""
    values = draws.normal(mean, sd, count)
    while (outside := (values < low) | (values > high)).any():
        values[outside] = draws.normal(mean, sd, outside.sum())
    return values


def microcircuit():
    ends = np.concatenate([[0], np.cumsum(p["sizes"])])
    space = dict(
        E_L=p["E_L"], V_th=p["V_th"], V_reset=p["V_reset"], R=p["tau_m"] / p["C_m"],
        tau_m=p["tau_m"] * ms, tau_syn=p["tau_syn"] * ms,
    )
    equations = """dv/dt = (E_L - v + R*(I + I_dc))/tau_m : 1 (unless refractory)
                   dI/dt = -I/tau_syn : 1
                   I_dc : 1 (constant)"""
    cells = NeuronGroup(
        int(ends[-1]), equations, threshold="v > V_th", reset="v = V_reset",
        refractory=p["t_ref"] * ms, method="exact", namespace=space,
    )
    network.add(cells)
    layers = {}
    for k, layer in enumerate(POPULATIONS):
        layers[layer] = part = cells[ends[k] : ends[k + 1]]
        part.I_dc = float(p["current"][k])
        part.v = draws.normal(V0_MEAN[k], V0_SD[k], int(p["sizes"][k]))
        fibres = int(p["external_indegree"][k])
        weight = float(p["external_weight"])
        network.add(PoissonInput(part, "I", fibres, BACKGROUND_RATE * Hz, weight=weight))
    columns = [[], [], [], []]
    for target in range(8):
        for source in range(8):
            count = int(p["totals"][target, source])
            weight, delay = p["weights"][target, source], p["delays"][target, source]
            low, high = (0.0, np.inf) if weight > 0 else (-np.inf, 0.0)
            delays = normal(delay, p["delay_sd"] * delay, count, DT / 2, np.inf)
            columns[0].append(draws.integers(ends[source], ends[source + 1], count, dtype=np.int32))
            columns[1].append(draws.integers(ends[target], ends[target + 1], count, dtype=np.int32))
            columns[2].append(normal(weight, p["weight_sd"] * abs(weight), count, low, high))
            columns[3].append(np.maximum(np.rint(delays / DT), 1) * DT)
    i, j, w, d = map(np.concatenate, columns)
    # One object for all: 64 of them would each ask every step whether a spike is due.
    made = Synapses(cells, cells, "w : 1", on_pre="I_post += w")
    made.connect(i=i, j=j)
    made.w, made.delay = w, d * ms
    network.add(made)
    return layers, p["totals"].sum()


def brette():
    size = p["NE"] + p["NI"]
    space = {key: p[key] for key in ("E_L", "V_th", "V_reset")}
    space.update(tau_m=p["tau_m"] * ms, tau_e=p["tau_e"] * ms, tau_i=p["tau_i"] * ms)
    if name == "cuba":
        slope, method = "g_e + g_i + E_L - v", "exact"
    else:
        slope, method = "E_L - v + (g_e*(E_e - v) + g_i*(E_i - v) + I_e)/g_L", "exponential_euler"
        space.update({key: p[key] for key in ("E_e", "E_i", "I_e", "g_L")})
    equations = f"""dv/dt = ({slope})/tau_m : 1 (unless refractory)
                    dg_e/dt = -g_e/tau_e : 1
                    dg_i/dt = -g_i/tau_i : 1"""
    cells = NeuronGroup(
        size, equations, threshold="v > V_th", reset="v = V_reset", refractory=p["t_ref"] * ms,
        method=method, namespace=space,
    )
    cells.v = f"{p['V_reset']} + rand()*{p['V_th'] - p['V_reset']}"
    network.add(cells)
    E, I = cells[: p["NE"]], cells[p["NE"] :]
    synapses(E, cells, dict(p=p["probability"]), p["delay"], f"g_e_post += {p['we']}")
    synapses(I, cells, dict(p=p["probability"]), p["delay"], f"g_i_post += {p['wi']}")
    return dict(E=E, I=I), size * size * p["probability"]


def sparse():
    cells = delta_neurons(p["N"])
    fibres = PoissonGroup(p["fibres"], p["fibre_rate"] * Hz)
    E, I = cells[: p["NE"]], cells[p["NE"] :]
    network.add(cells, fibres)
    for source, weight in ((E, p["J"]), (I, p["JI"]), (fibres, p["fibre_weight"])):
        count, n = len(source), p["outdegree"]
        i = np.repeat(np.arange(count, dtype=np.int32), n)
        pairs = dict(i=i, j=draws.integers(0, p["N"], count * n, dtype=np.int32))
        synapses(source, cells, pairs, p["delay"], f"v_post += {weight}")
    return dict(E=E, I=I), (p["N"] + p["fibres"]) * p["outdegree"]


BUILD = dict(
    brunel=brunel, brunel_stdp=brunel, microcircuit=microcircuit, cuba=brette, coba=brette, sparse=sparse
)

CLOCKS = """{ struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
  struct rusage r; getrusage(RUSAGE_SELF, &r);
  fprintf(stderr, "CLOCKS %.6f %.6f %ld\\n", t.tv_sec + t.tv_nsec*1e-9, r.ru_utime.tv_sec + r.ru_stime.tv_sec
    + (r.ru_utime.tv_usec + r.ru_stime.tv_usec)*1e-6, r.ru_maxrss); }
"""


def compile_with_clocks(folder):
    device.build(directory=str(folder), compile=False, run=False, with_output=False)
    main = folder / "main.cpp"
    text = main.read_text()
    calls = list(re.finditer(re.escape(network.name) + r"\.run\([^;]*;", text))
    last = calls[-1]
    text = text[: last.start()] + CLOCKS + last.group() + CLOCKS + text[last.end() :]
    main.write_text("#include <time.h>\n#include <sys/resource.h>\n#include <cstdio>\n" + text)
    subprocess.run(["make", "-j2"], cwd=folder, check=True, capture_output=True)


def run_once(folder):
    begin = time.perf_counter()
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True)
    all_s = time.perf_counter() - begin
    clocks = [list(map(float, line.split()[1:])) for line in done.stderr.splitlines() if "CLOCKS" in line]
    if done.returncode or len(clocks) != 2:
        sys.exit("Brian2's program failed: " + done.stderr[-2000:])
    (wall, cpu, _), (wall_end, cpu_end, peak_kb) = clocks
    return dict(wall_s=wall_end - wall, cpu_s=cpu_end - cpu), all_s, peak_kb / 1024.0


def spikes_of(folder, monitor):
    file = folder / "results" / Path(device.get_array_filename(monitor.variables["t"])).name
    # The fields of a time are doubles in seconds.
    return int((np.fromfile(file) >= (args.warm_up - DT / 2) * 1e-3).sum())


folder = Path(tempfile.mkdtemp(prefix="brian2-"))
BrianLogger.log_level_error()
prefs.devices.cpp_standalone.openmp_threads = args.threads if args.threads > 1 else 0
set_device("cpp_standalone", directory=str(folder), build_on_run=False)
defaultclock.dt = DT * ms
seed(args.seed)
populations, count = BUILD[name]()
monitors = {word: SpikeMonitor(cells) for word, cells in populations.items()}
network.add(*monitors.values())
network.run(args.warm_up * ms)
network.run(args.bio * ms)
compile_with_clocks(folder)
runs = [run_once(folder) for _ in range(args.repeats)]
spent = [run[0] for run in runs]
device.has_been_run = True
spikes = {word: spikes_of(folder, monitor) for word, monitor in monitors.items()}
shutil.rmtree(folder)
sizes = {word: len(cells) for word, cells in populations.items()}
# Building is what is left of a run; the warm-up is taken to be as fast as the window.
build_s = runs[0][1] - spent[0]["wall_s"] * (1.0 + args.warm_up / args.bio)
tell(
    args, "Brian2 " + brian2.__version__, count, sizes, spikes, spent, build_s,
    rate_windows=1, peak_mb=max(run[2] for run in runs),
)
