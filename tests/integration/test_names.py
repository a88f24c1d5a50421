"""Identifiers are the field's words: names that were replaced do not come back."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from causalex_core import paths

PACKAGES = ("causalex_core", "causalex_book", "causalex_synthetic")
# Identifiers of any kind: classes, functions, attributes, arguments, variables, modules.
REPLACED = {
    "Answers": "Targets",
    "Cohort": "SyntheticDataset",
    "Described": "CausalNetText",
    "JUDGED": "VALID_FRAMES",
    "Law": "KeyFrameNoise",
    "Material": "SpottingDataset, TrainingData, FlowDataset",
    "Norm": "BatchNormReLU",
    "Outcome": "predictions, result",
    "OwnValue": "ValueProjection",
    "PLANS": "SPECS",
    "PREDECESSOR": "AUW_GCN",
    "Plan": "DatasetSpec",
    "Relation": "CRM",
    "Rule": "ProposalRule",
    "Shrink": "Downsample",
    "SideBySide": "FoldTrainer",
    "WHOLE": "CAUSAL_EX",
    "attempted": "try_lock",
    "both_sides": "flip_tta",
    "carry_out": "run",
    "cohort": "synthetic, people, drawn",
    "cohorts": "datasets",
    "cut_short": "drop_relaxation",
    "elsewhere": "other_subjects",
    "falling": "cosine",
    "fidgets": "distractors",
    "hand_over": "save_result",
    "judge": "predict",
    "laid": "warp",
    "met": "discriminating path, unshielded triple",
    "parted": "sepset",
    "per_epoch": "gamma",
    "plan": "spec",
    "plans": "specs",
    "remedied": "align",
    "signed": "pidfile",
    "tied": "biased",
    "told_people": "subject_identification",
    "uncertain": "label_smoothing",
    "undone": "stabilise",
}
# Variables and arguments: any word that tells what they hold.
SAY_NOTHING = ("each", "found", "one", "own", "place", "said")
OF_A_PAGE = "parameter of a page: a name in stored results"
EXCEPTIONS = {
    "cohort": {"causalex_synthetic/command.py": "the command keeps its name"},
    "falling": {
        "causalex_core/graphs/separation.py": "from a node to its children",
        "causalex_synthetic/hair.py": "of hair",
        "causalex_synthetic/performance.py": "from apex to offset",
    },
    "elsewhere": {"causalex_book/recognition/key_frames.py": OF_A_PAGE},
    "plan": {
        "causalex_book/graphs/region_graphs.py": OF_A_PAGE,
        "causalex_book/recognition/key_frames.py": OF_A_PAGE,
        "causalex_synthetic/command.py": "option of the command",
    },
    "plans": {
        "causalex_book/chain/chain.py": OF_A_PAGE,
        "causalex_book/debiasing/counterfactuals.py": OF_A_PAGE,
        "causalex_book/debiasing/real_debiasing.py": OF_A_PAGE,
        "causalex_book/recognition/shipped.py": "setting of the shipped weights, as stored there",
        "causalex_book/spotting/graph_spotting.py": OF_A_PAGE,
        "causalex_book/spotting/real_spotting.py": OF_A_PAGE,
    },
}


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of all identifiers, imports included."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield line, node.arg
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield line, node.name
        elif isinstance(node, ast.ImportFrom):
            yield from ((line, name) for name in (node.module or "").split("."))
        elif isinstance(node, ast.alias):
            yield from ((line, name) for name in (node.asname or node.name).split("."))


def bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of variables that are assigned, and of arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def replaced_names(source: str, stem: str = "") -> list[tuple[int, str]]:
    """Lines and names of a module that are in the tables above; the module's own is in line 0."""
    tree = ast.parse(source)
    names = [(0, stem), *identifiers(tree)]
    lines = [(line, name.lstrip("_")) for line, name in names if name.lstrip("_") in REPLACED]
    return sorted({*lines, *((line, name) for line, name in bound(tree) if name in SAY_NOTHING)})


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for file in sorted((paths.ROOT / package).rglob("*.py")):
            yield file.relative_to(paths.ROOT).as_posix(), file


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class _Material: pass", ["Material"]),
        ("said = 1\nf(said)", ["said"]),
        ("def f(found): return [each.tied for each in found]", ["each", "found", "tied"]),
        ("from a.told_people import b", ["told_people"]),
        ("a.place(b.one)", []),  # of others: not bound here
    ],
)
def test_names_are_seen_wherever_they_stand(source, names):
    assert sorted(name for _, name in replaced_names(source)) == names


def test_a_module_may_not_have_such_a_name():
    assert replaced_names("", "told_people") == [(0, "told_people")]


def test_no_replaced_name_is_left():
    left = [
        f"{name}:{line}: {word} ({REPLACED.get(word, 'name what it holds')})"
        for name, file in modules()
        for line, word in replaced_names(file.read_text(), file.stem)
        if name not in EXCEPTIONS.get(word, {})
    ]
    assert not left, f"{len(left)} names of the table are left:\n" + "\n".join(left)


def test_every_exception_is_needed():
    used = {
        (word, name)
        for name, file in modules()
        for _, word in replaced_names(file.read_text(), file.stem)
    }
    stated = {(word, name) for word, files in EXCEPTIONS.items() for name in files}
    assert stated <= used, sorted(stated - used)
