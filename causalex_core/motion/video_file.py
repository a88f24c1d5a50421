"""Frames of a video file, whose numbers and times come from its time stamps.

What a header announces of counts and rates is wrong in many files: cut without encoding, recorded
by browsers and phones, streamed. PyAV (FFmpeg) gives the frames that a player shows.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.filter import Graph
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from causalex_core.errors import CausalexError, warn
from causalex_core.motion.frames import Picture, Stored, eight_bits, sha256, used_bits
from causalex_core.motion.rows import of_times, overruled

ENDINGS = {
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2t", ".m2ts", ".m4v", ".mkv",
    ".mod", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".tod", ".ts",
    ".vob", ".webm", ".wmv",
}  # fmt: skip
_COVERS = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_INTERLACED = range(2, 6)  # FFmpeg's AVFieldOrder
_NO_TIMES = 0x80  # its AVFMT_NOTIMESTAMPS
_VP8_SHOWN = 0x10  # in the first byte; other frames only serve to predict from
_WIDEST = 8  # of a pixel, as wide as high or the reverse
_CUT_OFF = 0.05  # of the announced time; what is missing below that is told

_BREAKS_OFF = "is damaged or breaks off: get the whole file, or re-encode what there is of it"


@dataclass(frozen=True, eq=False)
class VideoFile(Stored):
    """A video file; a rotation noted in it is applied, and pixels are made square."""

    stamps: tuple[int | None, ...]  # of all frames, as they are shown; in units of the stream
    coded: tuple[int, int]  # width and height as they are stored
    size: tuple[int, int]  # with square pixels, before the rotation
    turn: tuple[int, int, int, int]  # a, b, c, d that take (x, y) to (a x + c y, b x + d y)
    full_range: bool  # grey from 0 to 255, of which FFmpeg does not know

    def digest(self) -> str:
        """See :class:`Stored`."""
        return sha256(self.path)

    def _read(self, numbers: NDArray[np.int32]) -> Iterator[VideoFrame]:
        wanted = set(numbers.tolist())
        for number, frame in enumerate(_deinterlaced(self._decoded())):
            if number in wanted:
                yield frame

    def _decoded(self) -> Iterator[VideoFrame]:
        """All frames from the first that can be shown; an error if one is damaged or missing."""
        shown = 0
        with _opened(self.path) as container:
            for frame in _frames(container, _stream(self.path, container)):
                if not shown and (frame is None or frame.pts != self.stamps[0]):
                    continue
                if (
                    frame is None
                    or frame.is_corrupt
                    or shown == len(self.stamps)
                    or frame.pts != self.stamps[shown]
                ):
                    break
                if (frame.width, frame.height) != self.coded:
                    raise CausalexError(
                        f"{self.path}: frame {shown} has {frame.width} x {frame.height} px, those"
                        f" before it {self.coded[0]} x {self.coded[1]}: cut the file there"
                    )
                yield frame
                shown += 1
            else:
                if shown == len(self.stamps):
                    return
        raise CausalexError(f"{self.path}, frame {shown} of {len(self.stamps)}, {_BREAKS_OFF}")

    @cached_property
    def _reformatter(self) -> VideoReformatter:
        return VideoReformatter()

    def _colour(self, frame: VideoFrame) -> Picture:
        deep = _is_deep(frame)
        converted = self._reformatter.reformat(
            frame,
            *self.size,
            "gray16le" if deep else "bgr24",
            src_color_range=ColorRange.JPEG if self.full_range else None,
            threads=1,
        )
        if deep:
            level = eight_bits(self.name, converted.to_ndarray(), self.bits)
            return _turned(np.repeat(level[..., None], 3, axis=2), self.turn)
        plane = converted.planes[0]
        shape, strides = (converted.height, converted.width, 3), (plane.line_size, 3, 1)
        picture = np.ndarray(shape, np.uint8, memoryview(plane), strides=strides)
        return _turned(picture, self.turn)


def open_file(path: Path, fps: float | None = None) -> VideoFile:
    """Open a video file; `fps` overrules its time stamps.

    Raises
    ------
    CausalexError
        If it is no video, is damaged or breaks off, or nothing says its rate.
    """
    name = str(path)
    if path.stat().st_size == 0:
        raise CausalexError(f"{name} is empty (0 bytes)")
    with _opened(path) as container:
        stream = _stream(path, container)
        first, stamps, end = _scanned(path, container, stream)
        unit, aspect = stream.time_base or Fraction(1), stream.sample_aspect_ratio
        # A bare stream of pictures says its rate at most in its coding; FFmpeg takes 25 then.
        bare = bool(container.format.flags & _NO_TIMES)
        coded = (stream.codec_context.framerate,)
        announced_rates = coded if bare else (stream.guessed_rate, stream.average_rate)
        rates = [float(rate) for rate in announced_rates if rate]
        announced = (container.duration or 0) / 1e6
        interlaced = first.interlaced_frame or stream.codec_context.field_order in _INTERLACED
        grey = _is_grey_h264(stream.codec_context) and first.color_range != ColorRange.MPEG
        streams = len(_moving(container))
        codec = stream.codec_context.name
    if interlaced or None in stamps or codec == "mpeg4":
        # A packet may be half a frame, repeat the last one, or have no time: only decoding tells.
        with _opened(path) as container:
            frames = _frames(container, _stream(path, container))
            stamps = [frame.pts for frame in frames if frame is not None]
    known = sorted(stamp for stamp in stamps if stamp is not None and stamp >= (first.pts or 0))
    if None in stamps or (bare and not rates):
        rate = rates[0] if rates else fps
        if rate is None:
            raise CausalexError(f"{name} does not say its frame rate: give it (--fps)")
        times = np.arange(len(stamps)) / rate
    else:
        times = np.array([float((stamp - known[0]) * unit) for stamp in known])
        step = float(np.median(np.diff(times))) if len(times) > 1 else announced
        last = max(float(known[-1] * unit) + step, end)
        _check_end(name, times[-1] + step, announced - last, step)
        if len(known) < len(stamps):
            warn(
                f"{name}: its first {len(stamps) - len(known)} frames lean on what was cut off, and"
                " cannot be decoded: frames are counted from the next one"
            )
        stamps = [*known]
    if fps is not None:
        rows = overruled(name, times, fps)
    else:
        rows = of_times(name, times, rates, min(float(unit), 2e-3) + 1e-6)
    if streams > 1:
        warn(f"{name} holds {streams} videos: the first is taken")
    if interlaced:
        warn(f"{name} is interlaced: it is deinterlaced, each frame to one frame")
    return VideoFile(
        path,
        rows,
        used_bits(name, first.to_ndarray()) if _is_deep(first) else 8,
        tuple(stamps),
        (first.width, first.height),
        _square(name, first, aspect or Fraction(1)),
        _turn(first),
        grey,
    )


def _opened(path: Path) -> InputContainer:
    try:
        # With the prefix a colon in a name is no protocol, and a list of addresses opens none.
        return av.open(
            f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace"
        )
    except (av.FFmpegError, ValueError) as error:
        raise CausalexError(
            f"{path} cannot be read as a video: it is damaged or no video file"
        ) from error


def _moving(container: InputContainer) -> list[VideoStream]:
    """Streams of moving pictures, without covers."""
    return [stream for stream in container.streams.video if not stream.disposition & _COVERS]


def _stream(path: Path, container: InputContainer) -> VideoStream:
    """The stream that is read."""
    streams = _moving(container)
    if not streams or streams[0].codec_context is None:
        raise CausalexError(f"{path} holds no video that FFmpeg can decode")
    streams[0].codec_context.thread_count = 1  # videos, not frames, are shared out to processes
    return streams[0]


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
    """Frames in the order in which they are shown; None where one cannot be decoded."""
    try:
        for packet in container.demux(stream):
            try:
                frames: Iterable[VideoFrame | None] = packet.decode()
            except av.FFmpegError:
                frames = (None,)
            yield from frames
    except av.FFmpegError:
        yield None


def _scanned(
    path: Path, container: InputContainer, stream: VideoStream
) -> tuple[VideoFrame, list[int | None], float]:
    """The first frame, time stamps of all that are shown, and where, in s, streams end."""
    first: VideoFrame | None = None
    end, stamps = 0.0, list[int | None]()
    intact = True
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux():
            if packet.pts is not None:  # the last frame may stay for long
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream_index != stream.index:
                continue
            if first is None:
                with contextlib.suppress(av.FFmpegError):
                    first = next((f for f in packet.decode() if isinstance(f, VideoFrame)), None)
            if packet.size and not packet.is_discard:  # which an edit list hides
                intact = intact and not packet.is_corrupt
                if stream.codec_context.name != "vp8" or bytes(packet)[0] & _VP8_SHOWN:
                    stamps.append(packet.pts)
    if first is None:
        raise CausalexError(f"{path}: none of its {len(stamps)} frames can be decoded")
    if not intact:
        raise CausalexError(f"{path}, near frame {len(stamps)}, {_BREAKS_OFF}")
    return first, stamps, end


def _check_end(name: str, end: float, missing: float, step: float) -> None:
    """Refuse a file that ends long before the announced time; tell of one that ends a bit early."""
    if missing > step / 2 + 0.01:
        ends = f"announced are {end + missing:.2f} s, and its frames end at {end:.2f} s"
        if missing > _CUT_OFF * (end + missing):
            raise CausalexError(f"{name} {_BREAKS_OFF} ({ends})")
        warn(f"{name}: {ends}")


def _is_deep(frame: VideoFrame) -> bool:
    """Whether grey has 16 bits, of which nothing says how many are used."""
    return frame.format.name.startswith("gray16")


def _is_grey_h264(codec: VideoCodecContext) -> bool:
    """Whether H.264 codes grey alone, which FFmpeg decodes as if it were colour from 16 to 235.

    Of the sequence parameter set: a profile that can do so, and two Exp-Golomb zeros, which are
    its number and the format of chroma.
    """
    known = re.search(rb"[\x27\x47\x67][\x64\x6e\x7a\xf4]..(.)", codec.extradata or b"", re.DOTALL)
    return codec.name == "h264" and known is not None and known[1][0] >> 6 == 0b11


def _square(name: str, frame: VideoFrame, aspect: Fraction) -> tuple[int, int]:
    """Width and height with square pixels; none are lost."""
    aspect = aspect or Fraction(1)
    if not Fraction(1, _WIDEST) <= aspect <= _WIDEST:
        raise CausalexError(
            f"{name}: pixels {aspect} as wide as high; expected at most {_WIDEST} times: re-encode"
            " it with square pixels"
        )
    size = (
        max(frame.width, round(frame.width * aspect)),
        max(frame.height, round(frame.height / aspect)),
    )
    if size != (frame.width, frame.height):
        warn(
            f"{name}: pixels are {aspect} as wide as high: made square, {size[0]} x {size[1]} for"
            f" {frame.width} x {frame.height}; landmarks are expected in these"
        )
    return size


def _turn(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Signs of the display matrix, of quarter turns and mirrorings; no other is applied."""
    noted = frame.side_data.get("DISPLAYMATRIX")
    if noted is None:
        return 1, 0, 0, 1
    matrix = np.frombuffer(memoryview(cast(Buffer, noted)), np.int32).reshape(3, 3)[:2, :2]
    upright = abs(matrix[0, 0]) >= abs(matrix[0, 1])
    signs = np.where(matrix < 0, -1, 1) * (np.eye(2) if upright else 1 - np.eye(2))
    a, b, c, d = signs.astype(int).ravel().tolist()
    return a, b, c, d


def _turned(picture: Picture, turn: tuple[int, int, int, int]) -> Picture:
    a, b, c, d = turn
    if a == 0:
        picture = picture.swapaxes(0, 1)
    columns, rows = slice(None, None, a or c), slice(None, None, b or d)
    return np.ascontiguousarray(picture[rows, columns])


def _deinterlaced(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """As many frames as there are, from the first interlaced one on through FFmpeg's bwdif."""
    graph = None
    for frame in frames:
        if graph is None and frame.interlaced_frame:
            graph = Graph()
            source = graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base,
            )
            graph.link_nodes(
                source,
                graph.add("bwdif", "mode=send_frame:deint=interlaced"),
                graph.add("buffersink"),
            ).configure()
        if graph is None:
            yield frame
        else:
            graph.push(frame)
            yield from _pulled(graph)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    with contextlib.suppress(av.BlockingIOError, av.EOFError):
        while True:
            yield graph.vpull()
