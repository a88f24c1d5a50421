"""Pages of a book as a whole: killed, failing, changed, rendered."""

import contextlib
import json
import os
import shutil
import signal

import nbformat

from causalex_core import paths

TRAINING = """
import os
import time
from pathlib import Path
import numpy as np
import pandas as pd
from causalex_core import paths, training
from causalex_core.spotting.model import NetworkConfig
from causalex_core.spotting.training import FoldTrainer, TrainingConfig
from causalex_core.spotting.training import train
from causalex_core.spotting.data import Video, gather, leave_one_subject_out

Path('training.kernel').write_text(str(os.getpid()))
training._SAVE_EVERY, training._SAVING_AT_MOST = 0.0, 1e9
advance = FoldTrainer.advance

def watched(group):
    with open('training.epochs', 'a') as epochs:
        print(group.runs[0].fold.name, group.epoch, file=epochs)
    while group.epoch == 3 and not Path('open/train 3').exists():
        time.sleep(0.05)
    return advance(group)

FoldTrainer.advance = watched
generator = np.random.default_rng(1)
videos = [Video(name, '1', generator.normal(0, 1, (99, 1, 2))) for name in 'abc']
rows = [(name, '1', 20.0, 30.0, 50.0, 'macro') for name in 'abc']
columns = ['subject', 'video', 'onset', 'apex', 'offset', 'kind']
windows = gather(videos, pd.DataFrame(rows, columns=columns))
network = NetworkConfig(graph=(), nodes=1, width=8, pooling=False)
config = TrainingConfig(network=network, epochs=5, batch=1)
folds = leave_one_subject_out(windows)[:2]
train(windows, folds, config, folder=paths.data_folder() / 'training', device='cpu')
"""


def test_goes_on_after_a_kill_and_a_training_from_the_epochs_that_were_done(
    project, tmp_path, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CAUSALEX_DATA", str(tmp_path / "data"))
    project.notebook("quick")
    project.notebook("train", TRAINING)
    build = project.experiment("killed", pages={"quick": {"value": 2}, "train": {"value": 3}})
    log, epochs = build / "logs" / "workflow.log", project.notebooks / "training.epochs"
    process = project.start_experiment("killed")
    project.wait_until(lambda: log.is_file() and "1 of 3 steps" in log.read_text(), process)
    project.wait_until(lambda: epochs.is_file() and "a 3\n" in epochs.read_text(), process)
    os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # a kernel is not in the group of its parent
        os.kill(int((project.notebooks / "training.kernel").read_text()), signal.SIGKILL)
    process.communicate()
    assert list((build / ".snakemake" / "locks").iterdir())
    assert not (build / "pages" / "train.ipynb").exists()

    project.open("train", 3)
    epochs.unlink()
    status, output = project.causalex("experiment", "run", "killed")
    assert status == 0, output
    assert epochs.read_text().splitlines() == ["a 3", "a 4", *(f"b {n}" for n in range(5))]
    assert (project.values("quick"), project.values("train")) == (["2"], ["3", "3"])
    assert project.printed("killed", "quick") == "value 2\n"
    assert project.printed("killed", "train") == "value 3\n"


def test_what_failed_is_kept_and_named_and_only_what_changed_is_run_again(project):
    module = project.folder / "causalex_book" / "graphs" / "added.py"
    module.write_text("ADDED = 1\n")
    pages = {"same": {"value": 1}, "importing": {"value": 1}, "set": {"value": 1}, "bad": {}}
    for name in pages:
        project.notebook(name)
    project.notebook("importing", "from causalex_book.graphs import added")
    project.notebook("bad", "raise ValueError('no such subject')")
    build = project.experiment("changed", pages=pages)
    status, output = project.causalex("experiment", "run", "changed")
    kept = build / "failed" / "bad.ipynb"
    assert status != 0
    assert "bad failed: cell 3: ValueError" in output
    assert "ValueError: no such subject" in output
    assert str(kept.relative_to(project.folder)) in output
    assert nbformat.read(kept, 4).metadata.papermill.exception is True
    assert not (build / "pages" / "bad.ipynb").exists()
    assert [len(project.values(name)) for name in pages] == [1, 1, 1, 1]

    os.utime(project.notebooks / "same.ipynb")  # touched, but not changed
    module.write_text("ADDED = 2\n")
    project.notebook("bad")
    project.experiment("changed", pages=pages | {"set": {"value": 5}})
    status, output = project.causalex("experiment", "run", "changed")
    assert status == 0, output
    assert [len(project.values(name)) for name in pages] == [1, 2, 2, 2]
    assert project.printed("changed", "set") == "value 5\n"
    assert not kept.exists()


MAKE = """
from causalex_book.workflow import book, execute
from causalex_core import paths
from causalex_core.errors import CausalexError

def run_jobs(chosen):  # without Snakemake, which other tests start
    execute.execute(paths.NOTEBOOKS / "shown.ipynb", chosen.page("shown"), {}, {})

def make():
    try:
        book.make("whole")
    except CausalexError as error:
        print("refused:", error)

book.runs.run_jobs = run_jobs
for page in ("shown", "shown", "nowhere"):
    (paths.BOOK / "intro.md").write_text(f"# Book\\n\\nSee {{doc}}`pages/{page}`.\\n")
    make()
toc = paths.ROOT / "_toc.yml"
toc.write_text(toc.read_text().replace("pages/shown", "pages/other"))
make()
"""


def test_a_broken_book_leaves_the_one_before(project):
    project.notebook("shown")
    project.experiment("whole", pages={"shown": {}})
    for name in ("_static", "published"):
        shutil.copytree(paths.BOOK / name, project.folder / "book" / name)
    (project.folder / "book" / "references.bib").touch()
    toc = {"format": "jb-book", "root": "intro", "chapters": [{"file": "pages/shown"}]}
    (project.folder / "_toc.yml").write_text(json.dumps(toc))
    status, output = project.run("-c", MAKE)
    assert status == 0, output
    assert output.count("rendered in") == 1 and output.count("nothing changed") == 1
    unknown, other = output.split("refused: ")[1:]
    assert "pages/nowhere" in unknown
    assert "_toc.yml lists the page 'other'" in other
    html = project.folder / "_build" / "html"
    assert "value 1" in (html / "pages" / "shown.html").read_text()
    assert 'href="pages/shown.html"' in (html / "intro.html").read_text()
