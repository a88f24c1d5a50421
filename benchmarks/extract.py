"""Speed and accuracy of the extraction: the default against the paper's TV-L1 path.

    python benchmarks/extract.py

Frames are those of a real clip (data card pyfeat_clips), stored as JPEG. Speed is CPU time on one
thread, from JPEG bytes to motion, landmarks included. Accuracy is the error of the mean flow in
squares on faces of the clips, warped by a known motion of 0.2 px, with noise, in 8 bits.
"""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from causalex_core.datasets import manifest
from causalex_core.motion import alignment, flow, video
from causalex_core.motion.extract import PAPER, Config, extract
from causalex_core.motion.landmarks import FaceMesh
from causalex_core.motion.warps import bumps, region_error, seen, warped
from causalex_core.regions import REGIONS

CROP = 256
CLIPS = {"WolfgangLanger_Pexels.mp4": 60, "single_face.mp4": 10, "face_noface.mov": 5}
TIMED = ("WolfgangLanger_Pexels.mp4", "single_face.mp4")
SLOW_FRAMES = 12  # of the TV-L1 path, which takes about a second each
REPEATS = 3
PEAK, NOISE, PAIRS = 0.2, 2.0, 8  # px, grey levels, warps per clip


def speed(frames: video.Frames, mesh: FaceMesh, config: Config, repeats: int) -> float:
    """Frames per second of CPU time, the best of some repeats."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        count = len(extract(frames, mesh, config).motion)
        taken.append((time.process_time() - started) / count)
    return 1 / min(taken)


def as_jpeg(clip: Path, folder: Path) -> float:
    """Store the frames of a clip as JPEG files; the clip's frame rate."""
    frames = video.open_frames(clip)
    for number, picture in frames.colour(1):
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture)
    return frames.fps


def face(clip: Path, number: int, mesh: FaceMesh) -> tuple[np.ndarray, np.ndarray]:
    """Aligned crop of one frame, and its landmarks."""
    picture = next(frame for index, frame in video.open_frames(clip).colour(1) if index == number)
    found = alignment.given_track(mesh.find(picture)[:1])
    placed = alignment.place(found, CROP, smoothing=0)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    return alignment.crop(grey, placed.pose[0], CROP), placed.points[0]


def errors(crop: np.ndarray, points: np.ndarray, generator: np.random.Generator) -> dict:
    """Error of each method over warps in which two regions move."""
    centres = np.round(points[[region.landmark for region in REGIONS]]).astype(int)
    methods = flow.METHODS | {"tv_l1, 8 bits": lambda a, b: flow.quantised(flow.tv_l1(a, b))}
    found: dict[str, list[float]] = {name: [] for name in methods}
    for pair in range(PAIRS):
        two = centres[generator.choice([1, 4, 7, 8, 10, 11], 2, replace=False)]
        angles = generator.uniform(0, 2 * np.pi, 2)
        motion = PEAK * np.stack((np.cos(angles), np.sin(angles)), axis=1)
        truth = bumps(CROP, two, motion, width=0.09 * CROP)
        truth *= PEAK / np.linalg.norm(truth, axis=-1).max()
        first = seen(crop.astype(float), NOISE, 2 * pair)
        second = seen(warped(crop.astype(float), truth), NOISE, 2 * pair + 1)
        for name, method in methods.items():
            found[name].append(region_error(method(first, second), truth, two, radius=10))
    return found


def main() -> None:
    cv2.setNumThreads(1)
    source = manifest.require("pyfeat_clips")
    clips = {Path(file).name: source.path(file) for file in source.files}
    mesh = FaceMesh()

    print(f"from JPEG, {CROP} px crop, one thread, CPU time")
    for name in TIMED:
        with tempfile.TemporaryDirectory() as place:
            fps = as_jpeg(clips[name], Path(place))
            frames = video.open_frames(Path(place), fps)
            fast = speed(frames, mesh, Config(crop_px=CROP), REPEATS)
            for file in sorted(Path(place).iterdir())[SLOW_FRAMES:]:
                file.unlink()
            slow = speed(video.open_frames(Path(place), fps), mesh, PAPER, 1)
        print(
            f"  {name:<28} default {fast:6.1f} frames/s, TV-L1 path {slow:5.2f} frames/s,"
            f" ratio {fast / slow:.0f}"
        )

    generator = np.random.default_rng(0)
    print(f"region error on known warps of {PEAK} px, noise of {NOISE:g} grey levels")
    pooled: dict[str, list[float]] = {}
    for name, number in CLIPS.items():
        found = errors(*face(clips[name], number, mesh), generator)
        for method, values in found.items():
            pooled.setdefault(method, []).extend(values)
    for method, values in pooled.items():
        print(
            f"  {method:<28} {100 * np.mean(values):5.1f} % (median {100 * np.median(values):.1f})"
        )


if __name__ == "__main__":
    main()
