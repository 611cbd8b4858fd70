"""The Sphinx extensions' own pieces, without building a book."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.utils import new_document

REPOSITORY = Path(__file__).parents[2]
TOOLS = REPOSITORY / "book" / "_ext"
LIBRARY = '''"""A module."""

LIMIT = 3


def plain(x):
    """Double it.

    At length.
    """
    return 2 * x


class Layer:
    """A layer."""

    @property
    def width(self):
        """Its width."""
        return LIMIT
'''


def load(name: str):
    """Import an extension, which belongs to no package."""
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TOOLS))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from pkg.parts import plain as plain\n")
    (package / "parts.py").write_text(LIBRARY)
    return tmp_path


def test_a_function_is_shown_with_its_place(library: Path):
    found = load("vl_source").find_source(library, "pkg.parts.plain")

    assert found.path == Path("pkg/parts.py")
    assert found.first == 6
    assert found.text.startswith("def plain(x):")
    assert found.text.endswith("return 2 * x")


def test_docstrings_can_be_left_out(library: Path):
    found = load("vl_source").find_source(library, "pkg.parts.plain", nodoc=True)

    assert found.text == "def plain(x):\n    return 2 * x"


def test_a_method_is_shown_with_its_decorator_and_without_indent(library: Path):
    found = load("vl_source").find_source(library, "pkg.parts.Layer.width", nodoc=True)

    assert found.text == "@property\ndef width(self):\n    return LIMIT"


def test_a_constant_is_shown(library: Path):
    assert load("vl_source").find_source(library, "pkg.parts.LIMIT").text == "LIMIT = 3"


def test_a_name_is_followed_through_a_package(library: Path):
    found = load("vl_source").find_source(library, "pkg.plain")

    assert found.path == Path("pkg/parts.py")


@pytest.mark.parametrize("name", ["pkg.parts.nothing", "nowhere.at_all"])
def test_a_source_that_is_not_there_is_named(library: Path, name: str):
    with pytest.raises(ValueError, match=name.rpartition(".")[0]):
        load("vl_source").find_source(library, name)


def test_the_description_of_a_diagram_may_span_lines():
    code = "flowchart LR\n accTitle: Way\n accDescr {\n  From a\n  to b.\n }\n a --> b"

    assert load("mermaid_static").accessible_texts(code) == ("Way", "From a to b.")


def test_every_diagram_of_the_book_is_drawn():
    sources = [*REPOSITORY.glob("book/**/*.md"), *REPOSITORY.glob("labs/*/lab.md")]
    wanted = load("render_diagrams").wanted(
        [path for path in sources if "_static" not in path.parts]
    )
    folder = REPOSITORY / load("mermaid_static").DIAGRAMS

    assert sorted(wanted) == sorted(path.name for path in folder.glob("*.svg"))


def test_a_drawn_diagram_is_a_picture_with_a_name():
    for path in (REPOSITORY / load("mermaid_static").DIAGRAMS).glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith('<svg role="img" aria-label="')
        assert "http" not in text.replace("http://www.w3.org/", "")


def test_only_drawings_wider_than_a_phone_scroll():
    is_wide = load("mermaid_static").is_wide
    assert is_wide('<svg viewBox="0 4 655.95 387.7">')
    assert not is_wide('<svg viewBox="0 0 320.2 456">')
    assert not is_wide("<svg>")


def test_options_of_a_diagram_are_not_part_of_it():
    plain = "```mermaid\nflowchart LR\na --> b\n```\n"
    labelled = "```{mermaid}\n---\nname: fig-x\n---\nflowchart LR\na --> b\n```\n"
    render = load("render_diagrams")

    assert list(render.fences(plain)) == list(render.fences(labelled))


def test_the_korean_catalogue_is_compiled():
    from babel.messages.mofile import read_mo
    from babel.messages.pofile import read_po

    folder = TOOLS / "locale" / "ko" / "LC_MESSAGES"
    with (folder / "sphinx.po").open("rb") as file:
        source = {m.id: m.string for m in read_po(file) if m.id}
    with (folder / "sphinx.mo").open("rb") as file:
        compiled = {m.id: m.string for m in read_mo(file) if m.id}

    assert compiled == source
    assert all(source.values())


def test_rows_of_numbers_are_aligned_at_the_right():
    tables = load("tables")
    table = tables.table(["name", "size"], [["a", "1,024"], ["b", "3"]], "page")
    text = table.pformat()

    assert text.count('classes="vl-number"') == 3  # the head and two rows
    assert tables._NUMBER.fullmatch("1.5e-06")
    assert not tables._NUMBER.fullmatch("vit_b16")


def test_colab_opens_the_notebook_of_the_language():
    url = load("page_buttons").colab_url("https://github.com/a/b/", "en", "03_vit")

    assert url == (
        "https://colab.research.google.com/github/a/b/blob/notebooks/en/03_vit.ipynb"
    )


@pytest.mark.parametrize(
    ("after", "together"),
    [
        ("은 100입니다.", ["은"]),
        ("입니다.", ["입니다."]),
        (", and", [","]),
        (" 은", []),
    ],
)
def test_a_particle_or_a_comma_stays_on_the_line_of_its_formula(
    after: str, together: list[str]
):
    document = new_document("page")
    paragraph = nodes.paragraph("", "", nodes.math("", "N"), nodes.Text(after))
    document += paragraph
    load("vislearn_book").KeepTogether(document).run()

    assert paragraph.astext() == f"N{after}"
    kept = [node for node in paragraph if isinstance(node, nodes.inline)]
    assert [n.astext() for n in kept] == [f"N{closing}" for closing in together]
