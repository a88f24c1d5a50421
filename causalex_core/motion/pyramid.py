"""Constants of Lucas-Kanade from coarse to fine, which its forms in OpenCV and torch share."""

from functools import cache

# As a share of the crop: wider joins what moves apart, narrower is noisier.
WINDOW = 31 / 256
LARGE = 1.0  # px, beyond which one linear step no longer finds the motion
LARGE_SHARE = 0.1  # of the image's middle that must move so far
COARSER = 2  # levels of the pyramid below full size: motions up to about 4 px
RIDGE = 0.1  # squared grey levels per px; holds the flow near zero where there is no texture
GRID = 2  # px between the points looked at for large motion
_LEAST_WINDOW = 3  # px at half the size


@cache
def window_side(height: int) -> int:
    """Side of Lucas-Kanade's window at half the size of an image of that height, in pixels."""
    return max(2 * round(WINDOW * height / 4) - 1, _LEAST_WINDOW)


def middle(side: int) -> slice:
    """Rows or columns that are looked at for large motion."""
    return slice(side // 5, -(side // 5), GRID)
