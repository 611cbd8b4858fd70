"""The arrows between the rooms point one way, and importing the package is free."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vislearn"

# Room -> the rooms (and single files) of vislearn that it may import.
ALLOWED = {
    "layers": {"layers"},
    "losses": {"losses"},
    "tokenizers": {"tokenizers"},
    "encoders": {"encoders", "layers", "preprocess", "registry"},
    "budget": {"budget", "encoders", "layers", "registry"},
    "course": {"course", "grading"},
    "grading": {"course", "grading"},
}
# The one place where the course asks the library: the numbers in the prose that
# book/facts.yml says how to compute, computed when somebody checks them.
EXCEPTIONS = {"course/facts.py": {"budget", "registry"}}
# Besides the standard library.
OUTSIDE = {"layers": {"torch"}, "losses": {"torch"}, "tokenizers": {"torch"}}


def imports(file: Path) -> set[str]:
    """Every module that a file imports anywhere, functions included.

    Imports under `if TYPE_CHECKING:` never run and do not count.
    """
    found = set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for child in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            if node.module == "vislearn":
                found |= {f"vislearn.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def rooms_of(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("vislearn.")}


def test_relative_imports_are_not_used() -> None:
    # They would slip past the checks below.
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, file


@pytest.mark.parametrize("room", ALLOWED)
def test_room_imports_only_the_rooms_below_it(room: str) -> None:
    for file in (PACKAGE / room).rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        allowed = ALLOWED[room] | EXCEPTIONS.get(name, set()) | {"__version__"}
        extra = rooms_of(imports(file)) - allowed
        assert not extra, f"{name} imports {sorted(extra)}"


@pytest.mark.parametrize("room", OUTSIDE)
def test_parts_need_nothing_but_torch(room: str) -> None:
    for file in (PACKAGE / room).rglob("*.py"):
        packages = {name.split(".")[0] for name in imports(file)}
        extra = packages - {"vislearn"} - set(sys.stdlib_module_names) - OUTSIDE[room]
        assert not extra, f"{file.relative_to(PACKAGE)} imports {sorted(extra)}"


def test_the_checks_see_a_forbidden_import(tmp_path: Path) -> None:
    file = tmp_path / "part.py"
    file.write_text(
        "def f():\n    from vislearn import encoders\n    import vislearn.show.look\n"
    )
    assert rooms_of(imports(file)) == {"encoders", "show"}


def loaded_after(code: str, *packages: str) -> set[str]:
    """Which of the packages a fresh interpreter has loaded after running code."""
    script = (
        f"{code}\nimport sys\nprint(*[p for p in {packages!r} if p in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


HEAVY = ("torch", "numpy", "timm", "torchvision", "transformers", "matplotlib", "PIL")


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import vislearn", *HEAVY) == set()


@pytest.mark.parametrize("room", ["course", "grading"])
def test_course_and_grading_start_without_torch(room: str) -> None:
    code = f"""
import importlib, pkgutil, vislearn.{room} as room
for part in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    try:
        importlib.import_module(part.name)
    except ImportError:  # an extra that is not installed
        print(part.name, "cannot be imported")
"""
    heavy = ("torch", "timm", "torchvision", "transformers")
    assert loaded_after(code, *heavy) == set()


def test_making_a_model_loads_torch_and_neither_timm_nor_matplotlib() -> None:
    code = "import vislearn\nvislearn.create_model('vit_ti16', device='meta')"
    assert loaded_after(code, *HEAVY) == {"torch", "numpy", "PIL"}


def test_loading_weights_from_a_state_dict_needs_no_reference_package() -> None:
    code = "import vislearn.weights\nvislearn.weights.load"
    found = loaded_after(code, "timm", "torchvision", "transformers", "safetensors")
    assert found == set()


def test_one_layer_can_be_used_without_the_others() -> None:
    # Grading hides the file that holds the answer; the rest must go on working.
    code = "from vislearn.layers import PatchEmbed, sincos_2d"
    found = loaded_after(code, "vislearn.layers.attention", "vislearn.layers.patches")
    assert found == {"vislearn.layers.patches"}
