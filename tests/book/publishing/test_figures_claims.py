"""The claims in one picture: real people first and filled, synthetic ones hollow and grey."""

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from causalex_book.claims import figures_claims
from causalex_book.publishing import style

PEOPLE = ["synthetic", "synthetic", "real", "real"]
NAMES = ["CAS(ME)²", "SAMM-LV", "synthetic, like CAS(ME)²", "synthetic, like SAMM-LV"]


@pytest.fixture
def axis():
    gains = pd.DataFrame(
        {"about": about, "what": about, "people": people, "database": name.replace("²", "^2")}
        | {"gain": 0.1, "low": 0.0, "high": 0.2}
        for about in ("choosing", "graph")
        for people, name in zip(PEOPLE, NAMES[2:] + NAMES[:2], strict=True)
    )
    (axis,) = figures_claims.at_a_glance(gains).axes
    return axis


def test_real_people_stand_first_in_each_row(axis):
    points = [line for line in axis.lines if len(line.get_xdata()) == 1]
    assert len(points) == 8
    for row in (0, 1):
        markers = sorted(points, key=lambda line: line.get_ydata()[0])[4 * row : 4 * row + 4]
        hollow = [to_hex(line.get_markerfacecolor()) == style.PAPER.lower() for line in markers]
        assert hollow == [False, False, True, True]
        assert {to_hex(line.get_color()) for line in markers[2:]} == {style.GREY.lower()}
        assert style.GREY.lower() not in {to_hex(line.get_color()) for line in markers[:2]}


def test_the_legend_names_every_database(axis):
    (legend,) = axis.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == NAMES
