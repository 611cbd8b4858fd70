"""README, pyproject.toml, constraints.txt and environment.yml say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
README_KO = (ROOT / "README.ko.md").read_text()


def pins() -> dict[str, str]:
    """Name and version of every line of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("#")[0].strip() for line in lines]
    pairs = [line.split("==") for line in pinned if line]
    return {canonicalize_name(name): version for name, version in pairs}


def direct_requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    return [Requirement(line) for line in lines if not line.startswith("vislearn")]


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda r: r.name)
def test_every_direct_requirement_is_pinned_within_its_range(
    requirement: Requirement,
) -> None:
    version = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version, prereleases=True)


def test_every_indirect_requirement_is_pinned() -> None:
    """Walk what is installed from the direct requirements on."""
    known, unpinned = pins(), set()
    queue = [(r.name, tuple(sorted(r.extras))) for r in direct_requirements()]
    seen = set(queue)
    while queue:
        name, extras = queue.pop()
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # an extra that this environment does not have
        if canonicalize_name(name) not in known:
            unpinned.add(name)
        for line in requires:
            child = Requirement(line)
            environments = [{"extra": extra} for extra in (*extras, "")]
            marker = child.marker
            if marker and not any(marker.evaluate(env) for env in environments):
                continue
            key = (child.name, tuple(sorted(child.extras)))
            if key not in seen:
                seen.add(key)
                queue.append(key)
    assert not unpinned


def test_the_pins_that_the_project_promises() -> None:
    assert pins()["torch"] == "2.13.0"
    assert pins()["jupyter-book"] == "1.0.4.post1"


def test_environment_yml_names_the_same_versions() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    lines = environment["dependencies"][-1]["pip"]
    versions = dict(line.split("==") for line in lines if "==" in line)
    assert versions
    assert {name: pins()[canonicalize_name(name)] for name in versions} == versions
    assert "--constraint constraints.txt" in lines


def test_environment_yml_installs_what_make_test_installs() -> None:
    extras = re.search(r"installed-all:.*\n\t.*EXTRAS=(\S+)", makefile())
    assert extras is not None
    assert f"--editable .[{extras[1]}]" in (ROOT / "environment.yml").read_text()


def makefile() -> str:
    return (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("readme", [README, README_KO], ids=["en", "ko"])
def test_readme_gives_the_plain_commands_of_the_makefile(readme: str) -> None:
    for extras in re.findall(r"EXTRAS=(\S+) STAMP", makefile()):
        assert f'-c constraints.txt -e ".[{extras}]"' in readme
    for command in ("course book", "course workbench", "python -m tests.run"):
        assert command in readme


def test_every_make_target_that_a_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile(), flags=re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", README.split("## What is where")[0]))
    assert {"book", "test", "lab", "help"} <= named
    assert named - {"lab,"} <= targets


def test_both_readmes_have_the_same_code_and_tables() -> None:
    def shape(text: str) -> list[str]:
        lines = re.sub(r"#.*", "", text).splitlines()
        blocks = "\n".join(lines).split("```")[1::2]
        rows = [f"{line.count('|')} columns" for line in lines if line[:1] == "|"]
        code = "\n".join(blocks).replace("/ko/", "/LANG/").replace("/en/", "/LANG/")
        code = code.split("book/         ")[0] + code.split("benchmarks/")[-1]
        return [" ".join(line.split()) for line in code.splitlines()] + rows

    def commands(text: str) -> list[str]:
        return [line for line in shape(text) if "vislearn" in line or "pip" in line]

    assert commands(README) == commands(README_KO)
    assert [r for r in shape(README) if "columns" in r] == [
        r for r in shape(README_KO) if "columns" in r
    ]


def test_the_command_line_answers_without_torch() -> None:
    code = (
        "import sys, vislearn.cli; vislearn.cli.build_parser();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_readme_names_the_parts_that_are_out():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    english = yaml.safe_load((ROOT / "book" / "_config.en.yml").read_text("utf-8"))
    parts = [part["caption"] for part in toc["parts"] if part.get("numbered")]
    assert parts
    for part in parts:
        assert f"“{part}”" in README_KO
        assert f"*{english['toc_captions'][part]}*" in README
