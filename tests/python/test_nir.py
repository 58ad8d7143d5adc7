"""Graphs that the reference package of NIR writes are imported, and it reads what is exported."""

import nir
import numpy as np
from program import refused, run, saltus


def small_graph():
    """A convolutional network with a recurrent layer, as training libraries write it."""
    random = np.random.default_rng(1)
    weight = random.normal(size=(2, 1, 3, 3)).astype("f4")
    ones = np.ones(4)
    return nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([1, 6, 6])}),
            "conv": nir.Conv2d((6, 6), weight, 1, "same", 1, 1, np.array([0.1, -0.1])),
            "if": nir.IF(np.ones((2, 6, 6)), np.ones((2, 6, 6)), np.zeros((2, 6, 6))),
            "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
            "flat": nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1),
            "fc": nir.Linear(random.normal(size=(4, 18))),
            "lif": nir.CubaLIF(0.002 * ones, 0.01 * ones, 2 * ones, 0 * ones, ones, 0 * ones, 3 * ones),
            "rec": nir.Affine(random.normal(size=(4, 4)), random.normal(size=4)),
            "out": nir.Output({"output": np.array([4])}),
        },
        edges=[
            ("input", "conv"), ("conv", "if"), ("if", "pool"), ("pool", "flat"), ("flat", "fc"), ("fc", "lif"),
            ("lif", "rec"), ("rec", "lif"), ("lif", "out"),
        ],
    )  # fmt: skip


def assert_same(one, other):
    assert set(one.nodes) == set(other.nodes)
    assert sorted(one.edges) == sorted(other.edges)
    for name, node in one.nodes.items():
        assert type(node) is type(other.nodes[name]), name
        for field, value in vars(node).items():
            if field not in ("input_type", "output_type", "metadata", "name"):
                wanted = np.broadcast_to(value, np.shape(getattr(other.nodes[name], field)))
                assert np.array_equal(wanted, getattr(other.nodes[name], field)), f"{name}.{field}"


def test_a_graph_of_the_reference_package_comes_back_number_for_number(tmp_path):
    graph = small_graph()
    nir.write(tmp_path / "net.nir", graph)
    done = saltus("import", "nir", "net.nir", "--dt", "1ms", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = saltus("export", "nir", "net.ron", "--out", "back.nir", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_same(graph, nir.read(tmp_path / "back.nir"))
    assert run(tmp_path / "net.ron", tmp_path / "out").exists()


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    (tmp_path / "bad.nir").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    refused(saltus("import", "nir", "bad.nir", cwd=tmp_path))
