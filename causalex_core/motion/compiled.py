"""The inner loops of the extraction, compiled at their first call.

Loops over values compile faster than slices that are assigned or copied.

Those of Lucas-Kanade pass once over the pictures, a few rows at a time, where array operations
would write and read thirteen arrays of their size. Borders are OpenCV's: mirrored, the outermost
pixel not twice.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from causalex_core.compilation import compiled

_one, _three, _ten = np.float32(1), np.float32(3), np.float32(10)  # Scharr's weights
_zero, _white = np.float32(0), np.float32(255)
_A = np.float32(-0.75)  # of the cubic convolution, OpenCV's
_A2, _A3 = np.float32(_A + 2), np.float32(_A + 3)
_PAD = 4  # px of border around an image whose values are interpolated
_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)  # unsigned, which needs no look for negatives
_SCALE = np.float32(1 / 64)  # they sum to 32 over two pixels, and two pictures are added


@njit(error_model="numpy", inline="always")
def _cubic(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Weights of the two values before and after a place between them, at a share t of the way."""
    rest = _one - t
    curve = _A * t * rest
    first, last = curve * rest, curve * t
    second = (_A2 * t - _A3) * t * t + _one
    return first, second, _one - first - second - last, last


@compiled
def products(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    weights: NDArray[np.float32],
    corner: tuple[int, int],
) -> NDArray[np.float32]:
    """Products of gradients and change in a part of a picture, at half its size.

    Parameters
    ----------
    before, weights
        Of the whole picture.
    after : (H, W) array
        The part of the second picture.
    corner
        Row and column at which the part starts. Its borders are taken for the picture's.

    Returns
    -------
    (5, H // 2, W // 2) array
        xx, yy, xy, xt, yt; each value is the mean over the pixels that it covers, two rows and
        columns, or parts of three where a side is odd.
    """
    height, width = after.shape
    top, start, end = corner[0], corner[1], corner[1] + width
    rows, columns = height // 2, width // 2
    area = np.float32((rows / height) * (columns / width))
    left = np.ones(columns, np.float32)  # shares of the first and third pixel covered
    right = np.zeros(columns, np.float32)
    if width % 2:
        for j in range(columns):
            left[j], right[j] = 1 - j / columns, (j + 1) / columns
    smooth = np.empty(width + 2, np.float32)  # of one row, across rows
    slope = np.empty(width + 2, np.float32)
    total = np.zeros((5, width + 1), np.float32)
    halved = np.empty((5, rows, columns), np.float32)
    for i in range(rows):
        total[:] = 0
        for tap in range(2 + height % 2):
            share = _one
            if height % 2 and tap != 1:
                share = np.float32(1 - i / rows if tap == 0 else (i + 1) / rows)
            y = 2 * i + tap
            above, below = abs(y - 1), height - 1 - abs(height - 2 - y)
            first, second = before[top + y, start:end], after[y]
            first_above, first_below = (
                before[top + above, start:end],
                before[top + below, start:end],
            )
            second_above, second_below = after[above], after[below]
            counts = weights[top + y, start:end]
            for x in range(width):
                up = first_above[x] + second_above[x]
                down = first_below[x] + second_below[x]
                smooth[x + 1] = _three * (up + down) + _ten * (first[x] + second[x])
                slope[x + 1] = down - up
            for line in (smooth, slope):
                line[0], line[width + 1] = line[2], line[width - 1]
            for x in range(width):
                weight = counts[x] * _SCALE
                dx = weight * (smooth[x + 2] - smooth[x])
                dy = weight * (_three * (slope[x] + slope[x + 2]) + _ten * slope[x + 1])
                dt = second[x] - first[x]
                shared_dx, shared_dy = share * dx, share * dy
                total[0, x] += shared_dx * dx
                total[1, x] += shared_dy * dy
                total[2, x] += shared_dx * dy
                total[3, x] += shared_dx * dt
                total[4, x] += shared_dy * dt
        for k in range(5):
            for j in range(columns):
                covered = left[j] * total[k, 2 * j] + total[k, 2 * j + 1]
                halved[k, i, j] = area * (covered + right[j] * total[k, 2 * j + 2])
    return halved


@compiled
def solve(halved: NDArray[np.float32], side: int, ridge: float) -> NDArray[np.float32]:
    """Flow (h, w, 2) that explains the change best in a window of `side` around each value.

    `halved` is (5, h, w), see :func:`products`; `side` is odd, `ridge` is added to xx and yy.
    """
    _, height, width = halved.shape
    reach = side // 2
    if reach >= min(height, width):
        raise ValueError("the picture is smaller than the window")
    share, least = np.float32(1 / side**2), np.float32(ridge)
    # Running sums down the columns; in float64, as what was added is subtracted again.
    columns = np.zeros((5, width), np.float64)
    padded = np.empty(width + 2 * reach, np.float32)
    middle = padded[reach : reach + width]
    mean = np.empty((5, width), np.float32)
    flow = np.empty((height, width, 2), np.float32)
    for row in range(-reach, reach):
        for k in range(5):
            for x in range(width):
                columns[k, x] += halved[k, abs(row), x]
    for y in range(height):
        entering, leaving = height - 1 - abs(height - 1 - (y + reach)), abs(y - reach)
        for k in range(5):
            column, gained, lost = columns[k], halved[k, entering], halved[k, leaving]
            for x in range(width):
                column[x] += gained[x]
                middle[x] = share * np.float32(column[x])
                column[x] -= lost[x]
            for x in range(reach):
                padded[reach - 1 - x] = padded[reach + 1 + x]
                padded[reach + width + x] = padded[reach + width - 2 - x]
            average = mean[k]
            for x in range(width):
                average[x] = padded[x]
            for offset in range(1, side, 2):
                shifted = padded[offset:]
                for x in range(np.uint64(width)):
                    average[x] += shifted[x] + shifted[x + _1]
        for x in range(width):
            xx, yy, xy = mean[0, x] + least, mean[1, x] + least, mean[2, x]
            xt, yt = mean[3, x], mean[4, x]
            scale = _one / (xx * yy - xy * xy)
            flow[y, x, 0] = (xy * yt - yy * xt) * scale
            flow[y, x, 1] = (xy * xt - xx * yt) * scale
    return flow


@compiled
def bounds(pixels: NDArray[np.integer]) -> tuple[int, int, int, int]:
    """Least and greatest x, and least and greatest y, of pixels (K, 2)."""
    left, top = right, bottom = pixels[0, 0], pixels[0, 1]
    for k in range(1, len(pixels)):
        left, right = min(left, pixels[k, 0]), max(right, pixels[k, 0])
        top, bottom = min(top, pixels[k, 1]), max(bottom, pixels[k, 1])
    return left, right, top, bottom


@compiled
def interpolated(
    field: NDArray[np.float32],
    pixels: NDArray[np.integer],
    height: int,
    width: int,
    corner: tuple[int, int],
) -> NDArray[np.float32]:
    """Vectors (K, 2) at pixels x, y (K, 2) of an image, from a field of a part at half its size.

    `corner` holds the row and column, at half the size, at which the part starts. Beyond the
    outermost centres of the image's values the vector stays the same.
    """
    rows, columns = height // 2, width // 2
    vectors = np.empty((len(pixels), 2), np.float32)
    for k in range(len(pixels)):
        x = (pixels[k, 0] + 0.5) * columns / width - 0.5
        y = (pixels[k, 1] + 0.5) * rows / height - 0.5
        x, y = min(max(x, 0.0), columns - 1.0), min(max(y, 0.0), rows - 1.0)
        i, j = min(int(y), rows - 2), min(int(x), columns - 2)
        below, right = np.float32(y - i), np.float32(x - j)
        i, j = i - corner[0], j - corner[1]
        if not (0 <= i < len(field) - 1 and 0 <= j < field.shape[1] - 1):
            raise IndexError("a pixel outside the part whose flow is known")
        for c in range(2):
            upper = field[i, j, c] + right * (field[i, j + 1, c] - field[i, j, c])
            lower = field[i + 1, j, c] + right * (field[i + 1, j + 1, c] - field[i + 1, j, c])
            vectors[k, c] = upper + below * (lower - upper)
    return vectors


@njit(error_model="numpy")
def _padded(image: NDArray[np.number]) -> NDArray[np.float32]:
    """Image with its border repeated `_PAD` pixels outwards."""
    height, width = image.shape
    padded = np.empty((height + 2 * _PAD, width + 2 * _PAD), np.float32)
    for y in range(len(padded)):
        row, values = image[min(max(y - _PAD, 0), height - 1)], padded[y]
        for x in range(width):
            values[_PAD + x] = row[x]
        for x in range(_PAD):
            values[x], values[_PAD + width + x] = row[0], row[width - 1]
    return padded


@njit(error_model="numpy")
def _sample(
    padded: NDArray[np.float32],
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    start: NDArray[np.int32],
    sampled: NDArray[np.float32],
) -> None:
    """Sample a padded image at places u, v by cubic convolution (a = -0.75).

    A row of a nearly upright map takes its values from few rows, at one distance for long: such
    runs are computed together. OpenCV samples pixels one by one. What is in `u`, `v` and `start`
    is lost.
    """
    width, values, stride = len(u), padded.reshape(-1), np.uint64(padded.shape[1])
    least = np.float32(_PAD - 2)
    right, bottom = np.float32(padded.shape[1] - 3), np.float32(padded.shape[0] - 3)
    for x in range(width):
        u[x], v[x] = min(max(u[x], least), right), min(max(v[x], least), bottom)
        column, row_above = np.int32(u[x]), np.int32(v[x])
        u[x], v[x] = u[x] - np.float32(column), v[x] - np.float32(row_above)
        # Of the 4 x 4 values around a pixel, less its column.
        start[x] = (row_above - 1) * np.int32(stride) + column - 1 - np.int32(x)
    first = 0
    while first < width:
        end = first + 1
        while end + 16 <= width:  # sixteen at once are compared faster
            apart = np.int32(0)
            for x in range(np.uint64(end), np.uint64(end + 16)):
                apart |= start[x] ^ start[first]
            if apart:
                break
            end += 16
        while end < width and start[end] == start[first]:
            end += 1
        base = np.uint64(start[first])
        for x in range(np.uint64(first), np.uint64(end)):
            a, b, c, d = _cubic(u[x])
            e, f, g, h = _cubic(v[x])
            p = base + x
            q = p + stride
            r = q + stride
            s = r + stride
            sampled[x] = (
                e * (a * values[p] + b * values[p + _1] + c * values[p + _2] + d * values[p + _3])
                + f * (a * values[q] + b * values[q + _1] + c * values[q + _2] + d * values[q + _3])
                + g * (a * values[r] + b * values[r + _1] + c * values[r + _2] + d * values[r + _3])
                + h * (a * values[s] + b * values[s + _1] + c * values[s + _2] + d * values[s + _3])
            )
        first = end


@compiled
def warped(image: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Image as an affine map of its pixels shows it, see :func:`_sample`.

    The pixel x, y shows what lies at ``matrix @ (x, y, 1)``; outside the image its border is
    repeated.
    """
    height, width = image.shape
    padded = _padded(image)
    result = np.empty((height, width), np.uint8)
    u, v = np.empty(width, np.float32), np.empty(width, np.float32)
    sampled, start = np.empty(width, np.float32), np.empty(width, np.int32)

    for y in range(height):
        for x in range(width):
            u[x] = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] + _PAD
            v[x] = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] + _PAD
        _sample(padded, u, v, start, sampled)
        for x in range(width):
            result[y, x] = np.uint8(min(max(np.rint(sampled[x]), _zero), _white))
    return result


@compiled
def moved_back(
    image: NDArray[np.float32], flow: NDArray[np.float32], corner: tuple[int, int]
) -> NDArray[np.float32]:
    """Part of an image before it moved by a flow (H, W, 2), see :func:`_sample`.

    `corner` holds the row and column at which the part starts.
    """
    height, width, _ = flow.shape
    padded = _padded(image)
    moved = np.empty((height, width), np.float32)
    u, v = np.empty(width, np.float32), np.empty(width, np.float32)
    start = np.empty(width, np.int32)
    for y in range(height):
        for x in range(width):
            u[x] = flow[y, x, 0] + np.float32(corner[1] + x + _PAD)
            v[x] = flow[y, x, 1] + np.float32(corner[0] + y + _PAD)
        _sample(padded, u, v, start, moved[y])
    return moved


@compiled
def similarity(
    points: NDArray[np.floating],
    motion: NDArray[np.floating],
    reweightings: int,
    least_spread: float,
) -> tuple[complex, complex]:
    """See :func:`causalex_core.motion.head_motion.similarity`; both arrays are (K, 2)."""
    count = len(points)
    residual, weights = np.empty(count), np.empty(count)
    for k in range(count):
        weights[k] = 1 / count
    a = b = 0j
    for _ in range(reweightings):
        x = y = u = v = 0.0  # weighted means of points and motion
        for k in range(count):
            x, y = x + weights[k] * points[k, 0], y + weights[k] * points[k, 1]
            u, v = u + weights[k] * motion[k, 0], v + weights[k] * motion[k, 1]
        along = across = length = 0.0
        for k in range(count):
            p, q, r, s = points[k, 0] - x, points[k, 1] - y, motion[k, 0] - u, motion[k, 1] - v
            along += weights[k] * (p * r + q * s)
            across += weights[k] * (p * s - q * r)
            length += weights[k] * (p * p + q * q)
        a = complex(along / length, across / length)
        b = complex(u, v) - a * complex(x, y)
        for k in range(count):
            r = motion[k, 0] - (a.real * points[k, 0] - a.imag * points[k, 1] + b.real)
            s = motion[k, 1] - (a.imag * points[k, 0] + a.real * points[k, 1] + b.imag)
            residual[k] = np.sqrt(r * r + s * s)
        spread = 1.5 * _middle(residual) + least_spread
        total = 0.0
        for k in range(count):
            weights[k] = 1 / (1 + (residual[k] / spread) ** 2)
            total += weights[k]
        for k in range(count):
            weights[k] /= total
    return a, b


@njit(error_model="numpy")
def _middle(values: NDArray[np.float64]) -> float:
    """The upper one of the middle values."""
    ordered = np.empty(len(values))
    for k in range(len(values)):
        value, before = values[k], k - 1
        while before >= 0 and ordered[before] > value:
            ordered[before + 1] = ordered[before]
            before -= 1
        ordered[before + 1] = value
    return float(ordered[len(ordered) // 2])


@compiled
def share_beyond(vectors: NDArray[np.float32], threshold: float) -> float:
    """Share of vectors (H, W, 2) that are longer than a threshold."""
    height, width, _ = vectors.shape
    beyond = 0
    for y in range(height):
        for x in range(width):
            beyond += vectors[y, x, 0] ** 2 + vectors[y, x, 1] ** 2 > threshold**2
    return beyond / (height * width)


@compiled
def fullest_bins(
    vectors: NDArray[np.float32], angles: NDArray[np.float32], edges: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which vectors of each set (K, N, 2) are in its fullest bin of angles, and their sum (K, 2).

    Of equally full bins it is the first. Bins start at the edges; angles (K, N) before the first
    edge belong to the last bin.
    """
    sets, number = angles.shape
    sums = np.zeros((sets, 2), np.float64)
    last = len(edges) - 1
    chosen = np.empty((sets, number), np.bool_)
    bins, counts = np.empty(number, np.int64), np.empty(last + 1, np.int64)
    for k in range(sets):
        counts[:] = 0
        for n in range(number):
            bins[n] = -1
            for edge in edges:
                bins[n] += angles[k, n] >= edge
            bins[n] = last if bins[n] < 0 else bins[n]
            counts[bins[n]] += 1
        fullest = 0
        for candidate in range(last + 1):
            if counts[candidate] > counts[fullest]:
                fullest = candidate
        for n in range(number):
            chosen[k, n] = bins[n] == fullest
            if chosen[k, n]:
                sums[k, 0] += vectors[k, n, 0]
                sums[k, 1] += vectors[k, n, 1]
    return chosen, sums
