"""Pages: which there are, and how a template becomes a file."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jinja2
from markupsafe import Markup

from auditor.outputs.html.redact import redacting
from auditor.outputs.html.shown import visible
from auditor.outputs.html.strings import LANGUAGES, percent, say, strings
from auditor.outputs.run import Run
from auditor.shelf import shelf
from auditor.shipped import REPORTS

PAGES = (
    "overview", "duplicates", "loops", "templates", "phrases", "prompts", "structure", "samples", "sources", "rules",
    "search",
)  # fmt: skip
"""The pages that exist, in the order of the navigation; each is a template and a builder of this name."""

POLICY = "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'"
"""The only things that a page may load."""


EVALUATION = "evaluation.html"
"""The page of a run that ``auditor evals --audit`` writes; it stays where the report is rendered again."""


@dataclass(frozen=True)
class Site:
    """A report as its templates see it: whose it is, how it is first shown, and where its pages are."""

    name: str
    audit: str
    tool: str
    profile: str
    first: str
    single: bool
    redacted: str = ""
    evaluated: bool = False
    """Whether a page of evaluations stands in the run."""

    @property
    def language(self) -> str:
        """The language that stands in the page before any script runs."""
        return LANGUAGES["en" if self.first == "auto" else self.first]

    def link(self, page: str, anchor: str = "") -> str:
        """Return the address of a page, and of an item or a view there."""
        if self.single:
            return f"#{page}/{anchor}" if anchor else f"#{page}"
        return f"{page}.html#{anchor}" if anchor else f"{page}.html"


def site(run: Run, language: str, *, single: bool) -> Site:
    """Describe a run; its id depends on the inputs and the rules alone."""
    held = run.manifest
    names = [item["file"].rstrip("/").rpartition("/")[2] for item in held["inputs"]]
    name = names[0] if len(names) == 1 else run.path.name.removesuffix(".audit")
    evaluated = (run.path / EVALUATION).is_file()
    return Site(name, run.audit, held["tool"], held["settings"]["profile"], language, single, redacting(), evaluated)


def environment(site: Site) -> jinja2.Environment:
    """Return the templates' surroundings: everything is escaped, and nothing may be missing."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(REPORTS),
        bytecode_cache=_kept(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    plain = strings()["en" if site.first == "auto" else site.first]
    found.globals |= {"t": say, "plain": plain, "label": _label(plain), "percent": percent}
    found.globals |= {"site": site, "link": site.link, "linked": _linked(site.link), "pages": PAGES}
    return found


class _Kept(jinja2.FileSystemBytecodeCache):
    """Compiled templates in the user's cache; where that cannot be written they are compiled each time."""

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Write one."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _kept() -> jinja2.BytecodeCache | None:
    """Keep compiled templates between runs: to compile them takes a third of the time of a report."""
    folder = shelf()  # code is loaded from there: it is the user's own
    return _Kept(str(folder), "%s.template") if folder else None


class Linked(int):
    """A number that leads to the rows behind it."""

    href: str

    def __html__(self) -> str:
        """Return a link."""
        return Markup('<a href="{}">{}</a>').format(self.href, f"{self:,}")


def _linked(link: Callable[..., str]) -> Callable[..., int]:
    """Return what makes a number a link to a view of a page; nothing leads nowhere."""

    def linked(number: int, page: str, view: str = "") -> int:
        if not number or not page:
            return number
        found = Linked(number)
        found.href = link(page, view)
        return found

    return linked


def _shown(value: object) -> object:
    """Make every string that a template prints visible; group whole numbers."""
    if hasattr(value, "__html__"):
        return value
    if isinstance(value, bool) or value is None:
        raise TypeError("a template prints nothing but text and numbers")
    if isinstance(value, int):
        return f"{value:,}"
    return visible(value) if isinstance(value, str) else value


def _label(plain: Mapping[str, str]) -> Callable[..., Markup]:
    """Return what names an element to those who cannot see it; the script keeps it in the language that is shown."""

    def label(key: str, attribute: str = "aria-label") -> Markup:
        return Markup('{}="{}" data-{}="{}"').format(attribute, plain[key], attribute, key)

    return label


def rendered(surroundings: jinja2.Environment, template: str, context: dict[str, Any]) -> str:
    """Render one template."""
    return surroundings.get_template(template).render(context)
