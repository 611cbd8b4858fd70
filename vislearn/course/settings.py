"""The book's settings for each language: one file, and an overlay for English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from vislearn.course.source import check_language

CONFIG = Path("_config.yml")
TOC = Path("_toc.yml")
OVERLAY = Path("book") / "_config.en.yml"


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a mapping.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else than a mapping.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no {path.name} in {path.parent}")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a mapping")
    return content


def merged(base: Any, over: Any) -> Any:
    """Mappings are merged key by key; anything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            **base,
            **{k: merged(base.get(k), value) for k, value in over.items()},
        }
    return over


def config_for(root: Path, lang: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """Jupyter Book's configuration for one language, with links to the others."""
    check_language(lang)
    config = read_yaml(root / CONFIG)
    if lang != "ko":
        overlay = read_yaml(root / OVERLAY)
        overlay.pop("toc_captions", None)
        config = merged(config, overlay)
    sphinx = config.setdefault("sphinx", {})
    # The merged file lies elsewhere, and these paths are relative to it.
    local = sphinx.get("local_extensions", {})
    sphinx["local_extensions"] = {k: str(root / v) for k, v in local.items()}
    sphinx.setdefault("config", {})["vislearn_languages"] = list(languages)
    return config


def toc_for(root: Path, lang: str, only: list[str] | None = None) -> dict[str, Any]:
    """The table of contents with captions in one language, or with some chapters only.

    Raises:
        ValueError: for a caption without English, or a name in `only` that is no page.
    """
    toc = read_yaml(root / TOC)
    if only:
        toc = _reduced(toc, only)
    if lang != "ko":
        captions = read_yaml(root / OVERLAY).get("toc_captions", {})
        for part in toc.get("parts", []):
            if part.get("caption") not in captions:
                raise ValueError(
                    f"caption {part.get('caption')!r} of _toc.yml has no English in "
                    f"{OVERLAY.as_posix()}"
                )
            part["caption"] = captions[part["caption"]]
    return toc


def pages(toc: dict[str, Any]) -> list[str]:
    """Docnames of all pages, in reading order."""
    found = [toc["root"]]
    for part in toc.get("parts", []):
        found += [e["file"] for e in part.get("chapters", []) if "file" in e]
    return [name.removesuffix(".md") for name in found]


def chapter_sources(root: Path, toc: dict[str, Any]) -> dict[str, Path]:
    """Docname to source file.

    Raises:
        FileNotFoundError: for a page that the table of contents names in vain.
    """
    sources = {name: root / f"{name}.md" for name in pages(toc)}
    missing = [path for path in sources.values() if not path.is_file()]
    if missing:
        names = ", ".join(path.relative_to(root).as_posix() for path in missing)
        raise FileNotFoundError(f"_toc.yml names pages that do not exist: {names}")
    return sources


def _reduced(toc: dict[str, Any], only: list[str]) -> dict[str, Any]:
    known = pages(toc)
    wanted = {n for n in known if n.rpartition("/")[2] in only or n in only}
    for name in only:
        if not any(name in (page, page.rpartition("/")[2]) for page in known):
            raise ValueError(f"{name!r} is no page; there are {', '.join(known)}")
    parts = []
    for part in toc.get("parts", []):
        kept = [e for e in part.get("chapters", []) if e.get("file") in wanted]
        if kept:
            parts.append({**part, "chapters": kept})
    return {**toc, "parts": parts}
