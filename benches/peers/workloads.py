"""The workloads' parameters, in the units of NEST: the same numbers as in networks/*.ron.

Times are in ms, voltages in mV, currents in pA, conductances in nS, capacitances in pF, rates in Hz.
"""

import numpy as np

DT = 0.1

# Pair-based additive STDP between excitatory neurons, all to all, with hard bounds; steps of
# learning_rate * w_max, weights from 0 to w_max = 2 J.
STDP = dict(tau_plus=20.0, tau_minus=20.0, learning_rate=0.01, alpha=1.05, w_max_over_J=2.0)


def brunel():
    """Brunel (2000), g = 5, eta = 2, as in NEST's brunel_delta_nest.py."""
    return dict(
        NE=10_000, NI=2_500, CE=1_000, CI=250,
        tau_m=20.0, V_th=20.0, V_reset=0.0, E_L=0.0, t_ref=2.0,
        J=0.1, JI=-0.5, delay=1.5,
        external_rate=20_000.0,
    )


POPULATIONS = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
SIZES = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
PROBABILITIES = np.array([  # rows: targets; columns: sources
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
])
BACKGROUND_INDEGREE = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
BACKGROUND_RATE = 8.0
FULL_SCALE_RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
V0_MEAN = np.array([-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43])
V0_SD = np.array([5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48])
WEIGHT = 87.81


def microcircuit(scale=1.0):
    """Potjans & Diesmann (2014), shrunken as NEST's example does it: weights over sqrt(scale), and a
    constant current for the mean input that is lost."""
    weight = np.tile([WEIGHT, -4.0 * WEIGHT], (8, 4))
    weight[0, 2] = 2.0 * WEIGHT
    pairs = np.outer(SIZES, SIZES)
    total = np.log(1.0 - PROBABILITIES) / np.log((pairs - 1.0) / pairs)
    tau_syn = 0.5
    mean_input = np.sum(weight * total / SIZES[:, None] * FULL_SCALE_RATES, axis=1)
    mean_input += WEIGHT * BACKGROUND_INDEGREE * BACKGROUND_RATE
    return dict(
        E_L=-65.0, V_th=-50.0, V_reset=-65.0, C_m=250.0, tau_m=10.0, tau_syn=tau_syn, t_ref=2.0,
        sizes=np.round(SIZES * scale).astype(int),
        totals=np.round(total * scale * scale).astype(int),
        weights=weight / np.sqrt(scale), weight_sd=0.1,
        delays=np.tile([1.5, 0.75], (8, 4)), delay_sd=0.5,
        external_weight=WEIGHT / np.sqrt(scale), external_delay=1.5,
        external_indegree=np.round(BACKGROUND_INDEGREE * scale).astype(int),
        current=0.001 * tau_syn * (1.0 - np.sqrt(scale)) * mean_input,
    )


def cuba():
    """Benchmark 2 of Brette et al. (2007): tau_m dv/dt = E_L - v + g_e + g_i, with g in mV."""
    return dict(brette(), E_L=-49.0, we=1.62, wi=-9.0)


def coba():
    """Benchmark 1 of Brette et al. (2007), kept alive by a constant current."""
    return dict(brette(), E_L=-60.0, C_m=200.0, g_L=10.0, E_e=0.0, E_i=-80.0, we=6.0, wi=67.0, I_e=200.0)


def brette():
    return dict(
        NE=3_200, NI=800, probability=0.02, delay=0.1,
        tau_m=20.0, V_th=-50.0, V_reset=-60.0, t_ref=5.0, tau_e=5.0, tau_i=10.0,
    )


def sparse(size=100_000):
    """Neurons with 100 random targets each; every spike of one of size/100 Poisson fibres makes its
    100 targets fire."""
    size = int(size)
    return dict(
        NE=size - size // 5, NI=size // 5, N=size, outdegree=100,
        tau_m=20.0, V_th=20.0, V_reset=0.0, E_L=0.0, t_ref=2.0,
        J=0.2, JI=-1.0, delay=1.5,
        fibres=size // 100, fibre_rate=0.3, fibre_weight=25.0,
    )


BY_NAME = dict(
    brunel=brunel, brunel_stdp=brunel, microcircuit=microcircuit, cuba=cuba, coba=coba, sparse=sparse
)


def named(name):
    """'microcircuit:0.1' -> ('microcircuit', its parameters)."""
    word, _, size = name.partition(":")
    return word, BY_NAME[word](*([float(size)] if size else []))
