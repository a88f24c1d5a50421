"""The papers' trainings and our extraction on one GPU, in one process and a few minutes.

    python benchmarks/gpu.py pack [FILE]
    python benchmarks/gpu.py run [FILE] [--out JSON] [--minutes 8] [--toy] [--plain]

`run` needs this repository, Python 3.11, a GPU with about 80 GB, and the packages torch, numpy,
scipy, pandas, safetensors and tqdm. It reads one file and fetches nothing. `pack` writes that
file where the sources of the databases and all packages of the book are. It holds motion of real
people under licence: git ignores it, and it is for oneself alone.

Four parts, each with a share of the minutes; what one leaves is for the next:

`agreement` compares flow, a step of the spotters and a step of CausalNet with those of the
processor, in float32 without TF32.
`spotting` trains AUW-GCN and Causal-Ex as published, leaving one subject out, on both databases,
one seed after the other while there is time, and counts as MEGC does after the last epoch.
`recognition` trains CausalNet as published, a model per subject, for as many epochs as fit.
`extraction` computes flow and reads the regions on made-up crops; decoding, landmarks, crops, the
fit of the head and the main direction are not in it: a processor does these.

The JSON is written anew after every part. In book/published/measured/ the book shows it.
With `--toy` everything is small and made up, and runs on a processor, too. `--plain` captures no
step, for a GPU whose driver fails at that.
"""

import argparse
import copy
import hashlib
import io
import math
import platform
import sys
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as nnf
from scipy import ndimage
from torch import Tensor, nn

from causalex_book.publishing import results
from causalex_core import paths, provenance, regions
from causalex_core.devices import choose_device
from causalex_core.errors import CausalexError
from causalex_core.evaluation import recognition as recognition_scores
from causalex_core.evaluation import spotting as spotting_scores
from causalex_core.graphs import compound
from causalex_core.motion import flow_batched
from causalex_core.recognition import data as recognition_data
from causalex_core.recognition import training as recognition_training
from causalex_core.recognition.model import CLASSES, SIDE, CausalNet, CausalNetConfig
from causalex_core.spotting import losses, proposals
from causalex_core.spotting.data import (
    AUW_GCN_CONSTANTS,
    KINDS,
    TargetConfig,
    Targets,
    Video,
    Windows,
    gather,
    leave_one_subject_out,
)
from causalex_core.spotting.losses import LossConfig
from causalex_core.spotting.model import AUW_GCN, PAPER
from causalex_core.spotting.proposals import ProposalConfig
from causalex_core.spotting.training import FoldTrainer, Graphs, TrainingConfig, TrainingData
from causalex_core.training import Fold, Run, by_sample

Row = dict[str, object]
Arrays = Mapping[str, np.ndarray]
Precision = Literal["float32", "bfloat16"]

SUFFIX = ".gpu.npz"  # git ignores it
PACKED = paths.data_folder() / f"real{SUFFIX}"
MOST_BYTES = 40_000_000
# Share of the time at whose end each part stops; what is left is for loading torch and writing.
PARTS = {"agreement": 0.15, "spotting": 0.56, "recognition": 0.88, "extraction": 0.93}
NETWORKS = {"AUW-GCN": AUW_GCN, "Causal-Ex": PAPER}
TEXTS = ("subject", "video", "kind")  # columns of expressions
SEED = 1
# Largest relative difference between losses of captured and of plain steps, in the first epochs.
SAME_LOSSES: Mapping[Precision, float] = {"float32": 1e-4, "bfloat16": 1e-2}
DISAGREES = "DISAGREES with the processor"


@dataclass(frozen=True)
class Database:
    """How a database is trained on and read out, as in the published setting."""

    loss: LossConfig
    rules: ProposalConfig


DATABASES = {
    "CAS(ME)^2": Database(losses.CAS, replace(proposals.CAS, variant="released")),
    "SAMM-LV": Database(losses.SAMM, replace(proposals.SAMM, variant="released")),
}


@dataclass(frozen=True)
class Sizes:
    """What is run."""

    most_seeds: int = 20
    epochs: int = 100  # of spotters
    batch: int = 128
    compared: int = 16  # windows, and samples of CausalNet, of the steps that are compared
    repeats: tuple[int, int, int] = (3, 3, 9)  # layers of CausalNet's stages
    recogniser_epochs: int = 200
    timed: int = 3  # epochs of CausalNet from which its time is foreseen
    crop_px: int = 256
    pairs: int = 64  # of crops, at once
    repetitions: int = 50


TOY = Sizes(
    most_seeds=1,
    epochs=2,
    batch=2,
    compared=3,
    repeats=(1, 1, 1),
    recogniser_epochs=2,
    timed=1,
    crop_px=64,
    pairs=2,
    repetitions=2,
)


class Clock:
    """Time left to each part."""

    def __init__(self, minutes: float) -> None:
        self.begun, self.seconds = time.monotonic(), 60 * minutes

    def left(self, part: str) -> float:
        """Seconds until a part has to stop."""
        return self.begun + PARTS[part] * self.seconds - time.monotonic()


@dataclass
class Report:
    """Tables by part, written as a result of the book."""

    out: Path
    parameters: dict[str, object]
    data: str  # digest of what was read
    begun: float = field(default_factory=time.monotonic)
    tables: dict[str, list[Row]] = field(default_factory=lambda: {"parts": []})

    def add(self, part: str, finished: str, seconds: float, rows: Sequence[Row] = ()) -> None:
        """Add a part, say what it finished, and write all that there is."""
        self.tables["parts"].append({"part": part, "finished": finished, "seconds": seconds})
        if rows:
            self.tables[part] = list(rows)
        print(f"{part}: {finished} ({seconds:.1f} s)", flush=True)
        self.write()

    def write(self) -> None:
        """Write all that there is."""
        stamp = provenance.Stamp(
            commit=provenance.commit(),
            configuration=provenance.digest(self.parameters),
            data=self.data,
            code=provenance.code_digest(Path(__file__).resolve()),
            device=provenance.device(),
            seconds=time.monotonic() - self.begun,
        )
        tables = {name: pd.DataFrame(table) for name, table in self.tables.items()}
        results.write(
            results.Result("gpu", tables, self.parameters, stamp, origin="computed"), self.out
        )


# --- The packed data -------------------------------------------------------------------------


def collect() -> dict[str, np.ndarray]:
    """Read all sources."""
    from causalex_core.data import causalnet, manifest

    arrays = {"commit": np.array(provenance.commit())}
    for name in DATABASES:
        arrays |= collect_database(name)
    source = manifest.require("causalnet_flow")
    clips = causalnet.clips(source)
    return arrays | {
        "clips.flow": causalnet.images(source, clips),
        "clips.labels": clips["label"].to_numpy(),
        "clips.subjects": clips["subject"].to_numpy(str),
    }


def collect_database(name: str) -> dict[str, np.ndarray]:
    """Motion, marks, expressions, graphs and prior of a database."""
    from causalex_book.spotting import dataset
    from causalex_core.data import manifest, region_motion
    from causalex_core.spotting.graph import GraphConfig

    data = dataset.read(name, {}, GraphConfig(alpha=0.01), targets="marks")
    if data.published_prior is None:
        card = manifest.card("auw_gcn_priors")
        raise CausalexError(f"{name}: no published prior; add it with `{card.command}`")
    truth = data.truth
    arrays = {
        "motion": np.concatenate([video.motion for video in data.videos]),
        "lengths": np.array(data.windows.lengths),
        "subjects": np.array(data.windows.subjects),
        "names": np.array(data.windows.names),
        "marks": np.concatenate([video.marks for video in region_motion.read(name).videos]),
        "pags": np.stack(data.marks),
        "prior": data.published_prior,
        "truth": truth[["onset", "apex", "offset"]].to_numpy(float),
        **{f"truth_{column}": truth[column].to_numpy(str) for column in TEXTS},
    }
    return {f"{name}.{key}": values for key, values in arrays.items()}


def write(arrays: Arrays, path: Path) -> None:
    """Write the packed data, whole or not at all."""
    if not path.name.endswith(SUFFIX):
        raise CausalexError(f"{path}: expected a name that ends in {SUFFIX}, which git ignores")
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    size = content.tell()
    if size > MOST_BYTES:
        raise CausalexError(f"{size / 1e6:.1f} MB: expected at most {MOST_BYTES / 1e6:.0f} MB")
    paths.atomic_write(path, content.getvalue())
    print(f"{path}: {size / 1e6:.1f} MB")


def read(path: Path) -> dict[str, np.ndarray]:
    """Packed data."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CausalexError(
            f"{path}: no packed data ({type(error).__name__}); write them with"
            " `python benchmarks/gpu.py pack FILE` where the sources are, or take --toy"
        ) from error
    absent = toy().keys() - arrays.keys()
    if absent:
        raise CausalexError(f"{path}: no '{min(absent)}' in it; pack the data anew")
    return arrays


def toy() -> dict[str, np.ndarray]:
    """Made-up data in the same form."""
    generator = np.random.default_rng(SEED)
    n_videos, length = 5, 300
    arrays = {"commit": np.array("made up")}
    for name in DATABASES:
        marks = np.zeros((n_videos, length, len(KINDS), 4), bool)
        marks[:, [20, 30, 40], :, [0, 1, 2]] = True
        marks[:, 20:41, :, 3] = True
        names = np.array([f"video{number}" for number in range(n_videos)])
        subjects = np.array([f"subject{number // 2}" for number in range(n_videos)])
        part = {
            "motion": generator.normal(0, 0.5, (n_videos * length, 12, 2)).astype(np.float32),
            "lengths": np.full(n_videos, length),
            "subjects": subjects,
            "names": names,
            "marks": marks.reshape(-1, len(KINDS), 4),
            "pags": generator.integers(0, 3, (n_videos, 12, 12)).astype(np.uint8),
            "prior": np.full((12, 12), 1 / 12, np.float32),
            "truth": np.tile([20.0, 30.0, 40.0], (2 * n_videos, 1)),
            "truth_subject": subjects.repeat(2),
            "truth_video": names.repeat(2),
            "truth_kind": np.tile(KINDS, n_videos),
        }
        arrays |= {f"{name}.{key}": values for key, values in part.items()}
    n_clips = 6
    flow = generator.integers(0, 256, (n_clips, 2, SIDE, SIDE, 3)).astype(np.uint8)
    labels, subjects = np.arange(n_clips) % CLASSES, np.array(["a", "b"] * 3)
    return arrays | {"clips.flow": flow, "clips.labels": labels, "clips.subjects": subjects}


def digest_of(arrays: Arrays) -> str:
    """Digest of the values."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        content.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return provenance.digest(content.hexdigest())


def spotting_data(arrays: Arrays, database: str) -> tuple[Windows, pd.DataFrame, Graphs]:
    """Windows with the released targets, the annotated expressions, and matrices of each window."""
    start = f"{database}."
    part = {
        name.removeprefix(start): values
        for name, values in arrays.items()
        if name.startswith(start)
    }
    ends = np.cumsum(part["lengths"])[:-1]
    people = zip(part["subjects"].tolist(), part["names"].tolist(), strict=True)
    videos = [
        Video(subject, name, motion)
        for (subject, name), motion in zip(people, np.split(part["motion"], ends), strict=True)
    ]
    truth = pd.DataFrame(part["truth"], columns=["onset", "apex", "offset"]).assign(
        **{name: part[f"truth_{name}"].astype(object) for name in TEXTS}
    )
    windows = gather(videos, truth, TargetConfig("released"), np.split(part["marks"], ends))
    causal = np.stack([compound.adjacency(marks, "any_edge") for marks in part["pags"]])
    mixed = compound.compound(causal, part["prior"])[windows.video]
    return windows, truth, Graphs(torch.from_numpy(mixed), torch.from_numpy(part["prior"]))


def spotter_setting(
    database: str, network: str, sizes: Sizes, precision: Precision
) -> TrainingConfig:
    """The published setting."""
    return TrainingConfig(
        network=NETWORKS[network],
        loss=DATABASES[database].loss,
        epochs=sizes.epochs,
        batch=sizes.batch,
        normalisation="auw_gcn",
        precision=precision,
    )


def on_device(windows: Windows, graphs: Graphs, device: torch.device) -> TrainingData:
    """All that the training of a spotter reads."""
    return TrainingData(
        motion=windows.motion.to(device),
        targets=Targets(*(values.to(device) for values in windows.targets)),
        graphs=Graphs(graphs.compound.to(device), graphs.prior.to(device)),
        normalisation=AUW_GCN_CONSTANTS.to(device),
    )


# --- A spotter whose step is captured --------------------------------------------------------


class CapturedTrainer(FoldTrainer):
    """A spotter whose whole step is one CUDA graph for each size of batch.

    What to expect: a plain step starts some 300 kernels of a few microseconds each, and starting
    them takes 3 to 5 ms. 52 folds of 100 epochs of 3 steps are 15,000 steps, a minute for each
    network and seed. A replayed step takes what its kernels take, well under 1 ms; to capture one
    costs as much as ten plain steps, twice for each fold. A seed of a network should then take
    some 15 s. The batch's indices, the rate and the sum of losses lie at fixed places of memory.
    """

    def __init__(
        self, runs: Sequence[Run], data: TrainingData, keep: Sequence[int], config: TrainingConfig
    ) -> None:
        super().__init__(runs, data, keep, config)
        self.rate = torch.zeros((), device=self.device)
        self.total = torch.zeros((), device=self.device)
        for group in self.optimiser.param_groups:
            group.update(lr=self.rate, capturable=self.device.type == "cuda")
        self.network.train()
        changed = [*self.progress_in_memory(), self.total]
        windows = torch.from_numpy(self.run.fold.train).to(self.device)
        self.batches = {len(part): part.clone() for part in windows.split(config.batch)}
        self.replays = {
            size: captured(partial(self.step, index), changed, self.device)
            for size, index in self.batches.items()
        }

    def progress_in_memory(self) -> Iterator[Tensor]:
        """All that a step changes."""
        yield from self.network.state_dict().values()
        for state in self.optimiser.state.values():
            yield from state.values()

    def step(self, index: Tensor) -> None:
        """From the indices of a batch to new weights."""
        loss = self.loss(index)
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.total += loss.detach() * len(index)

    def advance(self) -> float:
        """Train for one epoch and predict; the mean loss of the epoch."""
        self.rate.fill_(self.lr())
        self.total.zero_()
        self.network.train()
        order = self.run.generator(self.epoch).permutation(self.run.fold.train)
        for index in torch.from_numpy(order).to(self.device).split(self.config.batch):
            self.batches[len(index)].copy_(index)
            self.replays[len(index)]()
        loss = self.total.item() / len(order)
        if not math.isfinite(loss):
            raise CausalexError(f"{self.run}: the loss of epoch {self.epoch + 1} is not finite")
        self.losses[:, self.epoch] = loss
        self.predict()
        self.epoch += 1
        return loss


def captured(
    step: Callable[[], None], changed: Sequence[Tensor], device: torch.device
) -> Callable[[], None]:
    """A step as one CUDA graph; on a processor the step itself.

    Steps that warm it up are taken back: `changed` is all that they change.
    """
    if device.type != "cuda":
        return step
    before = [values.clone() for values in changed]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*capturable=True.*")  # not captured yet
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    with torch.no_grad():
        for values, old in zip(changed, before, strict=True):
            values.copy_(old)
    return graph.replay


# --- The parts -------------------------------------------------------------------------------


def agreement(arrays: Arrays, device: torch.device, sizes: Sizes) -> tuple[list[Row], str]:
    """Differences from the processor, and a summary."""
    places = torch.device("cpu"), device
    rows: list[Row] = []
    beyond: list[str] = []

    def add(quantity: str, difference: float, tolerance: float) -> None:
        rows.append({"quantity": quantity, "difference": difference, "tolerance": tolerance})
        print(f"  {quantity}: {difference:.1e}, at most {tolerance:.0e}", flush=True)
        if not difference <= tolerance:
            beyond.append(quantity)

    flows = [flow_batched.lucas_kanade(*crops(sizes, 2), place) for place in places]
    add("flow, px", float(np.abs(flows[0] - flows[1]).max()), 1e-3)
    name = next(iter(DATABASES))
    windows, _, graphs = spotting_data(arrays, name)
    for network in NETWORKS:
        config = spotter_setting(name, network, sizes, "float32")
        steps = [spotter_step(windows, graphs, config, place, sizes) for place in places]
        add(f"{network}, loss", relative(steps[0][:1], steps[1][:1]), 1e-4)
        add(f"{network}, gradient", relative(steps[0][1:], steps[1][1:]), 1e-3)
    steps = causalnet_steps(arrays, places, sizes)
    add("CausalNet, loss", relative(steps[0][:1], steps[1][:1]), 1e-4)
    add("CausalNet, gradient", relative(steps[0][1:], steps[1][1:]), 1e-3)
    if beyond:
        return rows, f"{DISAGREES} in {', '.join(beyond)}"
    return rows, f"{len(rows)} comparisons with the processor within their tolerance"


def relative(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Length of the difference over the length of the first."""
    difference = length = 0.0
    for x, y in zip(first, second, strict=True):
        x, y = x.double().cpu(), y.double().cpu()
        difference += float((y - x).square().sum())
        length += float(x.square().sum())
    return math.sqrt(difference / length)


def spotter_step(
    windows: Windows, graphs: Graphs, config: TrainingConfig, device: torch.device, sizes: Sizes
) -> list[Tensor]:
    """Loss of some windows, and its gradients."""
    chosen = np.flatnonzero(windows.with_expression)[: sizes.compared]
    fold = Fold("compared", chosen, chosen)
    trainer = FoldTrainer([Run(fold, SEED)], on_device(windows, graphs, device), (), config)
    trainer.inputs = None  # the plain form, as on a GPU
    loss = trainer.loss(torch.from_numpy(chosen).to(device))
    loss.backward()
    return [loss.detach(), *gradients(trainer.network)]


def causalnet_steps(
    arrays: Arrays, devices: Sequence[torch.device], sizes: Sizes
) -> list[list[Tensor]]:
    """Loss of some samples, and its gradients, of one network on each device."""
    maps = torch.from_numpy(recognition_data.inputs(arrays["clips.flow"][: sizes.compared]))
    labels = torch.from_numpy(arrays["clips.labels"][: sizes.compared]).long()
    torch.manual_seed(SEED)
    network = CausalNet(CausalNetConfig(repeats=sizes.repeats, folded=True))
    steps = []
    for device in devices:
        copied = copy.deepcopy(network).to(device)
        loss = nnf.cross_entropy(copied(maps.to(device)), labels.to(device))
        loss.backward()
        steps.append([loss.detach(), *gradients(copied)])
    return steps


def gradients(network: nn.Module) -> Iterator[Tensor]:
    """Gradients of all parameters that have one."""
    return (value.grad for value in network.parameters() if value.grad is not None)


def trainer_of_spotters(
    data: TrainingData, fold: Fold, sizes: Sizes, is_plain: bool
) -> tuple[type[FoldTrainer], str]:
    """Trainer with captured steps, if these give the losses of plain ones; and why."""
    if is_plain:
        return FoldTrainer, "plain steps, as asked"
    few = replace(sizes, epochs=3)
    differences = []
    for precision, most in SAME_LOSSES.items():
        config = spotter_setting(next(iter(DATABASES)), "Causal-Ex", few, precision)
        try:
            plain, fast = (
                torch.tensor([training.advance() for _ in range(config.epochs)])
                for trainer in (FoldTrainer, CapturedTrainer)
                for training in [trainer([Run(fold, SEED)], data, (), config)]
            )
        except RuntimeError as error:  # torch's, of a capture
            return FoldTrainer, f"plain steps, as none was captured: {str(error).splitlines()[0]}"
        difference = relative([plain], [fast])
        differences.append(f"{difference:.0e} in {precision}")
        if not difference <= most:
            return FoldTrainer, f"plain steps; losses of captured ones differ by {differences[-1]}"
    steps = "captured steps" if data.motion.is_cuda else "steps as a GPU would capture them"
    return CapturedTrainer, f"{steps}; losses of plain ones differ by {' and '.join(differences)}"


def spotting(
    arrays: Arrays, device: torch.device, sizes: Sizes, clock: Clock, is_plain: bool
) -> tuple[list[Row], str]:
    """Counts of every seed, network and database whose folds were all trained, and a summary."""
    read = {name: spotting_data(arrays, name) for name in DATABASES}
    folds = {name: leave_one_subject_out(windows) for name, (windows, *_) in read.items()}
    data = {name: on_device(windows, graphs, device) for name, (windows, _, graphs) in read.items()}
    first = next(iter(DATABASES))
    trainer, steps = trainer_of_spotters(data[first], folds[first][0], sizes, is_plain)
    print(f"  {steps}", flush=True)
    rows: list[Row] = []
    models, longest = 0, 0.0
    seeds = range(SEED, SEED + sizes.most_seeds)
    for seed, database, network in product(seeds, DATABASES, NETWORKS):
        config = spotter_setting(database, network, sizes, "bfloat16")
        runs = [Run(fold, seed) for fold in folds[database]]
        predictions, begun = [], time.monotonic()
        for run in runs:
            started = time.monotonic()
            if clock.left("spotting") < 1.5 * longest:
                break
            training = trainer([run], data[database], (sizes.epochs - 1,), config)
            while training.epoch < sizes.epochs:
                training.advance()
            predictions.append(training.predictions[0][0].numpy())
            longest = max(longest, time.monotonic() - started)
        models += len(predictions)
        if len(predictions) < len(runs):
            break
        seconds = time.monotonic() - begun
        print(f"  {network}, {database}, seed {seed}: {seconds:.1f} s")
        windows, truth, _ = read[database]
        scores = by_sample(runs, predictions, len(windows.video)).astype(np.float32)
        detections = proposals.detect(scores, windows, DATABASES[database].rules)
        counted = spotting_scores.score(truth, detections, spotting_scores.MEGC)
        for kind, counts in spotting_scores.pool(counted).items():
            label: Row = {"database": database, "network": network, "seed": seed, "kind": kind}
            rows.append(label | asdict(counts) | {"f1": counts.f1, "seconds": seconds})
            print(
                f"    {kind}: {counts.tp} / {counts.n_pred} / {counts.n_truth}, F1 {counts.f1:.3f}",
                flush=True,
            )
    per_seed = len(DATABASES) * len(NETWORKS) * 3  # kinds, and both together
    return rows, (
        f"{models} spotters of {sizes.epochs} epochs; whole seeds of both networks on both"
        f" databases: {len(rows) // per_seed}; {steps}"
    )


def recognition(
    arrays: Arrays, device: torch.device, sizes: Sizes, clock: Clock
) -> tuple[list[Row], str]:
    """Time of CausalNet as published, its scores if every model was trained, and a summary."""
    labels, subjects = arrays["clips.labels"], arrays["clips.subjects"]
    folds = recognition_data.leave_one_subject_out(subjects.tolist())
    runs = [
        Run(Fold(name, np.flatnonzero(~held), np.flatnonzero(held)), SEED)
        for name, held in zip(folds.subjects, folds.held_out, strict=True)
    ]
    if clock.left("recognition") < 0:
        return [], "no time was left"
    config = replace(
        recognition_training.PUBLISHED,
        network=CausalNetConfig(repeats=sizes.repeats, folded=True),
        epochs=sizes.recogniser_epochs,
        precision="bfloat16",
    )
    begin = partial(
        recognition_training.FoldTrainer,
        inputs=torch.from_numpy(recognition_data.inputs(arrays["clips.flow"])).to(device),
        labels=torch.from_numpy(labels).long().to(device),
        config=config,
    )
    at_once = recognition_training.at_once(config, len(runs)) if device.type == "cuda" else 1
    # The first group says how long a group takes, and so how many epochs all can have.
    while True:
        try:
            set_up, epoch = timed(begin, runs[:at_once], sizes.timed)
            break
        except torch.OutOfMemoryError:
            if at_once == 1:
                raise
            at_once //= 2
            print(f"  out of memory: {at_once} models at once", flush=True)
    groups = [runs[start : start + at_once] for start in range(0, len(runs), at_once)]
    left = 0.95 * clock.left("recognition") / len(groups) - set_up
    epochs = min(max(int(left / epoch), 1), sizes.recogniser_epochs)
    print(f"  {at_once} models at once, {epoch:.3f} s per epoch: {epochs} epochs for all folds")
    logits: list[np.ndarray] = []
    begun = time.monotonic()
    for group in groups:
        if clock.left("recognition") < set_up + epoch:
            break
        training = begin(group)
        while training.epoch < epochs and clock.left("recognition") > epoch:
            training.advance()
        if training.epoch == epochs:
            logits += [values[epochs - 1].numpy() for values in training.predictions]
        del training  # before the next group needs its memory
    seconds = time.monotonic() - begun
    whole = len(groups) * (set_up + config.epochs * epoch)
    row: Row = {
        "folds": len(logits),
        "epochs": epochs,
        "at_once": at_once,
        "seconds": seconds,
        "seconds_per_epoch_of_all": len(groups) * epoch,
        "seconds_for_all_epochs": whole,
    }
    if len(logits) == len(runs):
        predicted = by_sample(runs, logits, len(labels)).argmax(-1)
        counted = recognition_scores.per_subject(predicted, labels, subjects, CLASSES)
        scored = recognition_scores.scores(counted.sum(axis=0)).tolist()
        row |= dict(zip(recognition_scores.MEASURES, scored, strict=True))
    finished = (
        f"CausalNet, {len(logits)} of {len(runs)} folds for {epochs} of {config.epochs} epochs;"
        f" all folds and epochs would take {whole / 60:.1f} minutes"
    )
    return [row], finished


def timed(
    begin: Callable[[Sequence[Run]], recognition_training.FoldTrainer],
    runs: Sequence[Run],
    epochs: int,
) -> tuple[float, float]:
    """Seconds that a group of models takes to set up, first epoch included, and per epoch."""
    started = time.monotonic()
    training = begin(runs)
    training.advance()
    ready = time.monotonic()
    for _ in range(epochs):
        training.advance()
    return ready - started, (time.monotonic() - ready) / epochs


def extraction(device: torch.device, sizes: Sizes, clock: Clock) -> tuple[list[Row], str]:
    """Frames per second of both passes of flow and of reading the regions."""
    first, second, weights = crops(sizes, sizes.pairs)
    small, other = (
        images.reshape(len(images), sizes.crop_px // 2, 2, -1, 2).mean((2, 4)).astype(np.uint8)
        for images in (first, second)
    )
    generator = np.random.default_rng(SEED)
    centres = generator.integers(sizes.crop_px // 4, 3 * sizes.crop_px // 4, (regions.COUNT, 2, 1))
    offset = max(1, sizes.crop_px // 128) * np.arange(-5, 6)
    x, y = np.moveaxis(centres + offset, 1, 0)  # (12, 11) each
    taken: list[float] = []
    while len(taken) <= sizes.repetitions and clock.left("extraction") > 2 * max(taken, default=0):
        started = time.monotonic()
        flow_batched.lucas_kanade(small, other, None, device)
        field = flow_batched.lucas_kanade(first, second, weights, device)
        field[:, y[:, :, None], x[:, None]].mean((2, 3))
        taken.append(time.monotonic() - started)
    if len(taken) < 2:
        return [], "no time was left"
    steady = taken[1:]  # the first one allocates memory
    frames = sizes.pairs * len(steady)
    speed = frames / sum(steady)
    row: Row = {"crop_px": sizes.crop_px, "at_once": sizes.pairs, "frames": frames}
    return [row | {"frames_per_second": speed}], (
        f"{frames} frames of {sizes.crop_px} px, {speed:.0f} per second: flow and regions, without"
        " decoding and landmarks"
    )


def crops(sizes: Sizes, n_pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Made-up pairs of crops (N, H, W), moved a little and far by turns; and weights of pixels."""
    generator = np.random.default_rng(SEED)
    texture = generator.normal(size=(n_pairs, sizes.crop_px, sizes.crop_px))
    texture = ndimage.gaussian_filter(texture, (0, 2, 2))
    texture = 128 + 40 * texture / texture.std()
    moved = np.stack(
        [
            ndimage.shift(image, (0.5, 3) if number % 2 else (0.2, 0.4), mode="nearest")
            for number, image in enumerate(texture)
        ]
    )
    first, second = (np.clip(np.round(x), 0, 255).astype(np.uint8) for x in (texture, moved))
    return first, second, np.ones(first.shape, np.float32)


def run(path: Path, out: Path, minutes: float, is_toy: bool, is_plain: bool) -> int:
    """Run all parts; 1 if one failed or something disagreed."""
    if not (is_toy or torch.cuda.is_available()):
        raise CausalexError("no GPU that torch can use: run this where one is, or take --toy")
    clock, sizes = Clock(minutes), TOY if is_toy else Sizes()
    arrays = toy() if is_toy else read(path)
    device = choose_device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = False
    parameters = {
        "toy": is_toy,
        "minutes": minutes,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "packed_at": str(arrays["commit"]),
        "python": platform.python_version(),
        "torch": torch.__version__,
        **asdict(sizes),
    }
    report = Report(out, parameters, digest_of(arrays))
    report.write()  # a place that cannot be written to is no surprise at the end
    parts: Mapping[str, Callable[[], tuple[list[Row], str]]] = {
        "agreement": partial(agreement, arrays, device, sizes),
        "spotting": partial(spotting, arrays, device, sizes, clock, is_plain),
        "recognition": partial(recognition, arrays, device, sizes, clock),
        "extraction": partial(extraction, device, sizes, clock),
    }
    failed = False
    for part, compute in parts.items():
        started = time.monotonic()
        try:
            rows, finished = compute()
        except Exception as error:  # the other parts are worth having
            traceback.print_exc()
            rows, finished, failed = [], f"FAILED: {type(error).__name__}: {error}", True
        failed |= finished.startswith(DISAGREES)
        report.add(part, finished, time.monotonic() - started, rows)
    print(f"{out}: written")
    return int(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    packing = verbs.add_parser("pack", help="write the data of both papers into one file")
    packing.add_argument("file", type=Path, nargs="?", default=PACKED)
    running = verbs.add_parser("run", help="train and measure")
    running.add_argument("file", type=Path, nargs="?", default=PACKED)
    running.add_argument("--out", type=Path, default=paths.BUILD / "gpu.json")
    running.add_argument("--minutes", type=float, default=8.0)
    running.add_argument("--toy", action="store_true", help="small and made up, on any machine")
    running.add_argument("--plain", action="store_true", help="capture no step of spotters")
    given = parser.parse_args()
    try:
        if given.verb == "pack":
            write(collect(), given.file)
            return 0
        return run(given.file, given.out, given.minutes, given.toy, given.plain)
    except (CausalexError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
