"""CPU time of a training step of the published network, beside another build and a plain loop.

    python benchmarks/recognise.py [fast] [plain] [parts] [gpu] [--before PATH] [--device ...]

Random maps in the numbers of a fold that holds out the subject with most samples, on one thread.
`fast` trains as `causalex_core.recognition.training` does, in float32 and in bfloat16; by turns
with the checkout at `--before`, each in processes of its own. The limit is the time of the
products alone, at the shapes of the step; the share is that of the operations of the step in the
rate of one large product. `plain` does per step what the published loop does: both images of a
pair go through their encoder one after the other, in layers of 1 x 1 convolutions and
normalisations over channels that stand before places; queries and keys are computed where a block
has a single token; all is float32; and the held-out samples are judged with everything that a
gradient would need. Its losses are those of ours, from the same weights. `parts` measures the
compact network and STSTNet, one fold and eight at once. `gpu` trains eight folds at once there.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from causalex_core.devices import NAMES, choose_device, keep_freed_memory
from causalex_core.recognition.model import (
    CLASSES,
    PATCH,
    STAGE_HEADS,
    TOKENS,
    WIDTH,
    WIDTHS,
    CausalNet,
    CausalNetConfig,
)
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.recognition.training import COMPACT_TRAINING, FoldTrainer, Stack, TrainingConfig
from causalex_core.training import Fold, Run

STEPS, TURNS, SEED = 3, 2, 1
FOLDS, EPOCHS, ALL_SAMPLES = 68, 200, 68 * 442 - 442  # trained on in an epoch of all folds
PER_SAMPLE = 5.167e9  # operations of a forward and backward pass without the dead part
STACKED = 8


class PlainNorm(nn.Module):
    """Normalisation over channels that stand before places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.zeros(1, width, 1, 1)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, rows, columns) to the same."""
        variance = torch.var(x, dim=1, unbiased=False, keepdim=True)
        mean = torch.mean(x, dim=1, keepdim=True)
        return (x - mean) / (variance + 1e-5).sqrt() * self.weight + self.bias


class PlainAttention(nn.Module):
    """Attention of the one token of a block to itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, inner = heads, width // heads * heads
        self.query_key_value = nn.Conv2d(width, 3 * inner, 1, bias=False)
        self.out = nn.Conv2d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, 1, 1) to the same."""
        query, key, value = (
            part.flatten(2).unflatten(1, (self.heads, -1)).mT
            for part in self.query_key_value(x).chunk(3, dim=1)
        )
        weights = (query @ key.mT * query.shape[-1] ** -0.5).softmax(-1)
        return self.out((weights @ value).mT.reshape(len(x), -1, 1, 1))


class PlainLayer(nn.Module):
    """Attention, then a perceptron."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm, self.feed_forward_norm = PlainNorm(width), PlainNorm(width)
        self.attention = PlainAttention(width, heads)
        self.feed_forward = nn.Sequential(
            nn.Conv2d(width, 4 * width, 1), nn.GELU(), nn.Conv2d(4 * width, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, 1, 1) to the same."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.feed_forward_norm(x))


class PlainStage(nn.Module):
    """Layers within blocks of one token."""

    def __init__(self, width: int, heads: int, repeats: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1))
        self.layers = nn.ModuleList([PlainLayer(width, heads) for _ in range(repeats)])

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, side, side) to the same."""
        n, channels, side, _ = x.shape
        x = x.permute(0, 2, 3, 1).reshape(n * side * side, channels, 1, 1) + self.position
        for layer in self.layers:
            x = layer(x)
        return x.view(n, side, side, channels).permute(0, 3, 1, 2)


class PlainShrink(nn.Module):
    """Twice the channels on a map of half the side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.norm = PlainNorm(2 * width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, side, side) to (N, 2 C, side / 2, side / 2)."""
        return nnf.max_pool2d(self.norm(self.convolution(x.contiguous())), 3, 2, 1)


class PlainEncoder(nn.Module):
    """From an image to its features."""

    def __init__(self, repeats: tuple[int, int, int]) -> None:
        super().__init__()
        self.embed = nn.Conv2d(PATCH * PATCH * 3, WIDTHS[0], 1)
        self.stages = nn.ModuleList(
            [PlainStage(*each) for each in zip(WIDTHS, STAGE_HEADS, repeats, strict=True)]
        )
        self.shrinks = nn.ModuleList([PlainShrink(width) for width in WIDTHS[:-1]])

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, 28, 28) to (N, 4, 256)."""
        cut = images.unflatten(3, (-1, PATCH)).unflatten(2, (-1, PATCH))
        x = self.embed(cut.permute(0, 3, 5, 1, 2, 4).flatten(1, 3))
        for stage, shrink in zip(self.stages[:-1], self.shrinks, strict=True):
            x = shrink(stage(x))
        return self.stages[-1](x).view(-1, WIDTH, TOKENS).mT


class PlainNetwork(nn.Module):
    """The published network; what follows the encoders, a small part, is ours."""

    def __init__(self, network: CausalNet) -> None:
        super().__init__()
        self.flow, self.direction = (PlainEncoder(network.config.repeats) for _ in range(2))
        self.positions, self.causal, self.head = network.positions, network.causal, network.head
        theirs = network.state_dict()
        shapes = {name: value.shape for name, value in self.state_dict().items()}
        self.load_state_dict({name: theirs[name].view(shapes[name]) for name in shapes})

    def forward(self, maps: Tensor) -> Tensor:
        """(N, 4, 3, 28, 28) to (N, 3)."""
        first, second = self.direction(maps[:, 2]), self.direction(maps[:, 3])
        for layer in self.positions:
            first, second = layer(first, second)
        contraction, relaxation = self.flow(maps[:, 0]), self.flow(maps[:, 1])
        return self.head(self.causal(contraction + first, relaxation + second).flatten(1))


def plain(maps: Tensor, labels: Tensor, count: int) -> float:
    """Seconds of a step of the published loop."""
    torch.manual_seed(SEED)
    network = PlainNetwork(CausalNet())
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-5)
    taken, losses = [], []
    for _ in range(STEPS):
        started = time.process_time()
        loss = nnf.cross_entropy(network(maps[:count].float()), labels[:count])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        network(maps[count:].float()).argmax(1)
        taken.append(time.process_time() - started)
        losses.append(loss.item())
    report("plain loop, float32", min(taken), count, losses)
    return min(taken)


def step(maps: Tensor, labels: Tensor, count: int, precision: str) -> None:
    """Print CPU seconds and losses of the steps of the build that is imported."""
    config = TrainingConfig(precision=precision, epochs=STEPS)
    training = one_fold(maps, labels, count, config)
    torch.manual_seed(SEED)
    load(training.networks, CausalNet())
    taken, losses = [], []
    for _ in range(STEPS):
        started = time.process_time()
        losses.append(training.advance())
        taken.append(time.process_time() - started)
    print(json.dumps([min(taken), losses]))


def fast(before: Path | None, count: int, held_out: int, precision: str) -> float:
    """Seconds of a step of ours, beside those of a build before it and of products alone."""
    builds = {"now": Path(__file__).resolve().parents[1]} | ({"before": before} if before else {})
    results: dict[str, list[list]] = {name: [] for name in builds}
    numbers = [f"--samples={count}", f"--held-out={held_out}"]
    for _ in range(TURNS):
        for name, folder in builds.items():
            command = [sys.executable, __file__, f"--step={precision}", *numbers]
            environment = {**os.environ, "PYTHONPATH": str(folder)}
            printed = subprocess.check_output(command, env=environment)
            results[name].append(json.loads(printed))
    best = {name: min(steps)[0] for name, steps in results.items()}
    for name, steps in results.items():
        report(f"{name}, {precision}", best[name], count, steps[0][1])
    if before:
        print(f"{'':24}before / now: {best['before'] / best['now']:.2f}")
    limit, operations = products_alone(count, held_out, getattr(torch, precision))
    peak = rate(getattr(torch, precision), torch.device("cpu"))
    print(
        f"{'':24}limit, products alone: {limit:.2f} s, {limit / best['now']:.0%} of the step;"
        f" {operations / best['now'] / peak:.0%} of the matrix peak, {peak / 1e9:.0f} GFLOP/s",
        flush=True,
    )
    return best["now"]


class Shapes(TorchFunctionMode):
    """Rows, inputs and outputs of all products of a forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[tuple[int, int, int]] = Counter()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Note the shapes of a product."""
        if func is nnf.linear:
            self.counts[args[0].shape[:-1].numel(), *reversed(args[1].shape)] += 1
        elif func is torch.conv2d:
            from causalex_core.recognition.products import spans  # not in builds before

            n, channels, height, width = args[0].shape
            for rows in spans(height):
                for columns in spans(width):
                    places = len(range(height)[rows.outputs]) * len(range(width)[columns.outputs])
                    taps = rows.width * columns.width
                    self.counts[n * places, taps * channels, len(args[1])] += 1
        return func(*args, **kwargs or {})


@torch.no_grad()
def products_alone(count: int, held_out: int, precision: torch.dtype) -> tuple[float, float]:
    """CPU seconds and operations of the products of a step: forward, both gradients, held out."""
    from causalex_core.recognition.products import product

    with torch.device("meta"):
        network, maps = CausalNet(CausalNetConfig(folded=True)), torch.empty(count, 4, 3, 28, 28)
        with Shapes() as shapes:
            network(maps)
    seconds = operations = 0.0
    for (rows, inputs, outputs), n in shapes.counts.items():
        x, weight, grad = (
            torch.randn(shape).to(precision)
            for shape in ((rows, inputs), (outputs, inputs), (rows, outputs))
        )
        forward = fastest(lambda x=x, weight=weight: product(x, weight))
        backward = fastest(lambda grad=grad, weight=weight: product(grad, weight.mT))
        backward += fastest(lambda grad=grad, x=x: product(grad.mT, x.mT))
        passes = 1 + held_out / count
        seconds += n * (forward * passes + backward)
        operations += n * 2 * rows * inputs * outputs * (2 + passes)
    return seconds, operations


def fastest(function) -> float:
    """CPU seconds of a call, the least of several."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        function()
        taken.append(time.process_time() - started)
    return min(taken)


def one_fold(maps: Tensor, labels: Tensor, count: int, config: TrainingConfig) -> FoldTrainer:
    return FoldTrainer([run(count, len(maps))], maps, labels, config)


def run(count: int, n_samples: int) -> Run:
    return Run(Fold("fold", np.arange(count), np.arange(count, n_samples)), SEED)


@torch.no_grad()
def load(stack: Stack, network: CausalNet) -> None:
    """Give a folded network the weights of one that is not."""
    theirs = network.state_dict()
    for name, value in stack.parameters.items():
        whole = theirs[name.replace("attention.value.", "attention.query_key_value.")]
        value.copy_(whole[-value.shape[1] :])


def rate(precision: torch.dtype, device: torch.device) -> float:
    """Operations per second in one large product of matrices."""
    side = 2048 if device.type == "cpu" else 8192
    one, two = (torch.ones(side, side, dtype=precision, device=device) for _ in range(2))
    if device.type == "cpu":
        from causalex_core.recognition.products import product

        return 2 * side**3 / fastest(lambda: product(one, two))
    taken = []
    for _ in range(5):
        started = time.monotonic()
        float((one @ two)[0, 0])
        taken.append(time.monotonic() - started)
    return 2 * side**3 / min(taken)


def report(name: str, seconds: float, count: int, losses: list[float]) -> None:
    """One line: a step, all of them, and losses."""
    hours = seconds / count * ALL_SAMPLES * EPOCHS / 3600
    line = f"{name:<24}{seconds:8.2f} s per step of {count}, {hours:8.1f} h for 68 folds; losses"
    print(line, *(f"{loss:.4f}" for loss in losses), flush=True)


def small(labels: Tensor, count: int) -> None:
    """Epochs of the compact network and of STSTNet, one fold and several at once."""
    motion = torch.randn(len(labels), 2, 3, 28, 28)
    for name, config in (
        ("compact", COMPACT_TRAINING),
        ("STSTNet", TrainingConfig(network=StstnetConfig())),
    ):
        for at_once in (1, STACKED):
            training = FoldTrainer([run(count, len(labels))] * at_once, motion, labels, config)
            training.advance()
            started = time.process_time()
            training.advance()
            each = (time.process_time() - started) / at_once
            print(
                f"{name}, {at_once} at once: {each:.3f} s per epoch,"
                f" {FOLDS * config.epochs * each / 60:.1f} min for 68 folds",
                flush=True,
            )


def gpu(maps: Tensor, labels: Tensor, count: int) -> None:
    """Steps of several folds at once, and what 68 folds of 200 epochs would take."""
    if not torch.cuda.is_available():
        print("gpu: none here")
        return
    place = choose_device("cuda")
    there, truth = maps.to(place), labels.to(place)
    for precision in ("float32", "bfloat16"):
        config = TrainingConfig(precision=precision)
        for at_once in (1, STACKED):
            training = FoldTrainer([run(count, len(maps))] * at_once, there, truth, config)
            training.advance()
            started = time.monotonic()
            for _ in range(5):
                training.advance()
            seconds = (time.monotonic() - started) / 5
            speed = PER_SAMPLE * count * at_once / seconds / 1e12
            minutes = seconds / (count * at_once) * ALL_SAMPLES * EPOCHS / 60
            floor = rate(getattr(torch, precision), there.device) / 1e12
            print(
                f"gpu, {precision}, {at_once} at once: {seconds:.3f} s per step,"
                f" {speed:.1f} of {floor:.1f} TFLOP/s, {minutes:.1f} min for 68 folds",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", help="fast, plain, parts, gpu; all if none is named")
    parser.add_argument("--samples", type=int, default=411, help="that are trained on")
    parser.add_argument("--held-out", type=int, default=31)
    parser.add_argument(
        "--device", choices=NAMES, default="auto", help="cpu: all but gpu; cuda: gpu; auto: both"
    )
    parser.add_argument("--before", type=Path, help="checkout of a build to compare with")
    parser.add_argument("--step", help=argparse.SUPPRESS)  # a process of `fast`
    given = parser.parse_args()
    wanted = set(given.wanted) or {"fast", "plain", "parts", "gpu"}
    if given.device != "auto":
        wanted &= {"gpu"} if choose_device(given.device).type == "cuda" else wanted - {"gpu"}
    keep_freed_memory()
    generator = torch.Generator().manual_seed(SEED)
    n_samples = given.samples + given.held_out
    maps = torch.randint(0, 256, (n_samples, 4, 3, 28, 28), generator=generator).to(torch.uint8)
    labels = torch.randint(0, CLASSES, (n_samples,), generator=generator)
    if given.step:
        step(maps, labels, given.samples, given.step)
        return
    taken = {}
    if "plain" in wanted:
        taken["plain"] = plain(maps, labels, given.samples)
    if "fast" in wanted:
        for precision in ("float32", "bfloat16"):
            taken[precision] = fast(given.before, given.samples, given.held_out, precision)
    if {"plain", "fast"} <= wanted:
        for precision in ("float32", "bfloat16"):
            print(f"plain / now in {precision}: {taken['plain'] / taken[precision]:.1f}")
    if "parts" in wanted:
        small(labels, given.samples)
    if "gpu" in wanted:
        gpu(maps, labels, given.samples)


if __name__ == "__main__":
    main()
