"""A linear layer with leaky integrate-and-fire neurons in snnTorch, Norse or SpikingJelly: forward and backward.

Reads input and weights that `examples/surrogate` wrote, measures, and holds spikes and gradient against those it
wrote. The layer is that of the benchmark of Open Neuromorphic (Lenz et al. 2023) with the same function for all:
no bias, V keeps 15/16 from step to step, a spike takes V to 0, and the reset has no gradient of its own. The linear
layer is applied to all steps at once everywhere, which is the fastest way to use each library.
"""

import argparse
import json
import resource
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

TAU = 16.0
THRESHOLD = 1.0001


def main():
    args = ask()
    torch.set_num_threads(args.threads)
    rows = args.steps * args.samples
    read = lambda name: np.fromfile(args.folder / name, dtype=np.float32)
    x = torch.from_numpy(read("input.f32")).view(args.steps, args.samples, args.neurons)
    weights = torch.from_numpy(read("weights.f32")).view(args.neurons, args.neurons)
    linear = torch.nn.Linear(args.neurons, args.neurons, bias=False)
    scale, run = PEERS[args.peer](linear)
    with torch.no_grad():
        linear.weight.copy_(weights.T * scale)
    del weights
    forward_s, backward_s, cpu_s = [], [], []
    for turn in range(args.warm_up + args.repeats):
        linear.weight.grad = None
        spikes = None
        start, cpu = time.perf_counter(), time.process_time()
        spikes = run(x)
        forward = time.perf_counter() - start
        start = time.perf_counter()
        spikes.sum().backward()
        backward = time.perf_counter() - start
        if turn >= args.warm_up:
            forward_s.append(forward)
            backward_s.append(backward)
            cpu_s.append(time.process_time() - cpu)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps(dict(
        peer=args.peer, version=f"{args.peer} {version(args.peer)}", torch=torch.__version__, threads=args.threads,
        forward_s=forward_s, backward_s=backward_s, cpu_s=cpu_s, peak_mb=peak_mb,
        **differ(args.folder, spikes.detach().view(rows, -1), linear.weight.grad.T * scale, args.neurons),
    )))


def ask():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--neurons", type=int, required=True)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1)
    return parser.parse_args()


def snntorch(linear):
    import snntorch

    neuron = snntorch.Leaky(
        beta=1.0 - 1.0 / TAU, threshold=THRESHOLD, reset_mechanism="zero",
        spike_grad=snntorch.surrogate.atan(alpha=2.0),
    )

    def run(x):
        current, mem, spikes = linear(x), torch.zeros(x.shape[1:]), []
        for step in current:
            spike, mem = neuron(step, mem)
            spikes.append(spike)
        return torch.stack(spikes)

    return 1.0, run


def norse(linear):
    from norse.torch import LIFBoxParameters
    from norse.torch.functional.lif_box import LIFBoxFeedForwardState, lif_box_feed_forward_step
    from norse.torch.functional.lift import lift
    from norse.torch.functional.reset import reset_value

    p = LIFBoxParameters(
        tau_mem_inv=torch.tensor(1024.0 / TAU), v_th=torch.tensor(THRESHOLD),
        reset_method=lambda z, v, reset, th: reset_value(z.detach(), v, reset, th),
    )
    # The module Lift indexes steps one by one, the gradient of which is twenty times as slow as this.
    steps = lift(lif_box_feed_forward_step, p)

    def run(x):
        rest = LIFBoxFeedForwardState(v=torch.zeros(x.shape[1:]))
        return steps(linear(x), state=rest, dt=1.0 / 1024.0)[0]

    # Its V takes in only 1/tau of what comes.
    return TAU, run


def spikingjelly(linear):
    from spikingjelly.activation_based import functional, neuron, surrogate

    node = neuron.LIFNode(
        tau=TAU, decay_input=False, v_threshold=THRESHOLD, v_reset=0.0, detach_reset=True,
        surrogate_function=surrogate.ATan(alpha=2.0), step_mode="m",
    )

    def run(x):
        functional.reset_net(node)
        return node(linear(x))

    return 1.0, run


PEERS = dict(snntorch=snntorch, norse=norse, spikingjelly=spikingjelly)


def differ(folder, spikes, gradient, neurons):
    """How many neurons spike otherwise in some step, and how far the gradient of the others is off, over its largest."""
    ours = np.memmap(folder / "spikes.f32", dtype=np.float32, mode="r").reshape(-1, neurons)
    alike = np.ones(neurons, dtype=bool)
    for first in range(0, len(ours), 500):
        alike &= (spikes[first:first + 500].numpy() == ours[first:first + 500]).all(axis=0)
    ours = np.memmap(folder / "gradient.f32", dtype=np.float32, mode="r").reshape(neurons, neurons)
    off = largest = 0.0
    for first in range(0, neurons, 512):
        mine, theirs = ours[first:first + 512][:, alike], gradient[first:first + 512].numpy()[:, alike]
        off = max(off, float(np.abs(mine - theirs).max(initial=0.0)))
        largest = max(largest, float(np.abs(mine).max(initial=0.0)))
    return dict(neurons_apart=int((~alike).sum()), gradient_off=off / largest if largest else float("inf"))


if __name__ == "__main__":
    main()
