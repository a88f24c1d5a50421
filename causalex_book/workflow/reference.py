"""Pages and pictures that follow from the code, made whenever the book is."""

from collections.abc import Mapping

from causalex_book.claims import figures_claims, what_holds
from causalex_book.publishing import module_map, style
from causalex_core import paths, provenance

FOLDER = "api"
DIAGRAMS = "_static/diagrams"
_CORE = "causalex_core."
_INTERNAL = ("cli", "commands", "plugins")  # not called from outside
_SINGLE = "base"  # page of the core's modules that are no packages


def pages() -> Mapping[str, str]:
    """Text of each page of the reference, by its name in the contents."""
    modules: dict[str, list[str]] = {}
    for part in module_map.parts():
        folder = paths.ROOT.joinpath(*part.split("."))
        name = part.removeprefix(_CORE)
        if part.startswith("causalex_book") or name in _INTERNAL:
            continue
        if folder.is_dir():
            files = [file for file in sorted(folder.glob("*.py")) if file.stem[0] != "_"]
            modules[name] = [part, *(f"{part}.{file.stem}" for file in files)]
        else:
            modules.setdefault(_SINGLE, []).append(part)
    return {f"{FOLDER}/{name}": _page(name, modules) for name, modules in modules.items()}


def diagrams() -> Mapping[str, str]:
    """SVG of each picture of the prose pages, by its name in the source of the book."""
    glance = what_holds.compute(what_holds.Config())["glance"]
    figures = {"at_a_glance": figures_claims.at_a_glance(glance), "module_map": module_map.figure()}
    return {f"{DIAGRAMS}/{name}.svg": style.svg(figure) for name, figure in figures.items()}


def _page(title: str, modules: list[str]) -> str:
    """A page with what the docstrings of some modules say, the package's own first.

    A digest of the code is part of it, so that the book is made anew when a docstring changes.
    """
    locations = [paths.ROOT.joinpath(*module.split(".")) for module in modules]
    files = [
        location / "__init__.py" if location.is_dir() else location.with_suffix(".py")
        for location in locations
    ]
    digest = provenance.digest([file.read_text() for file in files])
    sections = [f"% made from {digest}\n", f"# {title}\n"]
    for module, location in zip(modules, locations, strict=True):
        if not location.is_dir():
            sections.append(f"## {module.removeprefix(_CORE)}\n")
        sections.append(
            f"```{{eval-rst}}\n.. automodule:: {module}\n"
            "   :members:\n   :member-order: bysource\n```\n"
        )
    return "\n".join(sections)
