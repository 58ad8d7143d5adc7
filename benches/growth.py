"""How time and memory grow with the size of a network and fall with threads.

    python3 benches/growth.py
    python3 benches/growth.py --microcircuit 0.05 0.1 --sparse 10000 30000 --duration 100ms --svg growth.svg

Runs `saltus bench` on the microcircuit at several scales and on the sparse network at several sizes,
prints a table, and draws both over the number of synapses; the exponents of power laws fitted to the
points stand in the legend. Needs nothing but Python.
"""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLOURS = dict(microcircuit="#1f77b4", sparse="#d62728")
DASHES = ["", "6 4", "2 3", "8 3 2 3"]
WIDTH, HEIGHT, LEFT, TOP, GAP = 400, 320, 70, 40, 110


def main():
    args = ask()
    points = []
    for network, sizes in (("microcircuit", args.microcircuit), ("sparse", args.sparse)):
        for size in sizes:
            for threads in args.threads:
                points.append(dict(measure(args, f"{network}:{size}", threads), network=network))
    print(table(points))
    if args.json:
        args.json.write_text(json.dumps(points, indent=1) + "\n")
    args.svg.write_text(picture(points))


def ask():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--microcircuit", nargs="*", metavar="SCALE", default=["0.05", "0.1", "0.2", "0.5", "1.0"])
    sizes = ["10000", "100000", "1000000", "10000000"]
    parser.add_argument("--sparse", nargs="*", metavar="NEURONS", default=sizes)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--duration", default="500ms", help="model time of a window")
    parser.add_argument("--repeats", type=int, default=3, help="windows that are measured")
    parser.add_argument("--saltus", type=Path, default=ROOT / "target" / "release" / "saltus")
    parser.add_argument("--svg", type=Path, default=ROOT / "docs" / "growth.svg")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    return parser.parse_args()


def measure(args, workload, threads):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.json"
        command = [args.saltus, "bench", workload, "--threads", threads, "--repeats", args.repeats]
        command += ["--duration", args.duration, "--json", file]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        return json.loads(file.read_text())[0]


def table(points):
    machine = points[0]["machine"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, load average {machine['load_average']}; "
        f"{machine['date'][:10]}; Saltus {machine['version']}",
        "",
        "| network | neurons | synapses | threads | build s | s per s of model time | ns per event | peak MB | B per synapse |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for point in points:
        cpu = point["ns_per_event"]
        lines.append(
            f"| {point['workload']} | {point['neurons']:,} | {point['synapses']:,} | {point['threads']} "
            f"| {point['build_s']['wall']:.3g} | {time_of(point):.3g} | {'–' if cpu is None else f'{cpu:.3g}'} "
            f"| {memory_of(point):.4g} | {point['bytes_per_synapse']:.2f} |"
        )
    return "\n".join(lines)


def time_of(point):
    return point["real_time_factor"]["wall"]["median"]


def memory_of(point):
    return (point["peak_bytes"] or math.nan) / 1e6


def exponent(pairs):
    """The slope of a straight line through the logarithms, or None where there is none to fit."""
    logs = [(math.log(x), math.log(y)) for x, y in pairs]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs))
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread if spread > 0 else None


def picture(points):
    panels = [
        panel(points, "seconds per second of model time", time_of, LEFT),
        panel(points, "peak memory in MB", memory_of, LEFT + WIDTH + GAP),
    ]
    # Legends stand below: a line for each network and number of threads.
    lines = len({(point["network"], point["threads"]) for point in points})
    width, height = LEFT + 2 * WIDTH + GAP + 30, TOP + HEIGHT + 60 + 18 * lines
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="DejaVu Sans, sans-serif" font-size="12" fill="#222222">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n' + "".join(panels) + "</svg>\n"
    )


def panel(points, title, value, left):
    """One plot over the number of synapses, both axes logarithmic."""
    xs, ys = [point["synapses"] for point in points], [value(point) for point in points]
    to_x, x_ticks = axis(xs, left, left + WIDTH)
    to_y, y_ticks = axis(ys, TOP + HEIGHT, TOP)
    out = [text(left + WIDTH / 2, TOP - 14, title, "middle")]
    for power in x_ticks:
        x = to_x(10.0**power)
        out += [line(x, TOP, x, TOP + HEIGHT, "#e4e4e4"), text(x, TOP + HEIGHT + 18, ten(power), "middle")]
    for power in y_ticks:
        y = to_y(10.0**power)
        out += [line(left, y, left + WIDTH, y, "#e4e4e4"), text(left - 8, y + 4, ten(power), "end")]
    out.append(f'<rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#444444"/>\n')
    out.append(text(left + WIDTH / 2, TOP + HEIGHT + 36, "synapses", "middle"))
    all_threads = sorted({point["threads"] for point in points})
    curves = sorted({(point["network"], point["threads"]) for point in points})
    for number, (network, threads) in enumerate(curves):
        here = [point for point in points if (point["network"], point["threads"]) == (network, threads)]
        pairs = sorted((point["synapses"], value(point)) for point in here)
        places = [(to_x(x), to_y(y)) for x, y in pairs]
        colour, dash = COLOURS[network], DASHES[all_threads.index(threads) % len(DASHES)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}"/>\n')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>\n' for x, y in places]
        y = TOP + HEIGHT + 60 + 18 * number
        slope = exponent(pairs)
        law = "" if slope is None else f": synapses to the power {slope:.2f}"
        out.append(line(left, y - 4, left + 36, y - 4, colour, dash))
        out.append(text(left + 44, y, f"{network}, {threads} thread{'s' if threads > 1 else ''}{law}", "start"))
    return "".join(out)


def axis(values, start, end):
    """A map from values to places, and the powers of ten that are marked."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    return (lambda v: start + (end - start) * (math.log10(v) - low) / (high - low)), range(low, high + 1)


def ten(power):
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def text(x, y, content, anchor):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{content}</text>\n'


def line(x1, y1, x2, y2, colour, dash=""):
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{1.8 if dash or colour in COLOURS.values() else 1}" stroke-dasharray="{dash}"/>\n'
    )


if __name__ == "__main__":
    main()
