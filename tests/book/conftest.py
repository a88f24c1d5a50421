"""Small made-up sources in the layout of the published ones, for machines without a mirror."""

import io

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from causalex_book import pages
from causalex_book.data import lgsnet, mdmd
from causalex_core.data import causalnet, manifest


@pytest.fixture(scope="session")
def obtained(mirror):
    """Compute a page from the mirror; skip by name where a source is not complete there."""

    def compute(page, **parameters):
        missing = [name for name in page.SOURCES if manifest.locate(name) is None]
        if missing:
            pytest.skip(f"sources not here: {', '.join(missing)}")
        return pages.obtain(page, **parameters)

    return compute


@pytest.fixture(scope="module")
def trainings(tmp_path_factory):
    """An empty folder for what is trained."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUSALEX_DATA", str(folder))
        yield folder


class MadeUp:
    """Stands for a source: file names and contents, without checksums."""

    def __init__(self, folder, contents):
        self.contents = contents
        self.folder = folder

    @property
    def files(self):
        """Names of the files."""
        return tuple(self.contents)

    def read_bytes(self, name):
        """Content of one file."""
        content = self.contents[name]
        return content if isinstance(content, bytes) else content.encode()

    def path(self, name):
        """The file, written out."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.read_bytes(name))
        return path


def _masks(*runs):
    """MATLAB file of 99 nested masks over 40 frames; the runs hold at p = 1, fewer later."""
    cells = np.empty((99, 3), dtype=object)
    for p in range(99):
        mask = np.zeros((1, 40), dtype=np.uint8)
        for first, last in runs[: max(len(runs) - p, 0)]:
            mask[0, first - 1 : last] = 1
        cells[p] = [np.array([[p + 1]]), np.array([[0.1]]), mask]
    stream = io.BytesIO()
    savemat(stream, {"predicts": cells})
    return stream.getvalue()


def _printed(first, second):
    """Printed counts of 99 thresholds; all but two are zero."""
    rows = [first, second, *["0 0 1"] * 97]
    return "".join(
        f"shortest 7, p={p}:\nnumber of videos: 1\n{row} 0.0 0.0 0.0\n\n"
        for p, row in enumerate(rows, 1)
    )


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """Sources by card name, put in the place of the real ones."""
    folder = "LGSNet/output/cas(me)^2_new/subject_s{}/test_detection/test_{:02d}.txt"
    detections = {
        folder.format(subject, epoch): "".join(
            f"{subject}_0401girlcrashing\t{onset + epoch}.4\t{onset + epoch + 9}.6\t{score}\n"
            for onset, score in ((3, 0.9), (20, 0.4859), (26, 0.4861))
        )
        for subject in (15, 16)
        for epoch in (0, 1)
    }
    head = "subject,video,type,type_idx,startFrame,endFrame,frame_num,length\n"
    rows = "".join(
        f"{n},./x/s{n}/{n}_0401girlcrashing,{kind}-expression,1,{on},{off},40,9\n"
        for n, kind, on, off in ((15, "macro", 4, 14), (15, "micro", 27, 36), (16, "macro", 4, 13))
    )
    results, sets = f"{mdmd.FOLDER}/results_mat", f"{mdmd.FOLDER}/dataset_new/data"
    evaluations = f"{mdmd.FOLDER}/eval_res_txt"
    sources = {
        "lgsnet_detections": {**detections, lgsnet.ANNOTATIONS: head + rows},
        "mdmd_baseline": {
            f"{results}/ME2_macro_results/s15_0401_prd.mat": _masks((2, 20), (30, 40)),
            f"{results}/ME2_micro_results/s15_0401_prd.mat": _masks((2, 9), (12, 14)),
            f"{results}/SAMM_MEGC_macro_results/006_1_prd.mat": _masks((2, 9)),
            f"{results}/SAMM_MEGC_micro_results/006_1_prd.mat": _masks((2, 9)),
            f"{sets}/CAS(ME)^2_Sets/all_Info.txt": (
                "s15 0401 macro-expression 2.0 8.0 20.0\ns15 0401 micro-expression 2.0 4.0 9.0\n"
            ),
            f"{sets}/SAMM_MEGC_Sets/all_Info.txt": (
                "006 1 macro-expression 2 8 20\n006 1 micro-expression 2 4 9\n"
            ),
            f"{evaluations}/ME2_macro_all_p.txt": _printed("1 1 1", "1 1 1"),
            f"{evaluations}/ME2_micro_all_p.txt": _printed("1 1 1", "1 1 1"),
            f"{evaluations}/SAMM_MEGC_macro_all_p.txt": _printed("0 0 1", "0 0 1"),
            f"{evaluations}/SAMM_MEGC_micro_all_p.txt": _printed("0 0 1", "7 0 1"),
        },
        "megc2024_logs": {
            "label/labeled_spot_result_for_train/my_casme.csv": (
                "s15/15_0401girlcrashing,4,13,5,13,TP,0\ns15/15_0401girlcrashing,27,36,,,FN,1\n"
                "s15/15_0401girlcrashing,,,30,60,FP,2\n"
            ),
            "label/labeled_spot_result_for_train/my_samm.csv": (
                "006_1,4,13,5,13,TP\n006_1,,,30,60,FP\n"
            ),
        },
        "auw_gcn_annotations": {
            "info_csv/cas(me)_new.csv": (
                "subject,video_name,start_frame,apex_frame,end_frame,type_idx,au\n"
                "casme_015,casme_015_0401,4,8,0,1,4\ncasme_015,casme_015_0401,27,30,36,2,12\n"
                "casme_016,casme_016_0401,4,8,13,1,4+7\n"
            )
        },
    }
    made = {name: MadeUp(tmp_path / name, contents) for name, contents in sources.items()}
    monkeypatch.setattr(manifest, "require", made.__getitem__)
    monkeypatch.setattr(lgsnet, "EPOCH", 0)
    return made


class MadeUpMaps:
    """Fifteen people of three databases, whose maps tell the emotion."""

    def __init__(self):
        generator = np.random.default_rng(8)
        rows = ["dataset,sub,filename_o,label,apex,imagename,sub_filename"]
        self.contents = {}
        for person in range(15):
            database = causalnet.DATABASES[person % 3]
            for clip in range(1 + person % 5):
                label = int(generator.choice(3, p=[0.6, 0.2, 0.2]))
                rows.append(f"{database},p{person},c{clip},{label},,,")
                for which in causalnet.FLOW:
                    image = generator.integers(0, 256, (28, 28, 3), dtype=np.uint8)
                    image[9 * label : 9 * label + 9] = 255
                    name = f"{causalnet.FOLDER}/p{person}_c{clip}{causalnet.IMAGES[which]}"
                    self.contents[name] = cv2.imencode(".png", image)[1].tobytes()
        self.contents[causalnet.TABLE] = "\n".join(rows).encode()

    def read_bytes(self, name):
        """Content of one file."""
        return self.contents[name]


@pytest.fixture(scope="session")
def from_made_up_maps():
    """Compute a page with flow maps of nobody in place of the published ones."""

    def compute(page, config):
        made = MadeUpMaps()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(manifest, "require", lambda name: made)
            return page.compute(config)

    return compute
