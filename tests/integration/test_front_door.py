"""What somebody meets who imports the package: names, help, example, representations."""

import importlib
import inspect
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

import causalex_core
from causalex_core import MotionRecord, graph, paths, pool, score, spot
from causalex_core.motion import extract as extraction
from causalex_core.motion.landmarks import Given
from causalex_core.recognition import predict
from causalex_synthetic import dataset

NAMES = [name for name in causalex_core.__all__ if name != "__version__"]


def record(video="clip", config=""):
    motion = np.random.default_rng(5).normal(size=(120, 12, 2)).astype(np.float32)
    motion[:, 1] += motion[:, 0]
    return MotionRecord(motion, np.zeros(120, np.uint8), 30.0, 4, config, video=video)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_what_its_module_defines(name):
    thing = getattr(causalex_core, name)
    assert thing is getattr(importlib.import_module(thing.__module__), name)
    assert re.search(rf"\b{name}\b", causalex_core.__doc__) or inspect.isclass(thing)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'fcy'"):
        _ = causalex_core.fcy
    with pytest.raises(ImportError):
        exec("from causalex_core import fcy")


def test_fci_is_a_function_of_its_package():
    from causalex_core.graphs import fci, fci_from_independence

    assert inspect.isfunction(fci) and inspect.isfunction(fci_from_independence)
    assert fci is causalex_core.fci


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, causalex_core; heavy = {'torch', 'pandas', 'numpy', 'cv2', 'numba'};"
        "assert not heavy & sys.modules.keys(); from causalex_core import fci;"
        "assert 'torch' not in sys.modules; print(*dir(causalex_core)); help(causalex_core)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.ROOT
    )
    first, *shown = run.stdout.splitlines()
    assert first.split() == causalex_core.__all__
    assert any('motion = extract("clip.mp4")' in line for line in shown)


def test_the_example_of_the_help_runs(tmp_path, monkeypatch, capsys):
    """With landmarks that are known, in place of MediaPipe's."""
    drawn = dataset.draw(dataset.Config(seed=3))
    number = min(range(len(drawn.videos)), key=lambda k: drawn.videos[k].frames)
    film, frames = drawn.film(number), 100
    points = Given(film.landmarks()[:frames])
    for module in (extraction, predict):
        monkeypatch.setattr(module, "face_mesh", lambda: points)
    monkeypatch.chdir(tmp_path)
    pictures = [picture for _, picture in zip(range(frames), film.grey(), strict=False)]
    size = pictures[0].shape[::-1]
    out = cv2.VideoWriter("clip.mp4", cv2.VideoWriter_fourcc(*"mp4v"), film.fps, size, False)
    for picture in pictures:
        out.write(picture)
    out.release()
    (tmp_path / "truth.csv").write_text("subject,video,onset,offset,kind\nclip,clip,5,20,macro\n")
    block = inspect.getdoc(causalex_core).split("::\n\n")[1].split("\n\nWhat there is")[0]
    lines = [line for line in block.splitlines() if line.strip()]
    assert len(lines) == 10
    exec(inspect.cleandoc(block), {})
    shown = capsys.readouterr().out
    for kind in ("MotionRecord(video=clip, frames=100", "Pag(", "Spotted(", "Counts("):
        assert kind in shown


def test_results_show_themselves_in_short_and_without_plots():
    settings = extraction.Config().to_json()
    pag, spotted = graph(record()), spot(record("<b>", settings))
    truth = spotted.detections.iloc[:0].assign(subject=[], video=[])
    counts = pool(score(truth, spotted.detections))["overall"]
    assert repr(record()) == (
        "MotionRecord(video=clip, frames=120, measured=120, fps=30.0, stride=4)"
    )
    assert repr(pag).startswith("Pag(nodes=12, alpha=0.01, edges=[left brow, outer o-o left brow,")
    assert repr(counts).endswith("precision=0.0000, recall=0.0000, f1=0.0000)")
    for result in (record(), pag, spotted, counts):
        assert "\n" not in repr(result)
        shown = result._repr_html_()
        assert shown.startswith("<table>") and type(result).__name__ in shown
    assert "&lt;b&gt;" in spotted._repr_html_() and "<b>" not in spotted._repr_html_()
    assert '<table border="1"' in spotted._repr_html_()
