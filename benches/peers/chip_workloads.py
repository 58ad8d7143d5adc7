"""Full cores of Loihi and TrueNorth whose neurons fire at 20 Hz, as `saltus bench` has them.

The numbers are those of backends/src/{loihi,truenorth}/workload.rs; what is drawn is drawn here, so
networks are alike and not the same. Time is in steps of 1 ms.
"""

import numpy as np

SYNAPSES = 128  # of a spike
PERIOD = 50  # steps between two spikes of a neuron
LOIHI_CORE = 1024
TRUENORTH_CORE = 256


def named(workload):
    """`loihi:2` → (`loihi`, 2)."""
    name, _, cores = workload.partition(":")
    return name, int(cores or 1)


def loihi(cores, seed):
    """Neurons with a threshold, a bias and a start; synapses by source, 32 in each of four lists."""
    draws = np.random.default_rng(seed)
    size = cores * LOIHI_CORE
    threshold = (4800 + 100 * (np.arange(size) % 16)) * 64
    lists, in_list = 4, SYNAPSES // 4
    core = np.stack([draws.permutation(size) // LOIHI_CORE for _ in range(lists)], axis=1)
    place = np.stack([
        np.sort(draws.choice(LOIHI_CORE, in_list, replace=False)) for _ in range(size * lists)
    ]).reshape(size, lists, in_list)
    target = (core[:, :, None] * LOIHI_CORE + place).reshape(size, SYNAPSES)
    sign = draws.choice([-1, 1], size)[:, None]
    return dict(
        size=size, threshold=threshold, bias=2 * np.rint(threshold / 49.4 / 2).astype(int),
        start=draws.integers(0, threshold), target=target,
        weight=64 * sign * draws.integers(1, 21, (size, SYNAPSES)),
    )


def truenorth(cores, seed):
    """Neurons that all have one leak and threshold, an axon that each excites, and rows of crossbars."""
    draws = np.random.default_rng(seed)
    size, n = cores * TRUENORTH_CORE, TRUENORTH_CORE
    row = np.arange(n) < SYNAPSES
    crossbar = draws.permuted(np.tile(row, (size, 1)), axis=1).reshape(cores, n, n)
    leak = 8
    return dict(
        size=size, leak=leak, threshold=PERIOD * leak, start=draws.integers(0, PERIOD * leak, size),
        axon=draws.permutation(size), delay=draws.integers(1, 16, size), crossbar=crossbar,
        weights=[1, -1, 2, -2],
    )
