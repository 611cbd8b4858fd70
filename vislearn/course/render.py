"""MyST prose as plain Markdown that JupyterLab, Colab and VS Code show properly.

Directives become block quotes, `<details>` or fences; roles become text or links into
the published book; pictures travel inside the notebook. Everything else is left as it
was written: only the lines of directives and the places of roles are replaced.
"""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field

from markdown_it.token import Token

from vislearn.course.inline import Span, replace_spans
from vislearn.course.library import find_source
from vislearn.course.markdown import FENCES, Directive, directive, parse
from vislearn.course.quiz import parse_quiz
from vislearn.course.site import Course, labels
from vislearn.course.source import Document

TITLES = {
    "note": ("참고", "Note"),
    "tip": ("도움말", "Tip"),
    "hint": ("힌트", "Hint"),
    "warning": ("주의", "Warning"),
    "important": ("중요", "Important"),
    "caution": ("조심", "Caution"),
    "attention": ("주의", "Attention"),
    "danger": ("위험", "Danger"),
    "error": ("오류", "Error"),
    "seealso": ("함께 보기", "See also"),
    "exercise": ("연습", "Exercise"),
    "solution": ("해답", "Solution"),
    "quiz": ("퀴즈", "Quiz"),
    "figure": ("그림", "Figure"),
    "book": ("책에서 보기", "See it in the book"),
}
# Shown as a block quote, with the argument as its heading.
TITLED = (
    *("admonition", "margin", "sidebar", "topic", "card", "tab-item"),
    *("grid-item-card", "grid-item"),
)
UNWRAPPED = ("grid", "tab-set", "div", "container")
PROOFS = {
    "prf:definition": ("정의", "Definition"),
    "prf:theorem": ("정리", "Theorem"),
    "prf:proof": ("증명", "Proof"),
    "prf:algorithm": ("알고리즘", "Algorithm"),
}
IN_THE_BOOK = ("vl-table", "vl-glossary", "glue:figure", "toctree")


@dataclass
class Renderer:
    """Turns the prose of one document into plain Markdown in one language.

    Exercises, figures and equations are numbered in the order of the document, so one
    renderer serves one document, from top to bottom. `attachments` collects the
    pictures of the text rendered last.
    """

    course: Course
    lang: str
    document: Document
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    cited: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # of labels

    def __post_init__(self) -> None:
        self.exercises = self.equations = 0
        self.known = {label for _, label in labels(self.document, self.lang)}
        for cell in self.document.in_language(self.lang):
            if cell.kind == "markdown":
                self._number(cell.text)

    def _number(self, text: str) -> None:
        """Count exercises and labelled equations, which may be named before they come.

        Others than exercises are numbered by chapter in the book, and only there.
        """
        for token in parse(text):
            if token.type == "math_block_label":
                self.equations += 1
                self.numbers[token.info] = self.equations
            found = directive(token) if token.type in FENCES else None
            if found is None:
                continue
            if found.name == "exercise":
                self.exercises += 1
                self.numbers[found.options.get("label", "")] = self.exercises
            elif found.name == "math" and "label" in found.options:
                self.equations += 1
                self.numbers[found.options["label"]] = self.equations
            if found.has_prose:
                self._number(found.body)

    def render(self, text: str) -> str:
        """Plain Markdown for a piece of MyST prose.

        Raises:
            ValueError: if a directive or a role has no form in a notebook, or names
                something that does not exist.
        """
        rows = text.split("\n")
        kept: list[str] = []  # what is left as it was written, but for its roles
        made: list[str] = []
        position = 0
        for token in parse(text):
            block = self._block(token)
            begin, end = token.map or (0, 0)
            if block is None or begin < position:
                continue
            kept += rows[position:begin]
            first, others = _container(rows[begin], token)
            if kept and kept[-1].strip(" >"):
                kept.append(others.rstrip())
            kept.append(f"{first}{_MARK.format(len(made))}")
            made.append("\n".join([block[0], *(f"{others}{row}" for row in block[1:])]))
            position = end
        result = replace_spans("\n".join([*kept, *rows[position:]]), self._span)
        for number, block_text in enumerate(made):
            result = result.replace(_MARK.format(number), block_text)
        return "\n".join(row.rstrip() for row in result.split("\n")).strip("\n")

    def _block(self, token: Token) -> list[str] | None:
        """The lines that stand for a block; None for a block that stays as it is."""
        if token.type in ("myst_target", "myst_line_comment"):
            return [""]
        if token.type == "math_block_label":
            number = self.numbers[token.info]
            return [
                "$$",
                *token.content.strip().split("\n"),
                f"\\tag{{{number}}}",
                "$$",
            ]
        found = directive(token) if token.type in FENCES else None
        return None if found is None else self._directive(found).split("\n")

    def _directive(self, found: Directive) -> str:
        convert: dict[str, Callable[[Directive], str]] = {
            "mermaid": lambda d: f"```mermaid\n{d.body}\n```",
            "math": self._math,
            "code": lambda d: f"```{d.argument}\n{d.body}\n```",
            "code-block": lambda d: f"```{d.argument}\n{d.body}\n```",
            "vl-source": self._library,
            "exercise": self._exercise,
            "solution": self._solution,
            "dropdown": lambda d: self._fold(self._inline(d.argument), d.body),
            "quiz": self._quiz,
            "figure": self._figure,
            "image": self._figure,
            "bibliography": self._references,
        }
        name = found.name
        if name in convert:
            return convert[name](found)
        if name in IN_THE_BOOK:
            page = self.course.page_url(self.document.docname, self.lang)
            return f"[{self._title('book')}]({page})"
        if name in UNWRAPPED:
            return self.render(found.body)
        if name in PROOFS:
            kind = PROOFS[name][self.lang == "en"]
            title = f"{kind}: {found.argument}" if found.argument else kind
            return self._quote(title, found.body)
        if name in TITLED:
            return self._quote(found.argument, found.body)
        if name in TITLES:
            body = "\n".join(filter(None, [found.argument, found.body]))
            return self._quote(self._title(name), body)
        raise ValueError(f"the directive {{{name}}} has no form in a notebook")

    def _quote(self, title: str, body: str) -> str:
        heading = [f"**{self._inline(title)}**", ""] if title else []
        rows = [*heading, *self.render(body).split("\n")]
        return "\n".join(f"> {row}".rstrip() for row in rows)

    def _fold(self, summary: str, body: str) -> str:
        inside = self.render(body)
        return f"<details><summary>{summary}</summary>\n\n{inside}\n\n</details>\n"

    def _math(self, found: Directive) -> str:
        label = found.options.get("label")
        tag = f"\n\\tag{{{self.numbers[label]}}}" if label else ""
        return f"$$\n{found.body}{tag}\n$$"

    def _exercise(self, found: Directive) -> str:
        label = found.options.get("label", "")
        if label not in self.numbers:
            self.exercises += 1
            self.numbers[label] = self.exercises
        name = self._exercise_name(label)
        title = f"{name} ({found.argument})" if found.argument else name
        return self._quote(title, found.body)

    def _exercise_name(self, label: str) -> str:
        return f"{self._title('exercise')} {self.numbers.get(label, '')}".strip()

    def _solution(self, found: Directive) -> str:
        number = self.numbers.get(found.argument, "")
        return self._fold(f"{self._title('solution')} {number}".strip(), found.body)

    def _quiz(self, found: Directive) -> str:
        quiz = parse_quiz(found.body.split("\n"))
        choices = "\n".join(f"- {choice.label}" for choice in quiz.choices)
        question = "\n".join(quiz.question).strip()
        answers = []
        for choice in quiz.choices:
            answers.append(f"- {'✓' if choice.right else '✗'} {choice.label}")
            answers += [f"  {row}" for row in _trimmed(choice.why)]
        folded = "\n".join([*answers, "", *quiz.after])
        asked = self._quote(self._title("quiz"), f"{question}\n\n{choices}")
        return f"{asked}\n\n{self._fold(self._title('solution'), folded)}"

    def _figure(self, found: Directive) -> str:
        caption = " ".join(found.body.split())
        shown = self._picture(found.argument, found.options.get("alt", ""))
        return f"{shown}\n\n*{self._inline(caption)}*" if caption else shown

    def _picture(self, address: str, alternative: str) -> str:
        """A picture that lies in the repository travels inside the notebook."""
        path = self.course.file(address, self.document)
        if not path.is_file():
            raise ValueError(f"no picture {address}")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        encoded = base64.b64encode(path.read_bytes()).decode("ascii")
        self.attachments[path.name] = {kind: encoded}
        return f"![{alternative}](attachment:{path.name})"

    def _library(self, found: Directive) -> str:
        name = ".".join(filter(None, [found.argument, found.options.get("part")]))
        source = find_source(self.course.root, name, "nodoc" in found.options)
        where = source.path.as_posix()
        lines = f"L{source.first}-L{source.last}"
        repository = self.course.repository
        link = f"[`{where}`]({repository}/blob/main/{where}#{lines})"
        return f"{link}\n\n```python\n{source.text}\n```"

    def _references(self, found: Directive) -> str:
        rows = []
        for key in self.cited:
            entry = self.course.citations[key]
            authors = ", ".join(_names(entry)[:3])
            more = " et al." if len(_names(entry)) > 3 else ""
            title = entry.fields["title"].replace("{", "").replace("}", "")
            rows.append(f"- {authors}{more} ({entry.fields['year']}). {title}.")
        return "\n".join(rows)

    def _title(self, name: str) -> str:
        return TITLES[name][self.lang == "en"]

    def _inline(self, text: str) -> str:
        return replace_spans(text, self._span)

    def _span(self, span: Span) -> str | None:
        if span.kind == "image":
            return self._picture(span.name, span.content)
        return self._role(span) if span.kind == "role" else None

    def _role(self, span: Span) -> str:
        course, words = self.course, span.words
        match span.name:
            case "term":
                return words or course.term(span.target, self.lang)
            case "fact":
                return course.fact(span.target, self.lang)
            case "cite" | "cite:p" | "cite:t":
                return self._cite(span.target.split(","), span.name == "cite:t")
            case "doc":
                return self._page(span)
            case "ref" | "numref" | "prf:ref" | "eq":
                return self._reference(span)
            case "math":
                return f"${span.content}$"
            case "sub" | "sup" | "kbd":
                return f"<{span.name}>{span.content}</{span.name}>"
            case "abbr":
                return span.content
        raise ValueError(f"the role {{{span.name}}} has no form in a notebook")

    def _page(self, span: Span) -> str:
        docname = self.course.docname(span.target, self.document)
        if docname is None:
            raise ValueError(f"unknown page {span.target!r}")
        text = span.words or self.course.titles[docname, self.lang]
        return f"[{self._inline(text)}]({self.course.page_url(docname, self.lang)})"

    def _reference(self, span: Span) -> str:
        """An exercise or equation of this notebook by number, others in the book."""
        target = span.target
        if span.name == "eq" and target in self.numbers:
            return f"({self.numbers[target]})"
        if target in self.numbers and not span.words:
            return self._exercise_name(target)
        docname = self.course.labels.get(target)
        if docname is None and target not in self.known:
            raise ValueError(f"unknown label {target!r}")
        docname = docname or self.document.docname
        text = self._inline(span.words or self.course.label_title(target, self.lang))
        return f"[{text}]({self.course.page_url(docname, self.lang, target)})"

    def _cite(self, keys: list[str], in_text: bool) -> str:
        shown = []
        for key in (key.strip() for key in keys):
            if key not in self.course.citations:
                raise ValueError(f"unknown citation {key!r}")
            if key not in self.cited:
                self.cited.append(key)
            entry = self.course.citations[key]
            names, year = _names(entry), entry.fields["year"]
            who = names[0] if names else key
            who += f" & {names[1]}" if len(names) == 2 else ""
            who += " et al." if len(names) > 2 else ""
            shown.append(
                _linked(f"{who} ({year})" if in_text else f"{who}, {year}", entry)
            )
        return ", ".join(shown) if in_text else f"({'; '.join(shown)})"


_MARK = "\ue000{}\ue001"  # private characters: where a block will stand


def _trimmed(rows: list[str]) -> list[str]:
    """Rows without the empty ones around them."""
    return "\n".join(rows).strip("\n").split("\n") if any(rows) else []


def _container(row: str, token: Token) -> tuple[str, str]:
    """What stands before a block's lines inside a quote or list: first, others."""
    start = row.find(token.markup) if token.markup else len(row) - len(row.lstrip())
    first = row[: max(start, 0)]
    return first, "".join(c if c == ">" else " " for c in first)


def _names(entry: object) -> list[str]:
    people = entry.persons.get("author", [])  # type: ignore[attr-defined]
    return [" ".join([*p.prelast_names, *p.last_names]) for p in people]


def _linked(text: str, entry: object) -> str:
    """A citation leads to the paper, where the bibliography says where it is."""
    fields = entry.fields  # type: ignore[attr-defined]
    if "url" in fields:
        return f"[{text}]({fields['url']})"
    if "doi" in fields:
        return f"[{text}](https://doi.org/{fields['doi']})"
    if "eprint" in fields:
        return f"[{text}](https://arxiv.org/abs/{fields['eprint']})"
    return text
