"""Films painted for the tests of their reader: each picture carries its number."""

from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT = 320, 240


def numbered(number):
    """A picture with its number as 12 bars, and a ramp above and noise below them."""
    picture = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    picture[:90] = np.linspace(0, 255, WIDTH).astype(np.uint8)[None, :, None]
    generator = np.random.default_rng(number)
    picture[160:] = generator.integers(0, 255, (80, WIDTH, 3), dtype=np.uint8) // 2
    for bit in range(12):
        picture[100:140, 20 + 24 * bit : 40 + 24 * bit] = 230 if number >> bit & 1 else 20
    return picture


def number(picture):
    """The number that a picture carries."""
    return sum(1 << bit for bit in range(12) if picture[105:135, 24 + 24 * bit].mean() > 128)


def write(path, times, codec="libx264", pixels="yuv420p", unit=Fraction(1, 90000), **settings):
    """Write numbered pictures at some times, in seconds; `settings` are of the container."""
    container = settings.pop("container", {})
    picture, form = settings.pop("picture", numbered), settings.pop("form", "rgb24")
    options = settings.pop("options", {})
    with av.open(str(path), "w", container_options=container) as file:
        stream = file.add_stream(codec, rate=30)
        first = picture(0)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt, stream.options = pixels, options
        stream.codec_context.time_base = unit
        stream.codec_context.thread_count = 1  # the same bytes each time
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for k, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(k), format=form)
            frame.pts, frame.time_base = round(time / unit), unit
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
