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
    """Marks of the graph of each sample (frames, n) under each hash seed, counting every frame.

    Returns (seeds, samples, n, n) uint8 by backend; a process that fails is a `CausalexError`.
    """
    request = io.BytesIO()
    arrays: dict[str, Any] = {f"samples_{k}": sample for k, sample in enumerate(samples)}
    np.savez(request, alpha=alpha, **arrays)
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            cwd=paths.ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            **pipes,
        )
        for seed in seeds
    ]
    responses = []
    for seed, process in zip(seeds, running, strict=True):
        response, complaint = process.communicate(request.getvalue())
        if process.returncode:
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            raise CausalexError(f"search under hash seed {seed} failed: {last}")
        responses.append(np.load(io.BytesIO(response)))
    return {name: np.stack([response[name] for response in responses]) for name in BACKENDS}


def main() -> None:
    """Read samples from standard input, write the marks of their graphs to standard output."""
    request = np.load(io.BytesIO(sys.stdin.buffer.read()))
    samples = [request[f"samples_{k}"] for k in range(len(request.files) - 1)]
    alpha = float(request["alpha"])
    graphs: dict[str, Any] = {
        name: np.array([search(sample, alpha, "frames").marks for sample in samples])
        for name, search in BACKENDS.items()
    }
    response = io.BytesIO()
    np.savez(response, **graphs)
    sys.stdout.buffer.write(response.getvalue())


if __name__ == "__main__":
    main()
