"""The same search in new processes whose hash seeds differ.

Python salts the hashes of strings anew in every process, and with them the order of sets. A
search that walks over sets may then answer differently. The seed can only be set from outside.
"""

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from causalex_core import paths
from causalex_core.errors import CausalexError
from causalex_core.graphs import causal_learn
from causalex_core.graphs.search import fci

BACKENDS = {"causalex": fci, "causal-learn": causal_learn.fci}


def marks(
    samples: Sequence[np.ndarray], alpha: float, seeds: Sequence[int]
) -> dict[str, np.ndarray]:
    """Estimate a graph of each sample under each hash seed, counting every frame.

    Parameters
    ----------
    samples
        (frames, n) each.
    alpha
        Level of the tests.
    seeds
        Values of ``PYTHONHASHSEED``, a process each.

    Returns
    -------
    dict
        By backend, (seeds, samples, n, n) uint8 marks.

    Raises
    ------
    CausalexError
        If a process fails.
    """
    question = io.BytesIO()
    asked: dict[str, Any] = {f"samples_{k}": one for k, one in enumerate(samples)}
    np.savez(question, alpha=alpha, **asked)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=paths.ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        for seed in seeds
    ]
    answers = []
    for seed, process in zip(seeds, running, strict=True):
        answer, complaint = process.communicate(question.getvalue())
        if process.returncode:
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            raise CausalexError(f"search under hash seed {seed} failed: {last}")
        answers.append(np.load(io.BytesIO(answer)))
    return {name: np.stack([answer[name] for answer in answers]) for name in BACKENDS}


def main() -> None:
    """Answer one question: samples come in on standard input, marks go out."""
    question = np.load(io.BytesIO(sys.stdin.buffer.read()))
    samples = [question[f"samples_{k}"] for k in range(len(question.files) - 1)]
    alpha = float(question["alpha"])
    answer = io.BytesIO()
    found: dict[str, Any] = {
        name: np.array([search(one, alpha, "frames").marks for one in samples])
        for name, search in BACKENDS.items()
    }
    np.savez(answer, **found)
    sys.stdout.buffer.write(answer.getvalue())


if __name__ == "__main__":
    main()
