"""Configurations by what they are made of."""

import pytest

from causalex_core.chapters import ablation_explorer
from causalex_core.chapters.ablation_explorer import NO_DEBIASING, Config, made_of
from causalex_core.studies.variants import NONE, PREDECESSOR, VARIANTS, WHOLE

PARTS = ["graph", "layers", "pooling", "debiasing"]


@pytest.fixture(scope="module")
def configurations():
    return ablation_explorer.compute(Config())["configurations"]


@pytest.mark.parametrize(
    ("variant", "graph", "layers", "pooling"),
    [
        (WHOLE, "causal + prior", 2, "yes"),
        (PREDECESSOR, "prior", 1, "no"),
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
    told = made_of(VARIANTS[variant])
    assert told == {"graph": graph, "layers": layers, "pooling": pooling}


def test_no_two_variants_are_told_alike():
    told = [tuple(made_of(variant).values()) for variant in VARIANTS.values()]
    assert len(set(told)) == len(VARIANTS)


def test_a_configuration_stands_once_in_its_scope(configurations):
    assert not configurations.duplicated(["database", "rule", "kind", *PARTS]).any()
    assert (configurations["low"] <= configurations["high"]).all()
    assert set(configurations["kind"]) == {"macro", "micro", "overall"}


def test_scores_are_those_of_the_stored_runs(configurations):
    stored = ablation_explorer.complete(ablation_explorer.graph_spotting).tables["scores"]
    plain = configurations[~configurations["rule"].str.contains("strength")]
    assert len(plain) == len(stored)
    assert plain["f1"].tolist() == stored["f1"].tolist()
    assert set(plain["debiasing"]) == {NO_DEBIASING}
    debiased = configurations[configurations["rule"].str.contains("strength")]
    assert len(set(debiased["debiasing"])) == 5
