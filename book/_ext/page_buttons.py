"""What a reader can do with a page: open it in Colab, download its notebook.

The notebooks are generated, one for each language; Colab reads them from the branch
`notebooks` of the repository, the download is a file of the site.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from vislearn.course.source import read

BRANCH = "notebooks"
WORDS = {
    "ko": {
        "colab": "Colab에서 열기",
        "download": "노트북 내려받기",
        "language": "언어",
        "licence": (
            "글과 그림은 {text}, 코드는 {code} 라이선스로 쓸 수 있습니다.",
            "CC BY 4.0",
            "MIT",
        ),
    },
    "en": {
        "colab": "Open in Colab",
        "download": "Download the notebook",
        "language": "Language",
        "licence": (
            "Text and figures: {text}; code: {code}.",
            "CC BY 4.0",
            "MIT",
        ),
    },
}


def colab_url(repository: str, language: str, name: str) -> str:
    """Where Colab opens the generated notebook.

    >>> colab_url("https://github.com/a/b", "ko", "03_vit")
    'https://colab.research.google.com/github/a/b/blob/notebooks/ko/03_vit.ipynb'
    """
    path = repository.rstrip("/").removeprefix("https://github.com/")
    where = f"{path}/blob/{BRANCH}/{language}/{name}.ipynb"
    return f"https://colab.research.google.com/github/{where}"


def has_code(root: Path, docname: str) -> bool:
    """Whether a page's source is a notebook with code cells."""
    path = root / f"{docname}.md"
    if not path.is_file():
        return False
    document = read(path)
    return "kernelspec" in document.header and any(
        cell.kind == "code" for cell in document.cells
    )


def add_buttons(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: Any
) -> None:
    """Give the templates the page's links and the words for them."""
    language = app.config.language
    context["vl_words"] = WORDS[language]
    context["vl_notebook"] = None
    if doctree is not None and has_code(Path(app.srcdir), pagename):
        name = pagename.rpartition("/")[2]
        repository = app.config.html_theme_options.get("repository_url", "")
        up = "../" * pagename.count("/")
        context["vl_notebook"] = {
            "colab": colab_url(repository, language, name),
            "download": f"{up}notebooks/{name}.ipynb",
            "file": f"{name}.ipynb",
        }


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Put the notebooks of this language beside the pages."""
    if exception or app.builder.format != "html":
        return
    import nbformat

    from vislearn.course.notebooks import build_notebook
    from vislearn.course.site import Course

    root, folder = Path(app.srcdir), Path(app.outdir) / "notebooks"
    folder.mkdir(exist_ok=True)
    course, language = Course(root), app.config.language
    for docname in sorted(app.env.found_docs):
        if has_code(root, docname):
            source = root / f"{docname}.md"
            notebook = build_notebook(read(source), language, "reader", course)
            nbformat.write(notebook, folder / f"{source.stem}.ipynb")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_buttons)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
