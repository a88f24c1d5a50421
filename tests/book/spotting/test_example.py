"""A synthetic video to look at."""

import pytest

from causalex_book.spotting import example, timeline
from causalex_core.errors import CausalexError


@pytest.fixture(scope="module")
def shown():
    return example.spotted_video(seed=101, longest=30)


def test_a_short_video_is_spotted_and_has_faces(shown):
    spotted, portraits = shown
    frames = len(spotted.recording.motion)
    assert 0 < frames <= 30 * spotted.recording.fps
    assert len(portraits.pictures) == -(-frames // portraits.every)
    assert all(picture and picture.startswith(b"\xff\xd8") for picture in portraits.pictures)


def test_the_page_is_embedded_with_a_title_and_nothing_breaks_out(shown, monkeypatch):
    displayed = []
    monkeypatch.setattr(timeline, "display", displayed.append)
    timeline.embed(*shown, 'What "it" shows')
    (frame,) = displayed
    assert 'title="What &quot;it&quot; shows"' in frame.data
    inside = frame.data.split('srcdoc="')[1]
    assert inside.count('"') == 1 and inside.endswith('"></iframe></div>')


def test_no_video_so_short_is_refused():
    with pytest.raises(CausalexError, match=r"no video of at most 0\.1 s in the cohort"):
        example.spotted_video(seed=101, longest=0.1)
