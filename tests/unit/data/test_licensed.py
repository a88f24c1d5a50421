import pytest

from causalex_core import cli, paths
from causalex_core.data import licensed, manifest
from causalex_core.errors import CausalexError

EXCEL = b"PK\x03\x04 the rest of a spreadsheet"


@pytest.fixture(autouse=True)
def no_lengths(monkeypatch):
    monkeypatch.setattr(licensed, "_public_lengths", lambda _: {})


def frames(folder, numbers, name="img{}.jpg"):
    folder.mkdir(parents=True)
    for number in numbers:
        (folder / name.format(number)).write_bytes(b"jpeg")


@pytest.fixture
def cas(tmp_path):
    """A complete little CAS(ME)^2: one video of three frames for each subject."""
    (tmp_path / "CAS(ME)^2code_final.xlsx").write_bytes(EXCEL)
    for subject in licensed.LAYOUTS["casme2_squared"].subjects:
        frames(tmp_path / f"rawpic/s{subject}/{subject}_0101disgustingteeth", [1, 2, 3])
    return tmp_path


@pytest.fixture
def samm(tmp_path):
    (tmp_path / "SAMM_LongVideos_V2_Release.xlsx").write_bytes(EXCEL)
    for subject in licensed.LAYOUTS["samm_long_videos"].subjects:
        name = f"{subject}_1"
        frames(tmp_path / "SAMM_longvideos" / name, [1, 2], name + "_{:04d}.jpg")
    return tmp_path


def test_every_licensed_card_has_a_layout():
    assert licensed.LAYOUTS.keys() == {
        name for name, card in manifest.cards().items() if card.licensed
    }


@pytest.mark.parametrize("name", sorted(licensed.LAYOUTS))
def test_layout_is_the_tree_on_the_card(name):
    tree = manifest.card(name).tree
    layout = licensed.LAYOUTS[name]
    assert f"{layout.frames}/" in tree
    assert layout.sheet.split("_")[0].split("*")[0] in tree


def test_numbers_of_subjects():
    assert len(licensed.LAYOUTS["casme2_squared"].subjects) == 22
    assert len(licensed.LAYOUTS["samm_long_videos"].subjects) == 30
    assert len(licensed.LAYOUTS["smic"].subjects) == 16


def test_complete_copies_have_no_finding(cas):
    assert licensed.check("casme2_squared", cas) == licensed.Report(22, 66, (), ())


def test_complete_samm_has_no_finding(samm):
    assert licensed.check("samm_long_videos", samm) == licensed.Report(30, 60, (), ())


def test_clips_may_be_numbered_from_anywhere(tmp_path):
    (tmp_path / "CASME2-coding-20140508.xlsx").write_bytes(EXCEL)
    for subject in range(1, 27):
        frames(tmp_path / f"CASME2_RAW_selected/sub{subject:02d}/EP02_01f", [46, 47, 48])
    assert licensed.check("casme2", tmp_path) == licensed.Report(26, 78, (), ())


def test_labels_of_smic_are_folders(tmp_path):
    root = tmp_path / "SMIC_all_raw/HS"
    for subject in licensed.LAYOUTS["smic"].subjects:
        frames(root / f"s{subject}/micro/negative/s{subject}_ne_01", [10, 11], "image{:06d}.bmp")
    frames(root / "s1/micro/angry/s1_an_01", [1])
    report = licensed.check("smic", tmp_path)
    assert (report.videos, report.missing) == (16, ())
    assert report.odd == ("SMIC_all_raw/HS/s1/micro/angry/s1_an_01: unexpected folder",)


def one(report, kind):
    """The only finding of a report, which must be of this kind."""
    other = report.odd if kind == "missing" else report.missing
    assert not other
    (line,) = getattr(report, kind)
    return line


def video(cas, subject="15"):
    return cas / f"rawpic/s{subject}/{subject}_0101disgustingteeth"


def test_missing_spreadsheet(cas):
    (cas / "CAS(ME)^2code_final.xlsx").unlink()
    assert "spreadsheet CAS(ME)^2code_final*.xlsx" in one(
        licensed.check("casme2_squared", cas), "missing"
    )


def test_spreadsheet_that_is_none(cas):
    (cas / "CAS(ME)^2code_final.xlsx").write_bytes(b"")
    assert "not an Excel file" in one(licensed.check("casme2_squared", cas), "missing")


def test_missing_subjects(samm):
    for subject in ("006", "037"):
        for path in (samm / f"SAMM_longvideos/{subject}_1").iterdir():
            path.unlink()
        (samm / f"SAMM_longvideos/{subject}_1").rmdir()
    line = one(licensed.check("samm_long_videos", samm), "missing")
    assert line == "subjects without a video: 006 037"


def test_empty_folder(cas):
    (cas / "rawpic/s15/15_0102eatingworms").mkdir()
    line = one(licensed.check("casme2_squared", cas), "missing")
    assert line == "rawpic/s15/15_0102eatingworms: no frame in it"


def test_gap_in_the_numbers(cas):
    frames(cas / "rawpic/s16/16_0401girlcrashing", [1, 2, 5, 7])
    line = one(licensed.check("casme2_squared", cas), "missing")
    assert line == "rawpic/s16/16_0401girlcrashing: 3 frames, number 3 first"


def test_a_number_far_behind_the_others_takes_no_time(cas):
    frames(cas / "rawpic/s16/16_0401girlcrashing", [1, 2, 10**12])
    line = one(licensed.check("casme2_squared", cas), "missing")
    assert line.endswith("16_0401girlcrashing: 999999999997 frames, number 3 first")


def test_image_of_zero_bytes(cas):
    (video(cas) / "img2.jpg").write_bytes(b"")
    assert "1 images of zero bytes, img2.jpg first" in one(
        licensed.check("casme2_squared", cas), "missing"
    )


def test_first_number_is_not_one(cas):
    (video(cas) / "img1.jpg").unlink()
    assert "starts at 2, expected 1" in one(licensed.check("casme2_squared", cas), "odd")


def test_same_number_twice(cas):
    (video(cas) / "img002.jpg").write_bytes(b"jpeg")
    assert "two frames with the same number" in one(licensed.check("casme2_squared", cas), "odd")


def test_unexpected_names(cas):
    (video(cas) / "Thumbs.db").write_bytes(b"x")
    assert "1 files not named like a frame, Thumbs.db first" in one(
        licensed.check("casme2_squared", cas), "odd"
    )


def test_unexpected_folder_and_subject(cas):
    frames(cas / "rawpic/s15/16_0101disgustingteeth", [1])  # the subject of another folder
    frames(cas / "rawpic/s17/17_0101disgustingteeth", [1])
    report = licensed.check("casme2_squared", cas)
    assert report.missing == ()
    assert report.odd == (
        "rawpic/s15/16_0101disgustingteeth: unexpected folder",
        "subject 17 is not one of the 22 expected",
    )


def test_lengths_are_compared_where_they_are_here(cas, monkeypatch):
    subjects = licensed.LAYOUTS["casme2_squared"].subjects
    lengths = {f"casme_0{subject}_0101": 3 for subject in subjects}
    lengths |= {"casme_015_0101": 4, "casme_016_0402": 9}
    del lengths["casme_019_0101"]
    monkeypatch.setattr(licensed, "_public_lengths", lambda _: lengths)
    report = licensed.check("casme2_squared", cas)
    assert report.missing == (
        "video casme_016_0402 (as called in the public table of video lengths)",
    )
    assert report.odd == (
        "rawpic/s15/15_0101disgustingteeth: 3 frames, the public table of video lengths has 4",
        "rawpic/s19/19_0101disgustingteeth: not in the public table of video lengths",
    )


def test_public_lengths_have_the_names_of_the_layouts(mirror, monkeypatch):
    monkeypatch.undo()
    if manifest.locate("megc_video_lengths") is None:
        pytest.skip(f"megc_video_lengths is not complete in {mirror}")
    cas = licensed._public_lengths(licensed.LAYOUTS["casme2_squared"])
    samm = licensed._public_lengths(licensed.LAYOUTS["samm_long_videos"])
    assert (len(cas), cas["casme_015_0101"]) == (97, 2052)
    assert (len(samm), samm["samm_006_1"]) == (147, 8748)


def test_wrong_folders(tmp_path):
    (tmp_path / "SAMM_LongVideos_V3_Release.xlsx").write_bytes(EXCEL)
    line = one(licensed.check("samm_long_videos", tmp_path), "missing")
    assert line == "the folder SAMM_longvideos (give the folder above it)"
    with pytest.raises(CausalexError, match="there is no folder"):
        licensed.check("samm_long_videos", tmp_path / "nowhere")


def test_command_reports_and_fails_if_something_is_missing(cas, capsys):
    words = ["data", "verify", "casme2_squared", "--folder", str(cas)]
    (video(cas) / "Thumbs.db").write_bytes(b"x")
    assert cli.main(words) == 0
    assert "odd: rawpic/s15" in capsys.readouterr().out
    (video(cas) / "img2.jpg").unlink()
    assert cli.main(words) == 2
    shown = capsys.readouterr()
    assert "missing: rawpic/s15/15_0101disgustingteeth: 1 frames, number 2 first" in shown.out
    assert "1 missing, 1 odd" in shown.err and shown.err.count("\n") == 1


def test_folder_goes_with_one_licensed_name(tmp_path, capsys):
    for name in ("auw_gcn_priors", "--all"):
        assert cli.main(["data", "verify", name, "--folder", str(tmp_path)]) == 2
        assert "--folder" in capsys.readouterr().err
    assert paths.MANIFEST.is_dir()
