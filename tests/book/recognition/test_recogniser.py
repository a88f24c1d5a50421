"""The recogniser that ships: what it is made of, its file, and what it says of rendered faces."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from causalex_book.recognition import filmed, shipped, spotted
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.motion.landmarks import Given
from causalex_core.recognition import checkpoints
from causalex_core.recognition import predict as package
from causalex_core.recognition.causalnet_text import COMPACT
from causalex_core.recognition.key_frames import KeyFrameNoise
from causalex_core.recognition.predict import COLUMNS
from causalex_core.tensors import WeightsError, read_about, read_tensors, write_tensors
from causalex_synthetic import dataset


def few(config, seeds, videos=4):
    """The first videos of each cohort that show one of the three emotions: of one or two people."""
    drawn = []
    for seed in seeds:
        for plan in config.plans:
            people = dataset.draw(replace(config.people, spec=plan, seed=seed))
            shows = [
                video for video in people.videos
                if any(event.emotion in EMOTIONS for event in video.events)
            ]  # fmt: skip
            drawn.append(replace(people, videos=tuple(shows[:videos])))
    return drawn


def late(people):
    """As if each expression had been spotted a frame too late."""
    rows = people.expressions[["subject", "video", "kind"]]
    return rows.join(people.expressions[["onset", "apex", "offset"]] + 1)


@pytest.fixture(scope="module")
def ours():
    return checkpoints.load()


@pytest.fixture(scope="module")
def trained():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipped.Config, "drawn", few)
        patch.setattr(spotted, "detections", late)
        config = shipped.Config(
            plans=("samm_like",),
            training=replace(
                shipped.Config().training,
                network=replace(COMPACT, widths=(4, 8), heads=(1, 1), fused=4, fused_heads=1),
                epochs=1,
            ),
        )  # fmt: skip
        return shipped.train_shipped(config)


def test_training_in_small(trained, tmp_path):
    recogniser, about = trained
    counts = about["measured"]["macro"]
    assert np.sum(counts[shipped.TRUE]) == np.sum(counts[shipped.SPOTTED]) > 0
    text = shipped.card(recogniser, about)
    assert about["people"]["fingerprints"][1] in text and "Synthetic people only" in text
    assert "No lie detection" in text and "licence" in text
    checkpoints.save(recogniser, tmp_path / "copy.safetensors", about)
    copy = checkpoints.load(tmp_path / "copy.safetensors")
    images = np.random.default_rng(1).integers(0, 256, (5, 2, 28, 28, 3), dtype=np.uint8)
    np.testing.assert_array_equal(copy(images), recogniser(images))
    assert copy.flow == recogniser.flow


def test_errors_enter_where_they_are_asked_for():
    config = shipped.Config(plans=("cas_like",))
    people = few(config, (5,))
    laws = {
        kind: KeyFrameNoise("measured", 1.0, "seconds", errors=((0.0, 1 / 30, 0.0),))
        for kind in ("macro", "micro")
    }
    table = people[0].expressions.query("emotion in @EMOTIONS")
    true = table[["onset", "apex", "offset"]].to_numpy(int)
    wrong = shipped._with_errors(people[0], table, laws, 1)
    moved = wrong - true
    assert (moved[:, [0, 2]] >= 0).all() and set(moved[:, 1]) <= {0, 1} and moved.any()
    found = shipped.film(people, config, laws)
    assert found.rows["key_frames"].tolist() == [shipped.TRUE] * len(table) + [
        shipped.SPOTTED
    ] * len(table)
    assert found.images.shape == (2 * len(table), 2, 28, 28, 3)
    np.testing.assert_array_equal(
        found.images[len(table) :], filmed.clips(people[0], table.index.tolist(), wrong)
    )
    assert (found.images[: len(table)] != found.images[len(table) :]).any()


def test_the_file_and_its_card_tell_the_same(ours):
    notes = read_about(checkpoints.SHIPPED)
    learn = shipped.Config().drawn(shipped.Config().learn)
    assert notes["people"]["fingerprints"] == [people.fingerprint for people in learn]
    assert shipped.card(ours, notes) == checkpoints.SHIPPED.with_name("CARD.md").read_text(
        encoding="utf-8"
    )
    assert checkpoints.SHIPPED.stat().st_size < 1_500_000
    micro = notes["measured"]["micro"][shipped.TRUE]
    assert np.trace(micro) > 0.8 * np.sum(micro)


def test_older_names_of_entries_are_read(ours, tmp_path):
    state = read_tensors(checkpoints.SHIPPED)
    assert {"flow.place", "direction.place"} <= set(state)
    checkpoints.save(ours, tmp_path / "new.safetensors", {})
    assert not any("place" in name for name in read_tensors(tmp_path / "new.safetensors"))
    for encoder in ("flow", "direction"):
        position = ours.network.get_parameter(f"{encoder}.position")
        torch.testing.assert_close(position.data, state[f"{encoder}.place"], rtol=0, atol=0)


def test_expressions_of_people_it_has_not_seen(ours):
    people = few(shipped.Config(plans=("cas_like",)), (31,), videos=6)[0]
    table = people.expressions.query("emotion in @EMOTIONS and kind == 'macro'")
    frames = table[["onset", "apex", "offset"]].to_numpy(int)
    images = filmed.clips(people, table.index.tolist(), frames, ours.flow)
    named = checkpoints.named(ours(images))
    assert np.mean(table["emotion"] == named) > 0.8
    np.testing.assert_allclose(ours(images).sum(axis=1), 1, atol=1e-5)
    short = ours(checkpoints.without_relaxation(images))
    assert np.mean(table["emotion"] == checkpoints.named(short)) > 0.6
    assert images[:, 1].any()


class Few:
    """Frames of a film up to some frame."""

    name, fps = "few", 30.0

    def __init__(self, film, count):
        self.film, self.count = film, count

    def colour(self, every):
        for frame in range(0, self.count, every):
            yield frame, self.film.picture(frame)

    def grey(self):
        for _, picture in self.colour(1):
            yield picture[..., 0]


def test_three_lines_from_frames():
    film = dataset.draw(dataset.Config(seed=31)).film(0)
    frames = Few(film, 12)
    points = np.stack([film.face.landmarks(film.state(frame)) for frame in range(12)])
    rows = pd.DataFrame({"onset": [1, 2], "apex": [4, 5], "offset": [8, 11]}, index=[7, 3])
    found = package.recognise(frames, rows, landmarker=Given(points))
    assert list(found) == list(COLUMNS) and found.index.tolist() == [7, 3]
    assert set(found["emotion"]) <= set(EMOTIONS)
    assert package.recognise(frames, rows.iloc[:0]).empty


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offset": 12}, "no frame 12; it has 12"),
        ({"apex": 4.5}, "1, 4.5, 8: expected whole frames"),
        ({"apex": np.nan}, "1, nan, 8: expected whole frames"),
        ({"onset": 4}, "expected 0 <= onset < apex < offset"),
        ({"onset": -1}, "expected 0 <= onset < apex < offset"),
        ({"measured_share": 0.4, "reasons": "6 no face"}, "40% were measured; 6 no face"),
        ({"measured_share": 0.9, "reasons": "1 scene cut"}, "1 scene cut"),
    ],
)
def test_a_row_that_cannot_be_judged_is_skipped_and_says_why(changes, said):
    film = dataset.draw(dataset.Config(seed=31)).film(0)
    points = np.stack([film.face.landmarks(film.state(frame)) for frame in range(12)])
    row = {"onset": 1, "apex": 4, "offset": 8, "measured_share": 1.0, "reasons": ""}
    rows = pd.DataFrame([row | changes, row])
    found = package.recognise(Few(film, 12), rows, landmarker=Given(points))
    assert said in found["skipped"][0] and found.loc[0, list(COLUMNS[:-1])].isna().all()
    assert found["emotion"][1] in EMOTIONS and found["skipped"][1] == ""
    with pytest.raises(CausalexError, match="without 'apex'"):
        package.recognise(Few(film, 12), rows.drop(columns="apex"), landmarker=Given(points))


def test_files_that_hold_no_recogniser(trained, tmp_path):
    path = tmp_path / "w.safetensors"
    checkpoints.save(trained[0], path, {})
    about, state = read_about(path), trained[0].network.state_dict()
    broken = {name: value * np.nan if value.ndim > 1 else value for name, value in state.items()}
    for tensors, notes, said in (
        (state, about | {"emotions": ["calm"]}, "expected finite ones of"),
        (broken, about, "expected finite ones of"),
        (state, {}, "no recogniser of this project"),
        (dict(list(state.items())[1:]), about, "no recogniser of this project"),
        (state, about | {"flow": {"flow": "none"}}, "no recogniser of this project"),
    ):
        write_tensors(path, tensors, notes)
        with pytest.raises(WeightsError, match=said):
            checkpoints.load(path)
    path.write_bytes(pickle.dumps(state))
    with pytest.raises(WeightsError, match="not safetensors"):
        checkpoints.load(path)
