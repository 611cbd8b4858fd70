"""Build the book: run every chapter once, render both languages, assemble one site.

    build(root)             -> _build/site/{ko,en}/ and an index.html that redirects
    build(root, only=[…])   -> _build/preview/, some chapters, warnings allowed

A build that fails leaves the earlier site where it was.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from vislearn.course import assemble, settings
from vislearn.course.cache import cache_path, forget_old_caches
from vislearn.course.execute import Outcome, execute_all

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_RUN = "from jupyter_book.cli.main import main; main()"


@dataclass(frozen=True)
class Tree:
    """The pages of one language while they are being built."""

    lang: str
    folder: Path  # _build/book/<lang>, kept between builds

    @property
    def html(self) -> Path:
        return self.folder / "_build" / "html"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"


def build(
    root: str | Path,
    *,
    langs: Sequence[str] = ("ko", "en"),
    execute: bool = True,
    serve: bool = False,
    strict: bool = True,
    only: Sequence[str] | None = None,
    port: int = 0,
    say: Callable[..., None] = print,
) -> int:
    """Build the book and return the exit code: 0, or 1 if something failed.

    Args:
        root: the repository, with `_config.yml` and `_toc.yml`.
        langs: languages to build.
        execute: run chapters whose outputs are not cached; else pages have no outputs.
        serve: afterwards serve the site on this machine until interrupted.
        strict: warnings, and chapters that fail, fail the build.
        only: names of chapters (`03_vit`) for a preview in `_build/preview`.
        port: port to serve on; 0 lets the system choose.
        say: where progress is printed; takes what `print` takes.

    Raises:
        ValueError, FileNotFoundError: for settings that make no sense.
    """
    started = time.perf_counter()
    root, chosen = Path(root).resolve(), list(only or [])
    strict = strict and not chosen
    toc = settings.toc_for(root, "ko", chosen)
    cache = cache_path(root)  # once: the library may be edited while this runs
    failed = _run_chapters(root, toc, cache, say) if execute else []
    if failed and strict:
        return _give_up(failed, say)
    execution = {
        "execute_notebooks": "cache" if execute else "off",
        "cache": str(cache),
        "exclude_patterns": [f"{outcome.docname}*" for outcome in failed],
    }
    trees = _trees(root, langs, chosen, execution)
    if not _render(root, trees, strict, say):
        say("The earlier site, if there was one, is unchanged.")
        return 1
    site = root / "_build" / ("preview" if chosen else "site")
    pages = {tree.lang: tree.html for tree in trees}
    assemble.assemble(pages, site, home=toc["root"].removesuffix(".md"))
    say(f"\nThe book is ready after {time.perf_counter() - started:.0f} s; open")
    say(f"  {site / 'index.html'}")
    if serve:
        serve_site(site, port, say)
    return 1 if failed else 0


def _run_chapters(
    root: Path, toc: dict[str, Any], cache: Path, say: Callable[..., None]
) -> list[Outcome]:
    """Run every chapter that is not cached; return those that failed."""
    sources = settings.chapter_sources(root, toc)
    config = settings.read_yaml(root / settings.CONFIG)
    timeout = int(config.get("execute", {}).get("timeout", 300))
    say("Chapters (each runs once for all languages)", flush=True)
    forget_old_caches(cache)
    outcomes = execute_all(sources, cache, timeout, say)
    return [outcome for outcome in outcomes if outcome.failure]


def serve_site(site: Path, port: int, say: Callable[..., None] = print) -> None:
    """Serve a folder to this machine only, until interrupted with Ctrl-C."""
    handler = partial(_QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        say(f"Serving on http://127.0.0.1:{server.server_address[1]}/  (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing for each request."""


def _give_up(failed: list[Outcome], say: Callable[..., None]) -> int:
    say(f"\n{len(failed)} of the chapters failed:")
    for outcome in failed:
        say(f"  {outcome.docname}, {outcome.failure}")
    say("The earlier site, if there was one, is unchanged.")
    return 1


def _trees(
    root: Path,
    langs: Sequence[str],
    only: list[str],
    execution: dict[str, Any],
) -> list[Tree]:
    """Write each language's settings; forget pages that other settings made."""
    trees = []
    for lang in langs:
        config = settings.config_for(root, lang, tuple(langs))
        config.setdefault("execute", {}).update(execution)
        files = {
            "config.yml": _dump(config),
            "toc.yml": _dump(settings.toc_for(root, lang, only)),
        }
        folder = root / "_build" / ("book-preview" if only else "book") / lang
        stamp = _stamp(root, files)
        if _read(folder / "stamp") != stamp:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**files, "stamp": stamp}.items():
            (folder / name).write_text(text, encoding="utf-8")
        trees.append(Tree(lang, folder))
    return trees


def _render(
    root: Path, trees: list[Tree], strict: bool, say: Callable[..., None]
) -> bool:
    """Run Sphinx for all languages side by side; say what went wrong."""
    names = " and ".join(assemble.NAMES[tree.lang] for tree in trees)
    say(f"Pages: {names} …", flush=True)
    started = time.perf_counter()
    running = [(tree, _sphinx(root, tree, strict)) for tree in trees]
    good = True
    for tree, process in running:
        code = process.wait()
        for line in _problems(_read(tree.log), root):
            say(f"  {tree.lang}: {line}")
        if code:
            good = False
            say(f"{assemble.NAMES[tree.lang]}: Sphinx failed; all it said: {tree.log}")
            # Sphinx would not repeat its warnings for pages that it has read.
            shutil.rmtree(tree.folder / "_build", ignore_errors=True)
    say(f"Pages: {time.perf_counter() - started:.1f} s")
    return good


def _problems(log: str, root: Path) -> list[str]:
    """The warnings of a build, and the last line of a crash."""
    lines = [_COLOURS.sub("", line) for line in log.splitlines()]
    marks = ("WARNING:", "ERROR:", "CRITICAL:", "Exception:")
    found = [line for line in lines if any(mark in line for mark in marks)]
    if "Traceback (most recent call last):" in lines:
        start = lines.index("Traceback (most recent call last):") + 1
        found += [li for li in lines[start:] if li and not li.startswith(" ")][:1]
    return [line.replace(f"{root}/", "") for line in found]


def _sphinx(root: Path, tree: Tree, strict: bool) -> subprocess.Popen:
    command = [sys.executable, "-c", _RUN, "build", str(root)]
    command += ["--config", str(tree.folder / "config.yml")]
    command += ["--toc", str(tree.folder / "toc.yml")]
    command += ["--path-output", str(tree.folder), "-n", "--keep-going"]
    if strict:
        command.append("-W")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    with tree.log.open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            command, cwd=root, stdout=log, stderr=subprocess.STDOUT, env=environment
        )


def _stamp(root: Path, files: dict[str, str]) -> str:
    """Hash of what changes every page: settings, styles, templates, tools."""
    digest = hashlib.sha256("\0".join(files.values()).encode())
    for folder in ("_ext", "_templates", "_static"):
        for path in sorted((root / "book" / folder).rglob("*")):
            own = "vendor" not in path.parts and "__pycache__" not in path.parts
            if path.is_file() and own:
                digest.update(path.name.encode() + path.read_bytes())
    digest.update(_read(root / "book" / "parity.json").encode())
    for package in ("sphinx", "myst-nb", "sphinx-book-theme", "jupyter-book"):
        digest.update(metadata.version(package).encode())
    return digest.hexdigest()


def _dump(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
