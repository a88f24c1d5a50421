"""Flow images of synthetic micro-expressions."""

import numpy as np
import pytest

from causalex_book.recognition import filmed
from causalex_core.data.causalnet import EMOTIONS
from causalex_core.errors import CausalexError
from causalex_core.recognition.flow_images import FlowConfig
from causalex_synthetic import dataset
from causalex_synthetic.film import Film

FLOW = FlowConfig(crop_px=128)


@pytest.fixture(scope="module")
def people():
    return dataset.draw(dataset.Config(seed=4, head_motion=0.0, distractors=0.0))


@pytest.fixture(scope="module")
def smiles(people):
    table = filmed.micro_expressions(people)
    # another expression falls into the first one
    return table[table["label"] == EMOTIONS.index("positive")].iloc[1:3]


def key_frames(table):
    return table[["onset", "apex", "offset"]].to_numpy()


def test_what_is_neither_negative_nor_positive_nor_surprised_is_left_out(people):
    table = filmed.micro_expressions(people)
    given = people.expressions.loc[table.index]
    assert set(given["kind"]) == {"micro"}
    assert [EMOTIONS[label] for label in table["label"]] == given["emotion"].tolist()
    others = people.expressions.query("kind == 'micro' and emotion == 'other'")
    assert len(table) + len(others) == (people.expressions["kind"] == "micro").sum()
    assert (table["offset"] < table["n_frames"]).all()


def test_a_smile_lifts_the_corners_of_the_mouth_and_lets_them_down(people, smiles):
    images = filmed.clips(people, smiles.index, key_frames(smiles), FLOW).astype(int)
    assert images.shape == (2, 2, 28, 28, 3)
    v = images[..., 1] - np.median(images[..., 1], axis=(2, 3), keepdims=True)
    corners = v[:, :, 18:24, [8, 9, 18, 19]].mean(axis=(2, 3))
    assert (corners[:, 0] < -60).all()
    assert (corners[:, 1] > 30).all()


def test_sets_of_key_frames_are_drawn_together_and_each_picture_once(people, smiles, monkeypatch):
    true = key_frames(smiles)
    early = true - (1, 0, 0)
    drawn = []
    picture = Film.picture
    monkeypatch.setattr(
        Film,
        "picture",
        lambda film, frame: drawn.append((film.name, frame)) or picture(film, frame),
    )
    both = filmed.clips(people, smiles.index, np.stack([true, early]), FLOW)
    assert len(drawn) == len(set(drawn)) == 2 * 4
    monkeypatch.undo()
    assert both.shape == (2, 2, 2, 28, 28, 3)
    np.testing.assert_array_equal(both[0], filmed.clips(people, smiles.index, true, FLOW))
    np.testing.assert_array_equal(both[0, :, 1], both[1, :, 1])
    assert (both[0, :, 0] != both[1, :, 0]).any()


def test_key_frames_that_cannot_be_are_refused(people, smiles):
    with pytest.raises(CausalexError, match="for 2 expressions"):
        filmed.clips(people, smiles.index, key_frames(smiles)[:1], FLOW)
    with pytest.raises(CausalexError, match="within the video"):
        filmed.clips(people, smiles.index, key_frames(smiles) + 100_000, FLOW)
