"""Flow images of micro-expressions: a small source of random images, then the real ones."""

import cv2
import numpy as np
import pytest

from causalex_core.data import causalnet, manifest
from causalex_core.errors import CausalexError

HEADER = "dataset,sub,filename_o,label,apex,imagename,sub_filename"
ROWS = ("casme2,p1,a_1,0,,p1_a_1.jpg,", "samm,007,b,2,,007_b.jpg,", "samm,007,c,1,,007_c.jpg,")


def png(seed, shape=(28, 28, 3)):
    image = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return image, cv2.imencode(".png", image)[1].tobytes()


def files(*rows, header=HEADER):
    """A table and four images of each of the three clips."""
    made = {causalnet.TABLE: "\n".join([header, *(rows or ROWS), ""]).encode()}
    for clip, key in enumerate(("p1_a_1", "007_b", "007_c")):
        for place, ending in enumerate(causalnet.IMAGES.values()):
            made[f"{causalnet.FOLDER}/{key}{ending}"] = png(10 * clip + place)[1]
    return made


@pytest.fixture
def source(house):
    def made(content):
        house.add_card("small", files=content)
        house.fill(house.mirror, content)
        return manifest.require("small")

    return made


def test_clips_and_images(source):
    small = source(files())
    table = causalnet.clips(small)
    assert table.to_numpy().tolist() == [
        ["casme2", "p1", "a_1", 0],
        ["samm", "007", "b", 2],
        ["samm", "007", "c", 1],
    ]
    flow = causalnet.images(small, table)
    assert (flow.shape, flow.dtype) == ((3, 2, 28, 28, 3), np.uint8)
    np.testing.assert_array_equal(flow[1, 0], png(10)[0])
    np.testing.assert_array_equal(flow[2, 1], png(21)[0])
    directions = causalnet.images(small, table[1:2], ["apex_offset_direction"])
    np.testing.assert_array_equal(directions[0, 0], png(13)[0])
    assert causalnet.images(small, table[:0]).shape == (0, 2, 28, 28, 3)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("casme2,p1,a,3,,,",), "row 2: label '3' is unknown; expected one of 0, 1, 2"),
        (("casme2,p1,a,0,,,", "casme2,p1,b,,,,"), "row 3: label '' is unknown"),
        (("casme9,p1,a,0,,,",), "row 2: database 'casme9' is unknown; expected one of casme2"),
        (("casme2,,a,0,,,",), "row 2: no subject"),
        (("casme2,p1,,0,,,",), "row 2: no clip"),
        (("casme2,p1,a,0,,,", "casme2,p1,a,1,,,"), "row 3: a clip that stands there before"),
        (("casme2,p1,a,0,,,", "samm,p1,b,1,,,"), "row 2: a subject of two databases"),
    ],
)
def test_tables_that_cannot_be_used(source, rows, message):
    with pytest.raises(CausalexError, match=message) as caught:
        causalnet.clips(source(files(*rows)))
    assert "\n" not in str(caught.value)


def test_a_table_without_labels(source):
    with pytest.raises(CausalexError, match=r"no column 'label'; found 'dataset', 'sub'"):
        causalnet.clips(source(files(header=HEADER.replace("label", "class"))))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"no file '.*007_b_1 \.png'"),
        (png(1, (28, 30, 3))[1], r"007_b_1 \.png: 30 x 28 pixels; expected 28 x 28"),
        (b"not an image", r"007_b_1 \.png: no image that can be read"),
        (b"", r"007_b_1 \.png: no image that can be read"),
    ],
)
def test_images_that_cannot_be_used(source, content, message):
    changed = files()
    name = f"{causalnet.FOLDER}/007_b_1 .png"
    changed.pop(name)
    if content is not None:
        changed[name] = content
    small = source(changed)
    with pytest.raises(CausalexError, match=message) as caught:
        causalnet.images(small, causalnet.clips(small))
    assert "\n" not in str(caught.value)


def test_real_clips(mirror):
    table = causalnet.clips(manifest.require("causalnet_flow"))
    assert len(table) == 442
    assert table["label"].value_counts().sort_index().tolist() == [250, 109, 83]
    by_database = table.groupby("database")
    assert by_database.size().to_dict() == {"casme2": 145, "samm": 133, "smic": 164}
    assert by_database["subject"].nunique().to_dict() == {"casme2": 24, "samm": 28, "smic": 16}


def test_the_other_source_has_the_same_clips_and_other_flow(mirror):
    ours, theirs = (manifest.require(name) for name in ("causalnet_flow", "htnet_flow"))
    table = causalnet.clips(ours)
    assert causalnet.clips(theirs).equals(table)
    flow = [causalnet.images(each, table[:5], ["onset_apex"]) for each in (ours, theirs)]
    assert flow[0].shape == flow[1].shape == (5, 1, 28, 28, 3)
    assert (flow[0] != flow[1]).mean() > 0.5
