"""Flow of many pairs in torch against OpenCV's, pair by pair; on a GPU too where there is one."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from scipy import ndimage

from causalex_book.motion.warps import bumps, seen, warped
from causalex_core import devices, paths
from causalex_core.errors import CausalexError
from causalex_core.motion import extract as extraction
from causalex_core.motion import flow, flow_batched, video
from causalex_core.motion.extract import PAPER, Config, device_for, extract
from causalex_core.motion.landmarks import Given

# OpenCV 4 samples images at 32nds of a pixel where it moves them back.
TOLERANCE = 1e-3 if int(cv2.__version__.split(".")[0]) >= 5 else 0.15  # px
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no GPU that torch can use on this machine"
        ),
    ),
]


def noise(size, seed):
    """Texture of one scale."""
    grain = np.random.default_rng(seed).standard_normal((size, size))
    grain = ndimage.gaussian_filter(grain, 2)
    return 128 + 40 * grain / grain.std()


def moved(image, length):
    """The image after a shift of everything and more of it in two places."""
    size = len(image)
    centres = size * np.array([[0.3, 0.35], [0.7, 0.7]])
    truth = bumps(size, centres, length * np.array([[0.8, 0.6], [-0.6, 0.8]]), width=0.1 * size)
    return warped(image, truth + length * np.array([0.8, -0.6]))


def pairs(size, lengths=(0.0, 0.2, 0.7, 1.6, 3.0)):
    """Pairs of small and of large motion in one batch."""
    first = [noise(size, number) for number in range(len(lengths))]
    second = [moved(one, length) for one, length in zip(first, lengths, strict=True)]
    return tuple(
        np.stack([seen(image, 1, seed + number) for number, image in enumerate(images)])
        for seed, images in ((10, first), (20, second))
    )


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("size", [64, 100, 161, 256])  # 100 and 161 cannot be halved evenly
def test_the_same_flow_whether_one_by_one_or_together(size, device):
    first, second = pairs(size)
    weights = np.ones(first.shape, np.float32)
    weights[:, size // 4 : size // 2, size // 3 : size // 2] = 0
    weights[0] = 1
    for counted in (None, weights):
        together = flow_batched.lucas_kanade(first, second, counted, torch.device(device))
        alone = np.stack(
            [
                flow.lucas_kanade(one, other, None if counted is None else counted[place])
                for place, (one, other) in enumerate(zip(first, second, strict=True))
            ]
        )
        assert together.dtype == np.float32
        assert np.abs(alone[0]).max() < 1 < np.abs(alone[-1]).max()  # both ways are taken
        np.testing.assert_allclose(together, alone, atol=TOLERANCE)


@pytest.mark.parametrize("device", DEVICES)
def test_a_pair_does_not_depend_on_its_batch(device):
    first, second = pairs(64)
    place = torch.device(device)
    together = flow_batched.lucas_kanade(first, second, None, place)
    for number in range(len(first)):
        one = slice(number, number + 1)
        alone = flow_batched.lucas_kanade(first[one], second[one], None, place)
        np.testing.assert_allclose(together[one], alone, atol=1e-4)


@pytest.fixture
def through_torch(monkeypatch):
    """Extraction that goes where a GPU's does, in batches of three, but is computed here."""
    here = extraction.region_motions
    sizes = []

    def computed(waiting, config, device):
        assert device == "cuda"
        sizes.append(len(waiting))
        return here(waiting, config, "cpu")

    monkeypatch.setattr(extraction, "device_for", lambda config, name: "cuda")
    monkeypatch.setattr(extraction, "region_motions", computed)
    monkeypatch.setattr(extraction, "_BATCH", 3 * 128**2)
    return sizes


@pytest.mark.parametrize(
    "settings",
    [{}, {"eyes": True, "head_motion": "none", "mdmo": "mean"}, {"head_motion": "nose"}],
    ids=["default", "plain", "nose"],
)
def test_the_same_motion_of_a_video(folder, clip, settings, through_torch):
    config = Config(crop_px=128, **settings)
    points = clip[1].copy()
    points[7] = np.nan  # a face that is lost in between
    frames, given = video.open_frames(folder, fps=20), Given(points)
    found = extract(frames, given, config)
    assert max(through_torch) == 3 and sum(through_torch) == found.measured.sum()
    with pytest.MonkeyPatch.context() as undone:
        undone.setattr(extraction, "device_for", lambda config, name: "cpu")
        expected = extract(frames, given, config)
    np.testing.assert_array_equal(found.quality, expected.quality)
    assert 0 < expected.measured.sum() < len(points) - 2
    np.testing.assert_allclose(found.motion, expected.motion, atol=TOLERANCE)
    assert np.abs(expected.motion).max() > 0.1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use here")
def test_the_same_motion_of_a_video_on_a_gpu(folder, clip):
    frames, given = video.open_frames(folder, fps=20), Given(clip[1])
    found, expected = (extract(frames, given, device=name) for name in ("cuda", "cpu"))
    np.testing.assert_array_equal(found.quality, expected.quality)
    np.testing.assert_allclose(found.motion, expected.motion, atol=TOLERANCE)


def test_a_flow_that_no_gpu_computes(monkeypatch):
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    with pytest.raises(CausalexError, match=r"'cuda' with flow 'tv_l1'.*take auto or cpu"):
        device_for(PAPER, "cuda")
    assert device_for(PAPER, "auto") == "cpu"
    monkeypatch.setattr(devices, "chosen", lambda name: "cuda")
    assert device_for(PAPER) == "cpu"
    assert device_for(Config()) == "cuda"


def test_torch_is_not_waited_for_on_a_processor():
    code = (
        "import sys\n"
        "from causalex_core.commands import extract\n"
        "from causalex_core.motion.extract import Config\n"
        "assert extract.device_for(Config(), 'cpu') == 'cpu'\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, check=True)
