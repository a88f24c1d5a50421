"""Speed and accuracy of the extraction, beside a former build, peers and its limit.

    python benchmarks/extract.py [--before PATH] [--device auto|cpu|cuda]

Frames are those of real clips (data card pyfeat_clips), stored as JPEG. Speed is CPU time on one
thread, from JPEG bytes to motion, landmarks included; a checkout at PATH is measured in a process
of its own, by turns with this one, and each keeps its fastest turn. The limit is the time of what
no flow can spare: decoding, landmarks, crops. Then a profile of one extraction, and its memory
while a video of ten minutes is read. Accuracy is the error of the mean flow in squares on faces of
the clips, warped by a known motion of 0.2 px, with noise, in 8 bits: one point of the page on
preprocessing, with as many warps for TV-L1 as for the others; sparse Lucas-Kanade is OpenCV's, at
the same pixels. Where there is a GPU, or one is asked for: wall time of one video with the flow
there and on one thread, of the flow alone, and how far apart the motion is.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial, wraps
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from causalex_book.motion import preprocessing, warps
from causalex_core.data import manifest
from causalex_core.devices import NAMES, choose_device
from causalex_core.motion import (
    alignment,
    flow,
    flow_batched,
    head_motion,
    mdmo,
    picture_folder,
    video,
)
from causalex_core.motion import extract as extraction
from causalex_core.motion.extract import PAPER, Config, extract, locate
from causalex_core.motion.landmarks import FaceMesh

CROP = 256
TIMED = ("WolfgangLanger_Pexels.mp4", "single_face.mp4")
FRAMES = 120  # of a clip that are timed, and of the TV-L1 path, a second each:
SLOW_FRAMES = 12
TURNS = 12
MOTION, PAIRS = 0.2, 8  # px, warps per clip
RADIUS = 10  # px around a region's centre in which flow is compared with truth
TOGETHER = 64  # pairs of crops whose flow is computed at once on a GPU
MINUTES = 10
REPEATS = 3

# What the process of a checkout runs: seconds per frame of a folder, for each line that it is sent.
TURN = """
import sys, time
from pathlib import Path
import cv2
from causalex_core.motion import video
from causalex_core.motion.extract import Config, extract
from causalex_core.motion.landmarks import FaceMesh
cv2.setNumThreads(1)
mesh = FaceMesh()
for line in sys.stdin:
    folder, fps = line.split("\\t")
    frames = video.open_frames(Path(folder), float(fps))
    started = time.process_time()
    count = len(extract(frames, mesh, Config(), "cpu").motion)
    print((time.process_time() - started) / count, flush=True)
"""


class Checkout:
    """A process in which the code of a checkout is timed."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", TURN],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, frames: Path, fps: float) -> float:
        """CPU time per frame of one extraction."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{frames}\t{fps}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def seconds(function: Callable[[], object], repeats: int = REPEATS) -> float:
    """CPU time, the least of some repeats."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        function()
        taken.append(time.process_time() - started)
    return min(taken)


def as_jpeg(clip: Path, folder: Path, most: int) -> video.Frames:
    """Frames of a clip, the first ones, as JPEG files."""
    frames = video.open_frames(clip)
    for number, picture in frames.colour(1):
        if number < most:
            cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture)
    return video.open_frames(folder, frames.fps)


def speed(clips: dict[str, Path], mesh: FaceMesh, before: Path | None) -> None:
    """Frames per second of this build, a former one, the paper's path, and without any flow."""
    print(f"from JPEG, {CROP} px crop, one thread, frames per second of CPU time")
    here = Path(__file__).resolve().parents[1]
    with ExitStack() as stack:
        now = stack.enter_context(closing(Checkout(here)))
        former = stack.enter_context(closing(Checkout(before))) if before else None
        for name in TIMED:
            with tempfile.TemporaryDirectory() as folder:
                frames = as_jpeg(clips[name], Path(folder), FRAMES)
                turns = defaultdict(list)
                for _ in range(TURNS):
                    for build, checkout in (("now", now), ("before", former)):
                        if checkout:
                            turns[build].append(checkout.seconds(Path(folder), frames.fps))
                fastest = {build: min(taken) for build, taken in turns.items()}
                limit = spared_nothing(frames, mesh)
                for file in sorted(Path(folder).iterdir())[SLOW_FRAMES:]:
                    file.unlink()
                slow = video.open_frames(Path(folder), frames.fps)
                paper = seconds(lambda: extract(slow, mesh, PAPER, "cpu"), 1) / SLOW_FRAMES  # noqa: B023
            print(f"  {name:<28} now {1 / fastest['now']:6.1f}", end="")
            if former:
                ratio = fastest["before"] / fastest["now"]
                print(f", before {1 / fastest['before']:6.1f}, ratio {ratio:.2f}", end="")
            print(f"; without flow {1 / limit:6.1f}; TV-L1 path {1 / paper:5.2f}")


def spared_nothing(frames: video.Frames, mesh: FaceMesh) -> float:
    """Seconds per frame of decoding, landmarks and crops."""
    placement = locate(frames, mesh, Config())
    cropping = partial(extraction._crops, frames, placement, CROP)
    count = len(list(cropping()))
    return (
        seconds(lambda: locate(frames, mesh, Config())) + seconds(lambda: list(cropping()))
    ) / count


STAGES: tuple[tuple[str, Any, str], ...] = (
    ("decoding", picture_folder, "_decoded"),
    ("landmarks", FaceMesh, "find"),
    ("aligned crop", alignment, "crop"),
    ("scene cuts", extraction._Thumbnail, "of"),
    ("coarse flow of the rigid points", head_motion, "lucas_kanade_at"),
    ("warp of the second crop", head_motion, "warp"),
    ("weights of the eyes", flow, "eye_weights"),
    ("flow at the regions", flow, "lucas_kanade_at"),
    ("head motion and MDMO", extraction, "_of_regions"),
)


def profile(clip: Path, mesh: FaceMesh) -> None:
    """Print the CPU time per frame of each stage of one extraction."""
    taken: dict[str, float] = defaultdict(float)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        frames = as_jpeg(clip, Path(folder), FRAMES)
        count = len(list(frames.grey()))
        for stage, owner, name in STAGES:
            function = getattr(owner, name)
            setattr(owner, name, clocked(function, taken, stage))
            stack.callback(setattr, owner, name, function)
        extract(frames, mesh, Config(), "cpu")
        taken.clear()
        whole = seconds(lambda: extract(frames, mesh, Config(), "cpu"), 1)
    print(f"profile of {clip.name}, CPU ms per frame: {1000 * whole / count:.2f}")
    for stage, time_ in (taken | {"all else": whole - sum(taken.values())}).items():
        print(f"  {stage:<32} {1000 * time_ / count:.3f}  {100 * time_ / whole:4.1f} %")


def clocked(function: Callable, taken: dict[str, float], stage: str) -> Callable:
    """The function, whose CPU time is added up."""

    @wraps(function)
    def timed(*arguments: Any) -> Any:
        started = time.process_time()
        result = function(*arguments)
        taken[stage] += time.process_time() - started
        return result

    return timed


class Repeated:
    """Some pictures, shown again and again for as long as a video of ten minutes."""

    name, fps = "ten minutes", 30.0

    def __init__(self, frames: video.Frames) -> None:
        self._grey, self._colour = list(frames.grey()), [one for _, one in frames.colour(1)]
        self._count = int(MINUTES * 60 * self.fps)

    def grey(self) -> Iterator[video.Picture]:
        """See :class:`causalex_core.motion.video.Frames`."""
        return (self._grey[k % len(self._grey)] for k in range(self._count))

    def colour(self, every: int) -> Iterator[tuple[int, video.Picture]]:
        """See :class:`causalex_core.motion.video.Frames`."""
        return ((k, self._colour[k % len(self._colour)]) for k in range(0, self._count, every))


def memory(clip: Path, mesh: FaceMesh) -> None:
    """Print by how much the process grows while ten minutes are extracted."""
    with tempfile.TemporaryDirectory() as folder:
        frames = Repeated(as_jpeg(clip, Path(folder), 30))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    extract(frames, mesh, Config(), "cpu")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"memory: {grown / 1024:.0f} MB more than at its start, for {MINUTES} minutes at 30 fps")


def sparse(first: flow.Image, second: flow.Image, pixels: np.ndarray) -> np.ndarray:
    """OpenCV's pyramidal Lucas-Kanade at pixels, with a window as wide as ours."""
    side = 2 * flow.window_side(CROP) + 1
    points = pixels.astype(np.float32)[:, None]
    moved, _, _ = cv2.calcOpticalFlowPyrLK(
        first, second, points, None, winSize=(side, side), maxLevel=flow.COARSER
    )
    return (moved - points)[:, 0]


def accuracy(mesh: FaceMesh) -> None:
    """Print error and CPU time of our flow and its peers on the same pairs."""
    config = preprocessing.Config(
        crop_px=CROP, motions=(MOTION,), n_pairs=PAIRS, n_slow=PAIRS, seed=0
    )
    print(f"region error on known warps of {MOTION} px, noise of {config.noise:g} grey levels")
    errors, taken = defaultdict(list), defaultdict(list)
    for pair in preprocessing.known_warps(config, mesh):
        pixels = mdmo.squares(pair.centres, RADIUS, 1, CROP, CROP).reshape(-1, 2)
        at_pixels = {
            "lucas_kanade, at these pixels": partial(flow.lucas_kanade_at, weights=pair.weights),
            "OpenCV's sparse Lucas-Kanade": sparse,
        }
        dense = flow.METHODS | {"lucas_kanade": partial(flow.lucas_kanade, weights=pair.weights)}
        for name, method in (at_pixels | dense).items():
            arguments = (pair.first, pair.second, *((pixels,) if name in at_pixels else ()))
            started = time.process_time()
            field = method(*arguments)
            taken[name].append(time.process_time() - started)
            if name in at_pixels:
                whole = np.zeros_like(pair.truth)
                whole[pixels[:, 1], pixels[:, 0]] = field
                field = whole
            errors[name].append(warps.region_error(field, pair.truth, pair.centres, RADIUS))
    for name, values in errors.items():
        print(
            f"  {name:<30} {100 * np.mean(values):5.1f} % (median {100 * np.median(values):.1f}),"
            f" {1000 * min(taken[name]):7.2f} ms a pair"
        )


def gpu(clips: dict[str, Path], mesh: FaceMesh) -> None:
    """Wall time of flow and of all of the extraction, on a GPU and on one thread."""
    place = choose_device("cuda")
    first, second = np.random.default_rng(0).integers(
        0, 256, (2, TOGETHER, CROP, CROP), dtype=np.uint8
    )
    times: dict[str, list[float]] = {"cpu": [], "cuda": []}
    for _ in range(REPEATS + 1):  # the first time a GPU has to warm up
        started = time.perf_counter()
        flow_batched.lucas_kanade(first, second, None, place)
        times["cuda"].append(time.perf_counter() - started)
        started = time.perf_counter()
        for pair in zip(first, second, strict=True):
            flow.lucas_kanade(*pair)
        times["cpu"].append(time.perf_counter() - started)
    there, here = (1000 * min(times[name]) / TOGETHER for name in ("cuda", "cpu"))
    print(
        f"flow alone: {here:.2f} ms on a thread, {there:.3f} ms on a GPU, ratio {here / there:.1f}"
    )
    for name in TIMED:
        found, rates = {}, {}
        for device in ("cpu", "cuda"):
            started = time.perf_counter()
            found[device] = extract(video.open_frames(clips[name]), mesh, Config(), device).motion
            rates[device] = len(found[device]) / (time.perf_counter() - started)
        apart = np.abs(found["cuda"] - found["cpu"]).max()
        print(
            f"  {name:<28} {rates['cpu']:.1f} and {rates['cuda']:.1f} frames/s, ratio"
            f" {rates['cuda'] / rates['cpu']:.2f}; at most {apart:.1e} px per frame apart"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=NAMES, default="auto")
    parser.add_argument("--before", type=Path, help="checkout of a former build")
    arguments = parser.parse_args()
    chosen = choose_device(arguments.device)
    cv2.setNumThreads(1)
    source = manifest.require("pyfeat_clips")
    clips = {Path(file).name: source.path(file) for file in source.files}
    mesh = FaceMesh()

    speed(clips, mesh, arguments.before)
    profile(clips[TIMED[0]], mesh)
    memory(clips[TIMED[0]], mesh)
    accuracy(mesh)
    if chosen.type == "cuda":
        gpu(clips, mesh)


if __name__ == "__main__":
    main()
