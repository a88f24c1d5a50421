import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from causalex_core import regions
from causalex_core.report import face

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
