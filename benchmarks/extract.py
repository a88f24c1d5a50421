"""Speed and accuracy of the extraction: the default against the paper's TV-L1 path.

    python benchmarks/extract.py [--device auto|cpu|cuda]

Frames are those of a real clip (data card pyfeat_clips), stored as JPEG. Speed is CPU time on one
thread, from JPEG bytes to motion, landmarks included. Accuracy is the error of the mean flow in
squares on faces of the clips, warped by a known motion of 0.2 px, with noise, in 8 bits: one
point of the page on preprocessing, with as many warps for TV-L1 as for the others. Where there
is a GPU, or one is asked for: wall time of one video with the flow there and on one thread, of the
flow alone, and how far apart the motion is.
"""

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from causalex_book.motion import preprocessing
from causalex_core.data import manifest
from causalex_core.devices import NAMES, choose_device
from causalex_core.motion import flow, flow_batched, video
from causalex_core.motion.extract import PAPER, Config, extract
from causalex_core.motion.landmarks import FaceMesh

CROP = 256
TIMED = ("WolfgangLanger_Pexels.mp4", "single_face.mp4")
SLOW_FRAMES = 12  # of the TV-L1 path, which takes about a second each
REPEATS = 3
MOTION, PAIRS = 0.2, 8  # px, warps per clip
TOGETHER = 64  # pairs of crops whose flow is computed at once on a GPU


def speed(frames: video.Frames, mesh: FaceMesh, config: Config, repeats: int) -> float:
    """Frames per second of CPU time, the best of some repeats."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        count = len(extract(frames, mesh, config, "cpu").motion)
        taken.append((time.process_time() - started) / count)
    return 1 / min(taken)


def as_jpeg(clip: Path, folder: Path) -> float:
    """Store the frames of a clip as JPEG files; the clip's frame rate."""
    frames = video.open_frames(clip)
    for number, picture in frames.colour(1):
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture)
    return frames.fps


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
    chosen = choose_device(parser.parse_args().device)
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

    config = preprocessing.Config(
        crop_px=CROP, motions=(MOTION,), n_pairs=PAIRS, n_slow=PAIRS, seed=0
    )
    pairs = preprocessing.warps(config, mesh)
    print(f"region error on known warps of {MOTION} px, noise of {config.noise:g} grey levels")
    for method, errors in pairs.groupby("method", sort=False)["error"]:
        print(f"  {method:<28} {100 * errors.mean():5.1f} % (median {100 * errors.median():.1f})")
    if chosen.type == "cuda":
        gpu(clips, mesh)


if __name__ == "__main__":
    main()
