"""The notebooks run from top to bottom."""

import nbformat
import pytest
from nbclient import NotebookClient
from program import NOTEBOOKS, PROGRAM

ALL = sorted(NOTEBOOKS.glob("*.ipynb"))
BY_NAME = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)


def test_there_are_notebooks():
    assert ALL


@BY_NAME
def test_a_notebook_runs_from_top_to_bottom_and_draws(path, monkeypatch):
    monkeypatch.setenv("SALTUS", str(PROGRAM))
    notebook = nbformat.read(path, as_version=4)
    # An exception in any cell is raised here.
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": NOTEBOOKS}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@BY_NAME
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None, cell.source
