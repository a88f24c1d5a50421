"""Nothing that a GPU computes with is left on the processor.

Everything runs on torch's device ``meta``, which knows shapes only. What a GPU would refuse, an
operation on tensors of two devices, is refused here.
"""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from causalex_core.motion import flow_batched
from causalex_core.motion.extract import Config
from causalex_core.motion.record import MotionRecord
from causalex_core.recognition import checkpoints as recogniser
from causalex_core.recognition import training as recognition
from causalex_core.recognition.causalnet_text import CausalNetTextConfig
from causalex_core.recognition.data import Augmentation
from causalex_core.recognition.data import leave_one_subject_out as folds_of
from causalex_core.recognition.model import CausalNetConfig
from causalex_core.recognition.ststnet import StstnetConfig
from causalex_core.recognition.training import TrainingConfig
from causalex_core.spotting import checkpoints as spotter
from causalex_core.spotting import training as spotting
from causalex_core.spotting.data import Video, gather, leave_one_subject_out
from causalex_core.spotting.model import AUW_GCN, PAPER
from causalex_core.spotting.training import Graphs
from causalex_core.spotting.training import TrainingConfig as SpotterTraining

META = torch.device("meta")

ATEN = torch.ops.aten
# Copy from one device to another; single numbers and indices may lie on the processor.
BETWEEN = (ATEN._to_copy, ATEN.copy_, ATEN.index)


class OneDevice(TorchDispatchMode):
    """Refuses what a GPU refuses."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation.overloadpacket not in BETWEEN:
            leaves = tree_leaves((args, kwargs))
            tensors = [one for one in leaves if isinstance(one, torch.Tensor) and one.ndim]
            assert len({one.device for one in tensors}) <= 1, operation
        return operation(*args, **(kwargs or {}))


class Still(torch.optim.AdamW):
    """Has no step for this device, and sees that all is there for one."""

    def __init__(self, *arguments, fused, **options):
        super().__init__(*arguments, **options)

    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                own = self.state[parameter].values()
                assert {one.device for one in (parameter, parameter.grad, *own)} == {META}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """All choices are this device; what is fetched from it is zero."""
    fetched, count = torch.Tensor.cpu, torch.bincount
    for module in (spotting, recognition, spotter, recogniser):
        monkeypatch.setattr(module, "choose_device", lambda name: META)
    monkeypatch.setattr(
        torch.Tensor,
        "cpu",
        lambda one: torch.zeros(one.shape, dtype=one.dtype) if one.is_meta else fetched(one),
    )
    monkeypatch.setattr(
        torch,
        "bincount",
        lambda one, minlength: (
            torch.empty(minlength, dtype=torch.int64, device=META)
            if one.is_meta
            else count(one, minlength=minlength)
        ),
    )
    monkeypatch.setattr(torch.optim, "AdamW", Still)
    with OneDevice():
        yield


@pytest.mark.parametrize(
    "config",
    [
        SpotterTraining(network=PAPER, epochs=2, batch=2),
        SpotterTraining(network=AUW_GCN, epochs=2, batch=2),
        SpotterTraining(network=PAPER, epochs=1, normalisation="auw_gcn"),
    ],
    ids=["paper", "AUW-GCN", "constants"],
)
def test_training_of_spotters(config, tmp_path):
    generator = np.random.default_rng(1)
    motion = [generator.normal(size=(300, 12, 2)).astype(np.float32) for _ in range(4)]
    videos = [Video(f"s{number // 2}", str(number), one) for number, one in enumerate(motion)]
    videos.append(Video("s2", "4", motion[0][:100]))
    rows = [(video.subject, video.name, 10, 20, 30, "macro") for video in videos]
    table = pd.DataFrame(rows, columns=["subject", "video", "onset", "apex", "offset", "kind"])
    windows = gather(videos, table)
    folds = leave_one_subject_out(windows)
    graphs = Graphs(torch.ones(3, len(windows.video), 12, 12), torch.ones(3, 12, 12))
    said = spotting.train(windows, folds, config, graphs=graphs, folder=tmp_path)
    assert said.losses.shape == (3, config.epochs)


LABELS = np.arange(9) % 3
SMALL = CausalNetTextConfig(
    widths=(8, 8), heads=(2, 2), repeats=(1, 1), exchanges=1, fused=8, fused_heads=2, hidden=8,
    stitched=True, smoothed=3, straight=True,
)  # fmt: skip
MIXED = Augmentation(cutout=0.2, drop_relaxation=0.2, mixup=0.4)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (
            TrainingConfig(
                SMALL, epochs=2, batch=3, balanced=True, augmentation=MIXED, flip_tta=True
            ),
            (2, 3, 28, 28),
        ),
        (
            TrainingConfig(StstnetConfig(), epochs=1, cosine=True, label_smoothing=0.1),
            (2, 3, 28, 28),
        ),
        (TrainingConfig(CausalNetConfig((1, 1, 1), folded=True), epochs=1), (4, 3, 28, 28)),
    ],
    ids=["described", "STSTNet", "published"],
)
def test_training_of_recognisers(config, shape, at_once, tmp_path):
    inputs = np.random.default_rng(1).normal(size=(len(LABELS), *shape)).astype(np.float32)
    folds = folds_of([f"s{number // 3}" for number in range(len(LABELS))])
    large = isinstance(config.network, CausalNetConfig)  # to write it would take seconds
    folder = None if large else tmp_path
    said = recognition.train(
        inputs, LABELS, folds, config, folder=folder, keep_weights=not large, runs_at_once=at_once
    )
    assert said.losses.shape == (3, config.epochs)


def test_judging_of_spotter_and_recogniser():
    motion = np.random.default_rng(1).normal(size=(300, 12, 2)).astype(np.float32)
    record = MotionRecord(motion, np.zeros(300, np.uint8), 30.0, config=Config().to_json())
    found = spotter.load()(record, 0.5)
    assert found.apex.shape == (2, 300)
    images = np.zeros((5, 2, 28, 28, 3), np.uint8)
    assert recogniser.load()(images).shape == (5, 3)


@pytest.mark.parametrize("weighted", [False, True])
def test_flow(weighted):
    pictures = np.zeros((3, 100, 100), np.uint8)
    weights = np.ones(pictures.shape, np.float32) if weighted else None
    assert flow_batched.lucas_kanade(pictures, pictures, weights, META).shape == (3, 100, 100, 2)
