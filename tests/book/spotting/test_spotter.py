"""The spotter that ships: what it is made of, its file, and frames of other rates."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from causalex_book.spotting import card, shipped
from causalex_core.errors import CausalexError
from causalex_core.motion.extract import Config as Extraction
from causalex_core.motion.landmarks import Given
from causalex_core.motion.record import MotionRecord, Quality
from causalex_core.spotting import checkpoints
from causalex_core.spotting import predict as package
from causalex_core.spotting.checkpoints import load_network, save_network
from causalex_core.spotting.graph import GraphConfig, of_video
from causalex_core.spotting.model import PAPER, NetworkConfig
from causalex_core.spotting.predict import portraits
from causalex_core.spotting.training import TrainingConfig
from causalex_core.tensors import WeightsError
from causalex_synthetic.dataset import draw


@pytest.fixture(scope="module")
def ours():
    return checkpoints.load()


@pytest.fixture(scope="module")
def recording():
    """A video of another cohort than the one that was trained on."""
    people = draw(replace(shipped.Config().people, seed=7))
    truth = people.expressions[people.expressions["kind"] == "macro"]
    name = truth["video"].value_counts().index[0]
    number = [video.name for video in people.videos].index(name)
    return people.measured(number), truth[truth["video"] == name]


def hits(spotted, truth):
    macro = spotted.detections[spotted.detections["kind"] == "macro"]
    onset, offset = macro["onset"].to_numpy(), macro["offset"].to_numpy()
    first, last = (truth[name].to_numpy()[:, None] for name in ("onset", "offset"))
    inner = np.minimum(last, offset) - np.maximum(first, onset)
    outer = np.maximum(last, offset) - np.minimum(first, onset)
    return int((inner + 1 >= 0.5 * (outer + 1)).any(axis=1).sum())


def test_it_finds_expressions_of_people_it_has_not_seen(ours, recording):
    motion, truth = recording
    spotted = ours(motion)
    assert hits(spotted, truth) >= len(truth) / 3
    assert spotted.apex.shape == (2, len(motion.motion))
    assert spotted.detections["onset"].is_monotonic_increasing
    assert (spotted.detections["video"] == motion.video).all()
    still = ours(replace(motion, motion=0.01 * motion.motion))
    assert len(still.detections) < len(spotted.detections) / 2


def test_null_frames_only_move_thresholds(ours, recording):
    motion = recording[0]
    plain, less = ours(motion), ours(motion, debias=0.5)
    kept = less.apex > 0
    for picture, two, where in zip(plain.apex, less.apex, kept, strict=True):
        np.testing.assert_allclose((picture - two)[where], (picture - two)[where][0], atol=1e-5)
    assert len(less.detections) <= len(plain.detections)
    with pytest.raises(CausalexError, match="lambda -1: expected 0 to"):
        ours(motion, debias=-1)


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_another_frame_rate_gives_about_the_same_seconds(ours, recording, fps):
    motion, truth = recording
    spotted = ours(motion)
    resampled = checkpoints.at_rate(motion.motion, motion.fps, fps)
    other = ours(
        replace(motion, motion=resampled, quality=np.zeros(len(resampled), np.uint8), fps=fps)
    )
    moved = truth.assign(**(truth[["onset", "offset"]] * fps / motion.fps))
    assert abs(hits(other, moved) - hits(spotted, truth)) <= 0.25 * len(truth)
    assert other.detections["offset"].max() < len(resampled)
    np.testing.assert_allclose(
        other.detections["onset_seconds"], other.detections["onset"] / fps, atol=1e-3
    )


def test_speed_is_kept_at_another_rate():
    ramp = np.ones((31, 12, 2), np.float32)  # 1 px per frame at 30 frames per second
    assert checkpoints.at_rate(ramp, 30.0, 30.0) is ramp
    slower = checkpoints.at_rate(ramp, 30.0, 15.0)
    assert slower.shape == (16, 12, 2)
    np.testing.assert_allclose(slower, 2)
    line = np.arange(11, dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(
        checkpoints.at_rate(line, 10.0, 20.0)[:, 0, 0], np.arange(0, 10.5, 0.5) / 2
    )


def test_the_file_and_its_card_tell_the_same(ours):
    _, notes = load_network(checkpoints.SHIPPED)
    people = draw(shipped.Config().people)
    assert notes["cohort"]["fingerprint"] == people.fingerprint
    assert notes["measured"]["macro"]["n_truth"] == 300
    assert card.text(ours, notes) == checkpoints.SHIPPED.with_name("CARD.md").read_text(
        encoding="utf-8"
    )


def test_what_is_written_is_read_back(ours, recording, tmp_path):
    path = tmp_path / "copy.safetensors"
    checkpoints.save(ours, path, {"made": "for a test"})
    copy = checkpoints.load(path)
    assert copy.settings.notes() == ours.settings.notes()
    first, second = ours(recording[0]), copy(recording[0])
    np.testing.assert_array_equal(first.apex, second.apex)


def test_weights_without_settings_are_no_spotter(ours, tmp_path):
    path = tmp_path / "bare.safetensors"
    save_network(ours.network, path)
    with pytest.raises(WeightsError, match="without the settings"):
        checkpoints.load(path)
    bare = checkpoints.Spotter(type(ours.network)(PAPER), ours.settings)
    checkpoints.save(bare, path, {})
    with pytest.raises(WeightsError, match="one model with its prior"):
        checkpoints.load(path)


def test_a_still_video_has_no_graph():
    still = MotionRecord(
        np.zeros((90, 12, 2), np.float32), np.full(90, Quality.MEASURED, np.uint8), 30.0
    )
    graph = of_video(still, GraphConfig())
    assert not graph.adjacency.any()
    assert "do not vary" in graph.settings["missing"]


def test_three_lines_from_motion_or_frames(recording, tmp_path, ours):
    people = draw(replace(shipped.Config().people, seed=7))
    path = tmp_path / "m.npz"
    path.write_bytes(people.measured(0).to_bytes())
    spotted = package.spot(path)
    assert spotted.recording.config == Extraction().to_json()
    assert set(spotted.detections["kind"]) <= {"macro", "micro"}
    with pytest.raises(CausalexError, match="does not exist"):
        package.spot("nowhere.mp4")


class Few:
    """Some frames of a film."""

    name, fps = "few", 30.0

    def __init__(self, film, count):
        self.film, self.count = film, count

    def colour(self, every):
        for frame in range(0, self.count, every):
            yield frame, self.film.picture(frame)

    def grey(self):
        for _, picture in self.colour(1):
            yield picture.mean(axis=2).astype(np.uint8)


def test_frames_and_their_faces():
    film = draw(shipped.Config().people).film(0)
    points = np.stack([film.face.landmarks(film.state(frame)) for frame in range(40)])
    points[30:] = np.nan
    frames = Few(film, 40)
    spotted = package.spot(frames, landmarker=Given(points))
    assert len(spotted.recording.motion) == 40 and not spotted.recording.measured[32:].any()
    faces = portraits(frames, Given(points))
    assert faces.every == 8 and len(faces.pictures) == 5
    assert [picture is None for picture in faces.pictures] == [False] * 4 + [True]
    assert faces.pictures[0].startswith(b"\xff\xd8")


def test_training_in_small(monkeypatch):
    rules = shipped._RULES  # a network that knows nothing proposes everything
    few = {kind: replace(getattr(rules, kind), top_k=20) for kind in ("micro", "macro")}
    monkeypatch.setattr(shipped, "_RULES", replace(rules, **few))
    config = shipped.Config(
        training=TrainingConfig(
            network=NetworkConfig(hidden=2, width=8), epochs=1, precision="bfloat16"
        ),
        groups=2,
    )
    trained, about = shipped.train_shipped(config)
    assert trained.network.prior.shape == (12, 12)
    assert torch.isfinite(trained.settings.normalisation.deviation).all()
    assert about["measured"]["micro"]["n_truth"] == 57
    assert set(trained.settings.min_score) == {"macro", "micro"}
    text = card.text(trained, about)
    assert about["cohort"]["fingerprint"] in text and "2 groups of people" in text
    assert "No lie detection" in text and "Synthetic people only" in text
