"""Micro-expressions of a synthetic cohort as flow images.

Their key frames may be right or wrong. The faces are rendered, with the noise of a camera, and
aligned by their true landmarks, so that only key frames err.
"""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.motion import alignment
from causalex_core.motion.alignment import Placement, Track
from causalex_core.motion.video import Picture
from causalex_core.recognition.data import Images
from causalex_core.recognition.flow_images import FlowConfig, crops, flow_image
from causalex_core.recognition.key_frames import NAMES, checked
from causalex_synthetic.dataset import SyntheticDataset
from causalex_synthetic.film import Film


def micro_expressions(people: SyntheticDataset) -> pd.DataFrame:
    """Negative, positive and surprised micro-expressions; the field leaves out others.

    Columns ``subject, onset, apex, offset, label, fps, n_frames`` (length of the video); the index
    is that of ``cohort.expressions``, labels are those of CausalNet.
    """
    table = people.expressions
    table = table[(table["kind"] == "micro") & table["emotion"].isin(EMOTIONS)]
    frames = {video.name: video.frames for video in people.videos}
    return pd.DataFrame(
        {
            "subject": table["subject"],
            **{name: table[name].astype(int) for name in NAMES},
            "label": table["emotion"].map(EMOTIONS.index),
            "fps": table["fps"],
            "n_frames": table["video"].map(frames),
        }
    )


def clips(
    people: SyntheticDataset,
    rows: Sequence[int],
    key_frames: NDArray[np.integer],
    config: FlowConfig | None = None,
) -> Images:
    """Flow images (..., N, 2, 28, 28, 3) of expressions, onset to apex and apex to offset.

    Parameters
    ----------
    people
        Who is filmed; only the pictures needed are drawn, each once.
    rows
        Expressions: N rows of ``cohort.expressions``.
    key_frames
        (..., N, 3) onset, apex and offset, right or wrong.
    config
        Defaults if None.

    Raises
    ------
    CausalexError
        If there are not as many key frames as rows, or a video has no such frames.
    """
    config = config or FlowConfig()
    if key_frames.shape[-2:] != (len(rows), len(NAMES)):
        raise CausalexError(
            f"key frames of shape {key_frames.shape} for {len(rows)} expressions: expected"
            f" (..., {len(rows)}, {len(NAMES)})"
        )
    numbers = {video.name: number for number, video in enumerate(people.videos)}
    videos = people.expressions["video"]

    @lru_cache(maxsize=1)  # expressions of one video mostly stand together
    def placed(name: str) -> tuple[Film, Placement]:
        film = people.film(numbers[name])
        sigma = config.smoothing * film.fps
        return film, alignment.align(_track(film, config), config.crop_px, sigma)

    by_row = np.moveaxis(key_frames, -2, 0)
    images = [
        _clip(*placed(videos.loc[row]), frames.reshape(-1, len(NAMES)), config)
        for row, frames in zip(rows, by_row, strict=True)
    ]
    flow = np.stack(images, axis=1)
    return flow.reshape(*key_frames.shape[:-1], *flow.shape[2:])


def _clip(
    film: Film, placement: Placement, key_frames: NDArray[np.integer], config: FlowConfig
) -> Images:
    """(K, 2, 28, 28, 3) of one expression by K sets of key frames."""
    length = len(film.performance.units)
    numbers = np.unique(checked(key_frames, length)).tolist()
    pictures = {frame: _grey(film, frame) for frame in numbers}
    cropped = crops(film.name, pictures, placement, config)
    phases = np.stack([key_frames[:, :2], key_frames[:, 1:]], axis=1)
    pairs, index = np.unique(phases.reshape(-1, 2), axis=0, return_inverse=True)
    images = [flow_image(cropped[start], cropped[stop], config) for start, stop in pairs.tolist()]
    return np.stack(images)[index.reshape(-1, 2)]


def _track(film: Film, config: FlowConfig) -> Track:
    """True landmarks at the frames of :func:`causalex_core.recognition.flow_images.face_crops`."""
    every = max(1, round(config.sampling * film.fps))
    index = np.arange(0, len(film.performance.units), every)
    points = np.stack([film.face.landmarks(film.state(frame)) for frame in index.tolist()])
    return Track(index, points, np.zeros(len(index), dtype=bool), every)


def _grey(film: Film, frame: int) -> Picture:
    return np.asarray(cv2.cvtColor(film.picture(frame), cv2.COLOR_BGR2GRAY), dtype=np.uint8)
