"""Configurations by what they are made of."""

import pandas as pd
import pytest

from causalex_book.claims import ablation_explorer
from causalex_book.claims.ablation_explorer import NO_DEBIASING, Config, made_of
from causalex_book.publishing import results
from causalex_book.spotting.published_setting import HONEST, NEAREST, NETWORKS
from causalex_book.spotting.variants import AUW_GCN, CAUSAL_EX, NONE, VARIANTS
from causalex_core import paths

PARTS = ["graph", "layers", "pooling", "debiasing"]
CONTROLS = ("graph_spotting", "counterfactuals")


def stored(name):
    return results.read(paths.PUBLISHED / f"{name}.json").tables


def rows_of(run):
    return pd.DataFrame(ablation_explorer.configurations(run))


@pytest.fixture(scope="module")
def published():
    """A made-up run of the published setting."""
    scores = pd.DataFrame(
        {"database": "SAMM-LV", "variant": variant, "rule": rule, "kind": "overall"}
        | {"protocol": protocol, "missing_offset": policy, "seeds": 1, "tp": 1, "n_pred": 2}
        | {"n_truth": 3, "f1": 0.4, "low": 0.3, "high": 0.5}
        for variant in NETWORKS
        for rule in ("last epoch", "best epoch per subject")
        for protocol in ("auw", "megc")
        for policy in ("as_is", "mirrored")
    )
    return {"scores": scores, "differences": pd.DataFrame()}


@pytest.fixture(scope="module")
def configurations(published):
    return pd.concat(rows_of(run) for run in (published, *map(stored, CONTROLS)))


@pytest.mark.parametrize(
    ("variant", "graph", "layers", "pooling"),
    [
        (CAUSAL_EX, "causal + prior", 2, "yes"),
        (AUW_GCN, "prior", 1, "no"),
        (NONE, "none", 2, "yes"),
        ("as released", "causal + prior, then prior", 2, "yes"),
        ("random graph", "random", 2, "yes"),
        ("causal only", "causal", 2, "yes"),
        ("directed edges", "causal (directed) + prior", 2, "yes"),
        ("no self loops", "causal + prior, no self loops", 2, "yes"),
        ("one layer", "causal + prior", 1, "yes"),
        ("no pooling", "causal + prior", 2, "no"),
    ],
)
def test_a_variant_is_told_by_its_parts(variant, graph, layers, pooling):
    parts = made_of(VARIANTS[variant])
    assert parts == {"graph": graph, "layers": layers, "pooling": pooling}


def test_no_two_variants_are_told_alike():
    parts = [tuple(made_of(variant).values()) for variant in VARIANTS.values()]
    assert len(set(parts)) == len(VARIANTS)


def test_a_configuration_stands_once_in_its_scope(configurations):
    assert not configurations.duplicated(["database", "rule", "kind", *PARTS]).any()
    assert (configurations["low"] <= configurations["high"]).all()
    assert set(configurations["kind"]) == {"macro", "micro", "overall"}


def test_scores_are_those_of_the_stored_runs():
    scores = stored("graph_spotting")["scores"]
    plain = rows_of(stored("graph_spotting"))
    assert plain["f1"].tolist() == scores["f1"].tolist()
    assert set(plain["debiasing"]) == {NO_DEBIASING}
    debiased = rows_of(stored("counterfactuals"))
    assert debiased["rule"].str.contains("strength").all()
    assert len(set(debiased["debiasing"])) == 5


def test_the_published_setting_says_how_it_is_counted(published):
    rows = rows_of(published)
    assert len(rows) == len(published["scores"]) / 2
    assert {NEAREST.missing_offset, HONEST.missing_offset} == {"mirrored", "as_is"}
    assert set(rows["rule"]) == {
        f"as published, counted by {how}, {rule}"
        for how in ("AUW-GCN's code", "MEGC")
        for rule in ("last epoch", "best epoch per subject")
    }
    assert "causal (directed) + prior, then prior" in set(rows["graph"])


def test_real_people_come_first():
    rows = ablation_explorer.compute(Config())["configurations"]
    assert list(rows["database"].drop_duplicates())[:2] == ["CAS(ME)^2", "SAMM-LV"]
    assert not rows.duplicated(["database", "rule", "kind", *PARTS]).any()
