#!/usr/bin/env python3
"""Processor time of a training step of TRM: Saltus beside the same step in PyTorch (eager, float32, one thread).

The network of `saltus train trm` with its defaults for Sudoku of 4 x 4: 96 puzzles, 16 cells and one place before them, 48 channels, two
blocks that mix by a SwiGLU over places, T = 2, n = 3; the forward pass, gradients of the last cycle and AdamATan2 with averaged weights.
Saltus is timed as the difference between runs of few and of many steps, so that reading files and testing do not count.

    python3 benches/peers/recursion.py --saltus target/release/saltus        # a Python that has torch
"""

import argparse
import os
import resource
import subprocess
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"

PUZZLES, CELLS, WIDTH, TOKENS, LOW = 96, 16, 48, 6, 3
PLACES = CELLS + 1
# Inner widths over channels and over places.
INNER = {WIDTH: 128, PLACES: 64}


def torch_step(steps):
    """Milliseconds of a step, least and median."""
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    torch.manual_seed(1)

    def matrix(out, into):
        return torch.nn.Parameter(torch.randn(out, into) / into**0.5)

    def gated(length):
        return matrix(2 * INNER[length], length), matrix(length, INNER[length])

    def rms(h):
        return h * torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-5)

    def swiglu(h, weights):
        gate, up = F.linear(h, weights[0]).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, weights[1])

    blocks = [(gated(PLACES), gated(WIDTH)) for _ in range(2)]
    embed, head, halt = matrix(TOKENS, WIDTH), matrix(TOKENS, WIDTH), matrix(2, WIDTH)
    weights = [w for block in blocks for pair in block for w in pair] + [embed, head, halt]
    means = [(torch.zeros_like(w), torch.zeros_like(w), w.detach().clone()) for w in weights]

    def f(h):
        for places, channels in blocks:
            h = h.transpose(1, 2)
            h = rms(h + swiglu(h, places)).transpose(1, 2)
            h = rms(h + swiglu(h, channels))
        return h

    def cycle(y, z, x):
        for _ in range(LOW):
            z = f(z + y + x)
        return f(y + z), z

    tokens = torch.randint(1, TOKENS, (PUZZLES, CELLS))
    labels = torch.randint(2, TOKENS, (PUZZLES, CELLS))
    y, z = (torch.randn(PUZZLES, PLACES, WIDTH) for _ in range(2))

    def step(number, y, z):
        x = torch.cat([torch.zeros(PUZZLES, 1, WIDTH), embed[tokens]], 1) * WIDTH**0.5
        with torch.no_grad():
            y, z = cycle(y, z, x)
        y, z = cycle(y, z, x)
        logits, q = F.linear(y[:, 1:], head), F.linear(y[:, 0], halt)[:, 0]
        s = torch.where(logits < 0, 1 / (1 - logits), logits + 1)
        likely = torch.log(s / s.sum(-1, keepdim=True)).gather(2, labels[..., None])
        right = (logits.argmax(-1) == labels).all(-1).float()
        loss = -likely.mean() + 0.5 * F.binary_cross_entropy_with_logits(q, right)
        loss.backward()
        with torch.no_grad():
            for w, (m, v, average) in zip(weights, means):
                m.lerp_(w.grad, 0.1)
                v.lerp_(w.grad.square(), 0.05)
                w.mul_(1 - 1e-4).sub_(torch.atan2(m, v.sqrt() / (1 - 0.95**number) ** 0.5), alpha=1e-3)
                average.lerp_(w, 0.01)
                w.grad = None
        return y.detach(), z.detach()

    times = []
    for number in range(1, steps + 4):
        before = time.process_time()
        y, z = step(number, y, z)
        times.append(1e3 * (time.process_time() - before))
    times = sorted(times[3:])
    return times[0], times[len(times) // 2]


def saltus_seconds(program, steps):
    """Processor time of a training of so many steps."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        settings = [f"steps={steps}", "every=1000000", "validation=1", "supervision=2"]
        sets = [word for setting in settings for word in ("--set", setting)]
        command = [program, "train", "trm", "--task", "sudoku4", *sets, "--out", f"{folder}/run"]
        environment = {**os.environ, "RAYON_NUM_THREADS": "1"}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saltus", default="target/release/saltus")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--turns", type=int, default=3)
    arguments = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}")
    for _ in range(arguments.turns):
        few, many = (saltus_seconds(arguments.saltus, steps) for steps in (1, 1 + arguments.steps))
        ours = 1e3 * (many - few) / arguments.steps
        least, median = torch_step(arguments.steps)
        print(f"Saltus {ours:.0f} ms a step; PyTorch {median:.0f} ms (least {least:.0f})")


if __name__ == "__main__":
    main()
