"""Time and memory of ``causalex score`` on 100,000 truths and 300,000 detections.

    python benchmarks/score.py

Prints whole-process figures (start-up, reading, scoring, writing) for each protocol, and the
share of a run that does nothing but read the two files, measured in the same run.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from causalex_core.expressions import read_expressions

TRUTHS, DETECTIONS, VIDEOS, FRAMES = 100_000, 300_000, 2_000, 5_000


def table(generator: np.random.Generator, rows: int) -> pd.DataFrame:
    """Random intervals of 5 to 60 frames over 2,000 videos of 400 subjects."""
    video = generator.integers(0, VIDEOS, rows)
    onset = generator.integers(1, FRAMES, rows)
    return pd.DataFrame(
        {
            "subject": [f"s{number // 5}" for number in video],
            "video": [f"v{number}" for number in video],
            "onset": onset,
            "offset": onset + generator.integers(5, 61, rows),
            "kind": np.where(generator.random(rows) < 0.7, "macro", "micro"),
        }
    )


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak megabytes of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed with status {status}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    """Make the tables, score them under each protocol, print a row each."""
    generator = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        truth, found = Path(folder, "truth.csv"), Path(folder, "found.csv")
        table(generator, TRUTHS).to_csv(truth, index=False)
        table(generator, DETECTIONS).to_csv(found, index=False)
        started = time.perf_counter()
        for path in (truth, found):
            read_expressions(path)
        reading = time.perf_counter() - started
        print(f"{TRUTHS:,} truths, {DETECTIONS:,} detections; aim: 5 s and 1,000 MB")
        print(f"{'protocol':<12}{'seconds':>9}{'peak MB':>9}{'reading share':>15}")
        for protocol in ("megc", "auw", "auw_2023"):
            command = [sys.executable, "-m", "causalex_core.cli", "score", "--protocol", protocol]
            seconds, peak = run([*command, "--truth", str(truth), "--predictions", str(found)])
            print(f"{protocol:<12}{seconds:>9.2f}{peak:>9.0f}{reading / seconds:>15.2f}")


if __name__ == "__main__":
    main()
