"""The 12 facial regions, nodes of every graph, in the order of AUW-GCN and Causal-Ex.

Each region is a square around one of the 68 iBUG landmarks (counted from 0). Left and right are
those of the image: the left of the image is the right half of the person's face.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One node: its name and the landmark at its centre."""

    name: str
    landmark: int


REGIONS = (
    Region("left brow, outer", 18),
    Region("left brow, middle", 19),
    Region("left brow, inner", 20),
    Region("right brow, inner", 23),
    Region("right brow, middle", 24),
    Region("right brow, outer", 25),
    Region("nose bridge", 28),
    Region("nose tip", 30),
    Region("left mouth corner", 48),
    Region("upper lip", 51),
    Region("right mouth corner", 54),
    Region("lower lip", 57),
)
NAMES = tuple(region.name for region in REGIONS)
COUNT = len(REGIONS)
