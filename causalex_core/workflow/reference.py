"""Pages about the package, written from the code whenever the book is made."""

from collections.abc import Mapping

from causalex_core import paths, provenance
from causalex_core.report import module_map

FOLDER = "api"
_INTERNAL = ("cli", "commands", "workflow", "chapters")  # not called from outside
_SINGLE = "base"  # page of the modules that are no packages


def pages() -> Mapping[str, str]:
    """Text of each page of the reference, by its name in the contents."""
    root = paths.ROOT / module_map.PACKAGE
    found: dict[str, list[str]] = {}
    for part in module_map.parts():
        if part in _INTERNAL:
            continue
        if (root / part).is_dir():
            files = [file for file in sorted((root / part).glob("*.py")) if file.stem[0] != "_"]
            found[part] = [part, *(f"{part}.{file.stem}" for file in files)]
        else:
            found.setdefault(_SINGLE, []).append(part)
    return {f"{FOLDER}/{part}": _page(part, modules) for part, modules in found.items()}


def _page(part: str, modules: list[str]) -> str:
    """A page with what the docstrings of some modules say, the package's own first.

    A digest of the code is part of it, so that the book is made anew when a docstring changes.
    """
    package = paths.ROOT / module_map.PACKAGE
    own = [package / part] if part != _SINGLE else [package / f"{name}.py" for name in modules]
    files = [file for place in own for file in (sorted(place.glob("*.py")) or [place])]
    digest = provenance.digest([file.read_text() for file in files])
    sections = [f"% made from {digest}\n", f"# {part}\n"]
    for module in modules:
        if module != part or part == _SINGLE:
            sections.append(f"## {module}\n")
        sections.append(
            f"```{{eval-rst}}\n.. automodule:: {module_map.PACKAGE}.{module}\n"
            "   :members:\n   :member-order: bysource\n```\n"
        )
    return "\n".join(sections)
