"""Notebooks that the fuzzer starts from, as learners' editors would save them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat

from vislearn.course.notebooks import build_notebook
from vislearn.course.site import Course
from vislearn.course.source import read
from vislearn.grading.lab import LANGUAGES, Lab, load_lab

ROOT = Path(__file__).resolve().parents[3]
LABS = (ROOT / "tests/grading/minilab", ROOT / "labs/lab01_attention")
STREAM = {"output_type": "stream", "name": "stdout", "text": ["epoch 1\n", "끝\n"]}

HELPER = (
    "%matplotlib inline\nimport math\nSIZES = (2, 3)\ndef half(x):\n    return x / 2"
)


def load_labs() -> dict[str, Lab]:
    """The labs whose notebooks are mutated, by id."""
    return {lab.id: lab for lab in map(load_lab, LABS)}


def seeds(lab: Lab) -> dict[str, Any]:
    """Notebooks of a lab by name, as JSON data."""
    document, course = read(lab.path / "lab.md"), Course(ROOT)
    found: dict[str, Any] = {}
    for lang in LANGUAGES:
        empty = _plain(build_notebook(document, lang, "student", course))
        full = filled(empty, lab)
        found |= {
            f"{lang}-release": empty,
            f"{lang}-filled": full,
            f"{lang}-executed": executed(full),
            f"{lang}-colab": colab(full),
            f"{lang}-vscode": vscode(full),
            f"{lang}-v3": version_3(full),
        }
    return found


def _plain(notebook: Any) -> Any:
    return json.loads(json.dumps(notebook))


def filled(notebook: Any, lab: Lab) -> Any:
    """With the lab's own solutions and a helper cell."""
    made = copy.deepcopy(notebook)
    sources = {
        name: source
        for question in lab.questions.values()
        for name, source in zip(question.cell_ids, question.solution, strict=True)
    }
    for cell in made["cells"]:
        cell["source"] = sources.get(cell["id"], cell["source"])
    helper: dict[str, Any] = {
        "cell_type": "code",
        "id": "helper",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": HELPER,
    }
    made["cells"].insert(3, helper)
    return made


def executed(notebook: Any) -> Any:
    """With outputs of every kind, as after a run in JupyterLab."""
    made = copy.deepcopy(notebook)
    picture = {"image/png": "iVBORw0KGgo=" * 40, "text/plain": ["<Figure>"]}
    shown = {"output_type": "display_data", "data": picture, "metadata": {}}
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "값",
        "traceback": ["\x1b[0;31mValueError\x1b[0m"],
    }
    for number, cell in enumerate(made["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            result = {"output_type": "execute_result", "execution_count": number}
            result |= {"data": {"text/plain": "array([1., 2.])"}, "metadata": {}}
            cell["outputs"] = [STREAM, shown, result, error]
    return made


def colab(notebook: Any) -> Any:
    """As Colab saves it: format 4.0 with ids in the metadata, sources as lists."""
    made = executed(notebook)
    made["nbformat_minor"] = 0
    made["metadata"] |= {
        "colab": {"provenance": [], "toc_visible": True},
        "accelerator": "GPU",
        "widgets": {"application/vnd.jupyter.widget-state+json": {"a": {"state": {}}}},
    }
    for cell in made["cells"]:
        cell["metadata"] |= {"id": cell.pop("id"), "colab": {"height": 35}}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return made


def vscode(notebook: Any) -> Any:
    """As VS Code saves it: new ids, and metadata of its own."""
    made = executed(notebook)
    for number, cell in enumerate(made["cells"]):
        cell["id"] = f"{number:08x}"
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return made


def version_3(notebook: Any) -> Any:
    """Converted to the format of IPython notebooks."""
    return _plain(nbformat.convert(nbformat.from_dict(notebook), 3))
