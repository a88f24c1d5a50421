"""Pictures of the prose pages that follow from code or stored results, drawn with each book."""

from collections.abc import Mapping

from causalex_book.claims import figures_claims, what_holds
from causalex_book.publishing import module_map, style

FOLDER = "_static/diagrams"


def drawn() -> Mapping[str, str]:
    """SVG of each picture, by its name in the source of the book."""
    glance = what_holds.compute(what_holds.Config())["glance"]
    figures = {"at_a_glance": figures_claims.at_a_glance(glance), "module_map": module_map.figure()}
    return {f"{FOLDER}/{name}.svg": style.svg(figure) for name, figure in figures.items()}
