"""CPU time of leave-one-subject-out training, next to a plain loop that works item by item.

    python benchmarks/train.py [fast] [plain] [parts] [debias] [gpu] [--device auto|cpu|cuda]
    python benchmarks/train.py fast --before CHECKOUT

Random motion and labels in the numbers of CAS(ME)^2: 22 subjects, 95 videos, 357 expressions,
about 293 windows with one; AUW-GCN's optimiser. `plain` does per window what the published loop
does: it opens a file, writes the targets frame by frame, and repeats adjacency and weights for
every frame of a batch. Both train few folds for 20 epochs on one thread and are extrapolated to
100 epochs of 22 folds. `parts` says where the time of one training step goes. `debias` predicts a
counterfactual with trained models, which is all that debiasing adds to training. `gpu` trains the
whole for one seed and for five. With `--before`, `fast` runs by turns here and in an earlier
checkout: times before and now, and their ratio.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch import nn
from torch.profiler import ProfilerActivity, profile

from causalex_core.devices import NAMES, choose_device
from causalex_core.spotting import losses
from causalex_core.spotting.data import (
    AUW_GCN_CONSTANTS,
    Targets,
    Video,
    Windows,
    cut,
    gather,
    leave_one_subject_out,
    marks,
)
from causalex_core.spotting.model import AUW_GCN, FRAMES, PAPER, Network, NetworkConfig
from causalex_core.spotting.training import (
    FoldTrainer,
    Graphs,
    OptimiserConfig,
    TrainingConfig,
    TrainingData,
    predict,
    train,
)
from causalex_core.training import Run

SUBJECTS, VIDEOS, LENGTH, MACRO, MICRO = 22, 95, 2_620, 300, 57
FOLDS, EPOCHS, ALL_EPOCHS, FULL_BATCH = 3, 20, 100, 128
PRIOR = torch.eye(12) + 1 / 12
NETWORKS = {"AUW-GCN": AUW_GCN, "Causal-Ex": PAPER}
N_TURNS = 3
PARTS = {  # events of torch's profiler
    "convolutions": ("aten::mkldnn_convolution", "aten::convolution_backward"),
    "graph layers": ("_GraphLayers", "_GraphLayersBackward"),
    "norm, ReLU, pool": ("_NormReluPool", "_NormReluPoolBackward"),
    "loss": ("_Loss", "_LossBackward"),
    "optimiser": ("aten::_fused_adamw_", "Optimizer.step#AdamW.step"),
}
TASKS = ("fast", "plain", "parts", "debias", "gpu")


def videos() -> tuple[list[Video], pd.DataFrame]:
    """Random videos, and their expressions in the first half of each."""
    generator = np.random.default_rng(1)
    made = [
        Video(f"s{n % SUBJECTS}", f"v{n}", generator.normal(0, 0.05, (LENGTH, 12, 2)))
        for n in range(VIDEOS)
    ]
    rows = []
    for number in range(MACRO + MICRO):
        kind, half = ("macro", 20) if number < MACRO else ("micro", 5)
        video, onset = made[number % VIDEOS], int(generator.integers(10, LENGTH // 2))
        rows.append((video.subject, video.name, onset, onset + half, onset + 2 * half, kind))
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    frames = dict.fromkeys(columns[2:5], float)
    return made, pd.DataFrame(rows, columns=columns).astype(frames)


def multiply_adds(config: NetworkConfig) -> float:
    """Multiply-adds of training on one window: the forward pass and twice as many back."""
    inputs = [config.channels, *[config.hidden] * len(config.graph)]
    per_frame = sum(config.nodes * one * (config.nodes + two) for one, two in pairwise(inputs))
    per_frame += sum(layer.weight.numel() for layer in Network(config).convolutions)
    return 3.0 * per_frame * FRAMES


def rate(precision: torch.dtype) -> float:
    """Multiply-adds per second of CPU time in one large product of matrices."""
    one, two = (torch.ones(1024, 1024, dtype=precision) for _ in range(2))
    return 1024**3 / seconds(lambda: one @ two)


def seconds(work) -> float:
    """Least CPU time of five calls."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def fast(windows: Windows) -> None:
    """Some folds, in both precisions and for both networks."""
    folds = leave_one_subject_out(windows)
    count = sum(len(fold.train) for fold in folds)
    trained = sum(len(fold.train) for fold in folds[:FOLDS])
    graphs = Graphs(PRIOR, PRIOR)
    warm_up = TrainingConfig(network=AUW_GCN, epochs=1)  # torch loads its optimiser once
    train(windows, folds[:1], warm_up, graphs=graphs, keep=[], device="cpu")
    for name, config in NETWORKS.items():
        for precision in ("float32", "bfloat16"):
            setting = TrainingConfig(
                network=config, epochs=EPOCHS, normalisation="auw_gcn", precision=precision
            )
            started = time.process_time()
            results = train(windows, folds[:FOLDS], setting, graphs=graphs, keep=[], device="cpu")
            taken = time.process_time() - started
            floor = multiply_adds(config) / rate(getattr(torch, precision))
            report(f"{name}, {precision}", taken / (EPOCHS * trained), count, floor)
            print(f"{'':28}loss of the last epoch {results.losses[:, -1].mean():.4f}")


def report(name: str, per_window: float, count: int, floor: float | None = None) -> None:
    """One line: CPU time per window, and of everything."""
    line = f"{name:<28}{1000 * per_window:6.2f} ms per window{per_window * count:8.1f} s per epoch"
    line += f" of 22 folds{per_window * count * ALL_EPOCHS / 60:8.1f} CPU min in all"
    print(line + ("" if floor is None else f"; products alone {1000 * floor:.2f} ms"), flush=True)


class PlainGraph(nn.Module):
    """Graph layer that repeats its matrices for every frame."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(2, 16).uniform_(-0.25, 0.25))
        self.bias = nn.Parameter(torch.empty(16).uniform_(-0.25, 0.25))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One small product per frame."""
        weight = self.weight[None].repeat(len(x), 1, 1)
        adjacency = PRIOR[None].repeat(len(x), 1, 1)
        return torch.bmm(adjacency, torch.bmm(x, weight)) + self.bias


class PlainNetwork(nn.Module):
    """AUW-GCN of torch's own layers."""

    def __init__(self) -> None:
        super().__init__()
        self.graph, self.norm = PlainGraph(), nn.BatchNorm1d(16)
        self.convolutions = nn.Sequential(
            *(nn.Conv1d(192, 64, 1, bias=False), nn.BatchNorm1d(64), nn.ReLU()),
            *(nn.Conv1d(64, 64, 3, padding=1, bias=False), nn.BatchNorm1d(64), nn.ReLU()),
            *(nn.Conv1d(64, 64, 3, padding=2, dilation=2, bias=False), nn.BatchNorm1d(64)),
            *(nn.ReLU(), nn.Conv1d(64, 10, 3, padding=2, dilation=2, bias=False)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Motion to logits."""
        windows, frames = x.shape[:2]
        x = self.graph(x.flatten(0, 1)).transpose(1, 2)
        x = torch.relu(self.norm(x)).transpose(1, 2)
        return self.convolutions(x.reshape(windows, frames, 192).transpose(1, 2))


class PlainItems(torch.utils.data.Dataset):
    """A file per window; targets are made anew whenever one is asked for."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.paths)

    def __getitem__(self, position: int) -> tuple[np.ndarray, ...]:
        """Motion and targets of one window."""
        with np.load(self.paths[position]) as file:
            motion, marked = file["motion"], file["marks"]
        bell = stats.norm(0, 4)
        falloff = [bell.pdf(step) / bell.pdf(0) for step in range(4)]
        phase, apex = np.full((2, 270), 2), np.zeros((2, 270), np.float32)
        for kind, radius in enumerate((1, 3)):
            for channel, value in ((0, 0), (2, 1)):
                for frame in range(270):
                    if marked[frame, kind, channel]:
                        phase[kind, max(frame - radius, 0) : frame + radius + 1] = value
            for frame in range(270):
                if marked[frame, kind, 1]:
                    for step in range(-radius, radius + 1):
                        if 0 <= frame + step < 270:
                            apex[kind, frame + step] = falloff[abs(step)]
        action = marked[..., 3].T.astype(np.float32)
        for channel in range(2):
            mean, deviation = AUW_GCN_CONSTANTS.mean[channel], AUW_GCN_CONSTANTS.deviation[channel]
            motion[..., channel] = (motion[..., channel] - float(mean)) / float(deviation)
        return motion, phase[:, 7:-7], apex[:, 7:-7], action[:, 7:-7].copy()


def plain(made: list[Video], table: pd.DataFrame, count: int) -> None:
    """One fold, epoch after epoch."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for video in made:
            if video.subject == "s0":
                continue
            rows = table[table["video"] == video.name]
            marked = cut(marks(rows, len(video.motion), "released"))
            for number, window in enumerate(cut(video.motion.astype(np.float32))):
                if marked[number, ..., 3].any():
                    paths.append(Path(folder, f"{video.name}-{number}.npz"))
                    np.savez(paths[-1], motion=window, marks=marked[number])
        model, config = PlainNetwork(), OptimiserConfig()
        update = torch.optim.AdamW(model.parameters(), config.lr, weight_decay=config.weight_decay)
        loader = torch.utils.data.DataLoader(PlainItems(paths), FULL_BATCH, shuffle=True)
        started = time.process_time()
        for _ in range(EPOCHS):
            for motion, *targets in loader:
                logits = model(motion)[:, :, 7:-7]
                update.zero_grad()
                losses.total(losses.terms(logits, Targets(*targets))).backward()
                update.step()
        taken = time.process_time() - started
    report("plain loop, AUW-GCN", taken / (EPOCHS * len(paths)), count)


def parts(windows: Windows) -> None:
    """CPU time of a training step, by what it is spent on."""
    (fold,) = leave_one_subject_out(windows)[:1]
    for name, config in NETWORKS.items():
        for precision in ("float32", "bfloat16"):
            setting = TrainingConfig(
                network=config, epochs=2, normalisation="auw_gcn", precision=precision
            )
            data = TrainingData(
                windows.motion, windows.targets, Graphs(PRIOR, PRIOR), AUW_GCN_CONSTANTS
            )
            trainer = FoldTrainer([Run(fold, 1)], data, [], setting)
            trainer.advance()
            with profile(activities=[ProfilerActivity.CPU]) as profiled:
                trainer.advance()
            spent = dict.fromkeys(PARTS, 0.0) | {"rest": 0.0}
            for event in profiled.key_averages():
                part = next((part for part, names in PARTS.items() if event.key in names), "rest")
                spent[part] += event.self_cpu_time_total / len(fold.train)
            row = ", ".join(f"{part} {microseconds:.0f}" for part, microseconds in spent.items())
            print(f"{name}, {precision:<16} microseconds per window: {row}", flush=True)


def paired(before: Path) -> None:
    """CPU time of `fast` here over that in an earlier checkout, by turns."""
    here, taken = Path(__file__).parents[1], {}
    for checkout in [before, here] * N_TURNS:
        output = subprocess.run(
            [sys.executable, checkout / "benchmarks" / "train.py", "fast", "--device", "cpu"],
            env=os.environ | {"PYTHONPATH": str(checkout)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name, value in re.findall(r"^(\S.*?) +([\d.]+) ms per window", output, re.MULTILINE):
            taken.setdefault(name, {}).setdefault(checkout, []).append(float(value))
    for name, by_checkout in taken.items():
        old, new = min(by_checkout[before]), min(by_checkout[here])
        print(f"{name:<28}{old:6.2f} ms before, {new:.2f} ms now: {old / new:.2f} times as fast")


def debias(windows: Windows) -> None:
    """What debiasing after training costs, as a share of training."""
    folds, graphs = leave_one_subject_out(windows), Graphs(PRIOR, PRIOR)
    setting = TrainingConfig(network=PAPER, epochs=1, precision="bfloat16")
    started = time.process_time()
    results = train(windows, folds, setting, graphs=graphs, keep=[], device="cpu")
    trained = (time.process_time() - started) * ALL_EPOCHS
    started = time.process_time()
    predict(results, setting, graphs, {"null": torch.zeros_like(windows.motion)})
    judged = time.process_time() - started
    share = f"{100 * judged / trained:.2f} % of {trained / 60:.1f} CPU min of training"
    print(f"{'one counterfactual':<28}{judged:6.1f} s for all windows, {share}", flush=True)


def gpu(windows: Windows) -> None:
    """Everything on a GPU, in wall time."""
    if not torch.cuda.is_available():
        print("gpu: none here")
        return
    folds = leave_one_subject_out(windows)
    setting = TrainingConfig(network=PAPER, normalisation="auw_gcn", precision="bfloat16")
    for seeds in ((1,), (1, 2, 3, 4, 5)):
        started = time.monotonic()
        train(windows, folds, setting, seeds=seeds, graphs=Graphs(PRIOR), keep=[], device="cuda")
        print(f"gpu, {len(seeds)} seeds: {time.monotonic() - started:.1f} s for 22 folds")


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", help=f"{', '.join(TASKS)}; all if none is named")
    parser.add_argument("--before", type=Path, help="an earlier checkout to compare `fast` with")
    parser.add_argument(
        "--device", choices=NAMES, default="auto", help="cpu: all but gpu; cuda: gpu; auto: both"
    )
    given = parser.parse_args()
    if given.before:
        paired(given.before.resolve())
        return
    wanted = set(given.wanted or TASKS)
    if given.device != "auto":
        wanted &= {"gpu"} if choose_device(given.device).type == "cuda" else wanted - {"gpu"}
    made, table = videos()
    windows = gather(made, table)
    folds = leave_one_subject_out(windows)
    count = sum(len(fold.train) for fold in folds)
    print(f"{len(windows.video)} windows, {windows.with_expression.sum()} with expressions,"
          f" {count} trained on in an epoch of {len(folds)} folds")  # fmt: skip
    if "plain" in wanted:
        plain(made, table, count)
    if "fast" in wanted:
        fast(windows)
    if "parts" in wanted:
        parts(windows)
    if "debias" in wanted:
        debias(windows)
    if "gpu" in wanted:
        gpu(windows)


if __name__ == "__main__":
    main()
