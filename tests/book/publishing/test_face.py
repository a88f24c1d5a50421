import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from causalex_book.publishing import face
from causalex_core import regions

MIRRORED = [5, 4, 3, 2, 1, 0, 6, 7, 10, 9, 8, 11]


def drawn(weights):
    axis = Figure().subplots()
    face.draw(axis)
    face.draw_graph(axis, weights, weights.max())
    return axis


def edges(axis):
    return [patch for patch in axis.patches if isinstance(patch, FancyArrowPatch)]


def test_regions_are_where_their_names_say():
    np.testing.assert_array_equal(face.POSITIONS[MIRRORED], face.POSITIONS * [-1, 1])
    for region, (x, _) in zip(regions.REGIONS, face.POSITIONS, strict=True):
        side = "left" if x < 0 else "right" if x > 0 else ""
        assert region.name.startswith(side)


def test_an_edge_per_pair_and_a_ring_for_an_unused_region():
    weights = np.zeros((12, 12))
    weights[0, 2] = weights[2, 0] = 3
    weights[2, 8] = weights[8, 2] = 1
    weights[9, 9] = 2
    axis = drawn(weights)
    widths = sorted(edge.get_linewidth() for edge in edges(axis))
    assert len(widths) == 2
    assert widths[0] < widths[1]
    fill = axis.collections[0].get_facecolor()[:, :3]
    assert [bool((colour == 1).all()) for colour in fill] == [
        region not in (0, 2, 8, 9) for region in range(12)
    ]


def test_mirrored_edges_look_mirrored():
    shapes = []
    for first, second in ((0, 8), (5, 10)):
        weights = np.zeros((12, 12))
        weights[first, second] = weights[second, first] = 1
        shapes.append(edges(drawn(weights))[0].get_path().vertices)
    np.testing.assert_allclose(shapes[0] * [-1, 1], shapes[1], atol=1e-9)


def marked(marks, shares=None):
    axis = Figure().subplots()
    face.draw_marks(axis, np.array(marks), shares)
    return [line for line in axis.lines if len(line.get_xdata()) > 1], [
        line for line in axis.lines if len(line.get_xdata()) == 1
    ]


def test_marks_stand_at_their_ends():
    """0 o-> 11: a circle near 0, an arrowhead near 11 that points to it."""
    marks = np.zeros((12, 12), int)
    marks[0, 11], marks[11, 0] = 2, 1
    lines, ends = marked(marks)
    assert len(lines) == 1
    by_mark = {line.get_marker() == "o": line.get_xydata()[0] for line in ends}
    for circle, region in ((True, 0), (False, 11)):
        assert np.hypot(*(by_mark[circle] - face.POSITIONS[region])) < 0.06
    arrow = next(line for line in ends if line.get_marker() != "o")
    turn = np.radians(arrow.get_marker()[2] + 90)
    towards = face.POSITIONS[11] - by_mark[False]
    assert np.dot([np.cos(turn), np.sin(turn)], towards / np.hypot(*towards)) > 0.9


def test_tails_have_no_mark_and_firm_edges_are_wide():
    marks, shares = np.zeros((12, 12), int), np.zeros((12, 12))
    marks[0, 2], marks[2, 0] = 3, 3
    marks[5, 8], marks[8, 5] = 3, 3
    shares[0, 2] = shares[2, 0] = 1
    shares[5, 8] = shares[8, 5] = 0.2
    lines, ends = marked(marks, shares)
    assert ends == []
    widths = [line.get_linewidth() for line in lines]
    assert widths[0] > widths[1]
