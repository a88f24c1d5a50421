"""Micro-expressions of a synthetic cohort as flow images.

Their key frames may be right or wrong. The faces are rendered, with the noise of a camera; where
they are in the picture is taken from the true landmarks, so that only key frames err.
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
from causalex_synthetic.dataset import Cohort
from causalex_synthetic.film import Film


def micro_expressions(cohort: Cohort) -> pd.DataFrame:
    """Micro-expressions that are negative, positive or surprised; the field leaves out others.

    Returns
    -------
    DataFrame
        Columns ``subject, onset, apex, offset, label, fps, n_frames``; the index is the row of
        ``cohort.expressions``, labels are those of CausalNet, ``n_frames`` is the video's length.
    """
    found = cohort.expressions
    found = found[(found["kind"] == "micro") & found["emotion"].isin(EMOTIONS)]
    frames = {video.name: video.frames for video in cohort.videos}
    return pd.DataFrame(
        {
            "subject": found["subject"],
            **{name: found[name].astype(int) for name in NAMES},
            "label": found["emotion"].map(EMOTIONS.index),
            "fps": found["fps"],
            "n_frames": found["video"].map(frames),
        }
    )


def clips(
    cohort: Cohort,
    rows: Sequence[int],
    key_frames: NDArray[np.integer],
    config: FlowConfig | None = None,
) -> Images:
    """Flow images of expressions, onset to apex and apex to offset.

    Parameters
    ----------
    cohort
        Who is filmed. No picture is drawn twice, and none that is not needed.
    rows
        Expressions: N rows of ``cohort.expressions``.
    key_frames
        (..., N, 3) onset, apex and offset that are believed.
    config
        Defaults if None.

    Returns
    -------
    (..., N, 2, 28, 28, 3) uint8 array

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
    numbers = {video.name: number for number, video in enumerate(cohort.videos)}
    videos = cohort.expressions["video"]

    @lru_cache(maxsize=1)  # expressions of one video mostly stand together
    def placed(name: str) -> tuple[Film, Placement]:
        film = cohort.film(numbers[name])
        sigma = config.smoothing * film.fps
        return film, alignment.align(_track(film, config), config.crop_px, sigma)

    believed = np.moveaxis(key_frames, -2, 0)
    made = [
        _clip(*placed(videos.loc[row]), own.reshape(-1, len(NAMES)), config)
        for row, own in zip(rows, believed, strict=True)
    ]
    together = np.stack(made, axis=1)
    return together.reshape(*key_frames.shape[:-1], *together.shape[2:])


def _clip(
    film: Film, placement: Placement, key_frames: NDArray[np.integer], config: FlowConfig
) -> Images:
    """(K, 2, 28, 28, 3) of one expression by K sets of key frames."""
    length = len(film.performance.units)
    wanted = np.unique(checked(key_frames, length)).tolist()
    pictures = {frame: _grey(film, frame) for frame in wanted}
    cut = crops(film.name, pictures, placement, config)
    phases = np.stack([key_frames[:, :2], key_frames[:, 1:]], axis=1)
    each, place = np.unique(phases.reshape(-1, 2), axis=0, return_inverse=True)
    images = np.stack([flow_image(cut[one], cut[other], config) for one, other in each.tolist()])
    return images[place.reshape(-1, 2)]


def _track(film: Film, config: FlowConfig) -> Track:
    """The face where :func:`causalex_core.recognition.flow_images.face_crops` would look for it."""
    every = max(1, round(config.sampling * film.fps))
    index = np.arange(0, len(film.performance.units), every)
    points = np.stack([film.face.landmarks(film.state(frame)) for frame in index.tolist()])
    return Track(index, points, np.zeros(len(index), dtype=bool), every)


def _grey(film: Film, frame: int) -> Picture:
    return np.asarray(cv2.cvtColor(film.picture(frame), cv2.COLOR_BGR2GRAY), dtype=np.uint8)
