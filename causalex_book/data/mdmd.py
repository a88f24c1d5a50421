"""The MEGC2020 baseline (MDMD): published masks of both databases at 99 thresholds.

A mask tells for each frame whether its motion exceeds ``mean + p / 100 * (max - mean)``. Frames
are 1-based in the masks and in the authors' annotation files alike (SAMM at 200 frames per
second) and are kept so.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.io import loadmat

from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.manifest import Source
from causalex_core.data.names import subject_name, video_name
from causalex_core.expressions import KINDS

THRESHOLDS = range(1, 100)
FOLDER = "MDMD_results"


@dataclass(frozen=True)
class Setting:
    """Prefix and folder of the authors' files, and bounds of the length in inclusive frames."""

    results: str
    annotations: str
    shortest: int
    longest: float


SETTINGS: Mapping[tuple[str, str], Setting] = {
    (CAS, "macro"): Setting("ME2_macro", "CAS(ME)^2_Sets", 17, np.inf),
    (CAS, "micro"): Setting("ME2_micro", "CAS(ME)^2_Sets", 7, 16),
    (SAMM, "macro"): Setting("SAMM_MEGC_macro", "SAMM_MEGC_Sets", 106, np.inf),
    (SAMM, "micro"): Setting("SAMM_MEGC_micro", "SAMM_MEGC_Sets", 47, 105),
}


def masks(source: Source, database: str, kind: str) -> dict[str, np.ndarray]:
    """Nested masks of every video, (99, T) booleans: row p - 1 is the mask at threshold p."""
    folder = f"{FOLDER}/results_mat/{SETTINGS[database, kind].results}_results/"
    nested = {}
    for name in source.files:
        if name.startswith(folder) and name.endswith("_prd.mat"):
            # MATLAB arrays only: this reader runs no code from the file
            cells = loadmat(io.BytesIO(source.read_bytes(name)))["predicts"]
            rows = [np.ravel(mask).astype(bool) for mask in cells[:, 2]]
            subject, number = name.removeprefix(folder).removesuffix("_prd.mat").split("_")
            nested[video_name(database, subject.lstrip("s"), number)] = np.stack(rows)
    return nested


def levels(source: Source, database: str) -> dict[str, np.ndarray]:
    """Number of the 99 thresholds that each frame's motion exceeds, (T, 2) uint8 by video.

    At the distances of macro- and of micro-expressions, whose masks differ in length: frames
    that only one has are left out.
    """
    macro, micro = (masks(source, database, kind) for kind in KINDS)
    counts = {}
    for video in macro:
        both = [nested[video].sum(axis=0) for nested in (macro, micro)]
        shorter = min(map(len, both))
        counts[video] = np.stack([level[:shorter] for level in both], axis=1).astype(np.uint8)
    return counts


def intervals(mask: np.ndarray, shortest: int, longest: float) -> np.ndarray:
    """Runs of true frames of a mask (T,) as the authors extract them.

    First and last frame of each run, 1-based, (n, 2), with both bounds of the length allowed. A
    run that touches the last frame is dropped, as in the published files.
    """
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    onset, offset = np.flatnonzero(steps == 1) + 1, np.flatnonzero(steps == -1)
    length = offset - onset + 1
    keep = (offset < len(mask)) & (length >= shortest) & (length <= longest)
    return np.stack([onset[keep], offset[keep]], axis=1)


def detections(source: Source, database: str, kind: str) -> pd.DataFrame:
    """Intervals of every video at every threshold: ``p, subject, video, onset, offset, kind``."""
    setting = SETTINGS[database, kind]
    rows = [
        (p, video.rpartition("_")[0], video, *run)
        for video, nested in masks(source, database, kind).items()
        for p, mask in zip(THRESHOLDS, nested, strict=True)
        for run in intervals(mask, setting.shortest, setting.longest).astype(float)
    ]
    table = pd.DataFrame(rows, columns=["p", "subject", "video", "onset", "offset"])
    return table.assign(kind=kind)


def annotations(source: Source, database: str) -> pd.DataFrame:
    """The authors' true intervals of both kinds: ``onset, apex, offset, subject, video, kind``.

    A missing offset of CAS(ME)^2 is the apex here.
    """
    name = f"{FOLDER}/dataset_new/data/{SETTINGS[database, 'macro'].annotations}/all_Info.txt"
    table = pd.read_csv(
        io.BytesIO(source.read_bytes(name)),
        sep=" ",
        header=None,
        names=["subject", "number", "kind", "onset", "apex", "offset"],
        dtype={"subject": str, "number": str},
    )
    digits = table["subject"].str.lstrip("s")
    return (
        table[["onset", "apex", "offset"]]
        .astype(float)
        .assign(
            subject=[subject_name(database, subject) for subject in digits],
            video=[video_name(database, *row) for row in zip(digits, table["number"], strict=True)],
            kind=table["kind"].str.removesuffix("-expression"),
        )
    )


def printed_counts(source: Source, database: str, kind: str) -> pd.DataFrame:
    """Counts that the authors printed: columns ``p, n_pred, tp, n_truth``."""
    name = f"{FOLDER}/eval_res_txt/{SETTINGS[database, kind].results}_all_p.txt"
    text = source.read_bytes(name).decode()
    rows = re.findall(r"p=(\d+):\n.*\n(\d+) (\d+) (\d+) ", text)
    return pd.DataFrame(rows, columns=["p", "n_pred", "tp", "n_truth"]).astype(int)
