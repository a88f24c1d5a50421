"""What the shipped spotter finds in people whom it has not seen, on few videos."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from causalex_book.recognition import spotted
from causalex_book.spotting import shipped
from causalex_core.errors import CausalexError
from causalex_core.spotting import checkpoints
from causalex_synthetic import dataset


def test_errors_are_in_seconds_and_late_is_positive():
    columns = ["subject", "video", "onset", "apex", "offset", "kind"]
    truth = pd.DataFrame(
        [("a", "v", 100, 110, 130, "macro"), ("a", "v", 10, 14, 19, "micro")], columns=columns
    )
    found = pd.DataFrame(
        [("a", "v", 9, 14, 21, "micro"), ("a", "v", 103, 109, 130, "macro"),
         ("a", "v", 300, 304, 309, "micro")], columns=columns,
    )  # fmt: skip
    macro, micro = (spotted.errors(truth, found, kind, 10.0) for kind in ("macro", "micro"))
    np.testing.assert_allclose(macro, [[0.3, -0.1, 0]], atol=1e-9)
    np.testing.assert_allclose(micro, [[-0.1, 0, 0.2]], atol=1e-9)
    assert spotted.errors(truth, found.iloc[2:], "micro", 10.0).shape == (0, 3)


def test_the_people_of_the_training_are_refused():
    with pytest.raises(CausalexError, match="what the spotter was trained on"):
        spotted.detections(dataset.draw(shipped.Config().people))


def test_detections_of_a_cohort():
    people = dataset.draw(dataset.Config(spec="samm_like", seed=31))
    short = sorted(people.videos, key=lambda video: video.frames)[:3]
    places = sorted(people.videos.index(video) for video in short)
    few = replace(people, videos=tuple(people.videos[place] for place in places))
    found = spotted.detections(few)
    assert set(found["video"]) <= {video.name for video in few.videos}
    again = spotted.detections(few, checkpoints.load())
    pd.testing.assert_frame_equal(found, again)
