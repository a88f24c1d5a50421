"""Printed scores of recognisers, as fractions, from two sources.

Their authors scored them on the same three databases, under rules that are known here only where
the code is public.
"""

from collections.abc import Sequence

import pandas as pd

from causalex_book.publishing import paper, show

# Epochs among which the public code of a method selects the best of each test subject.
CHOSEN_AMONG = {"CausalNet": 200, "HTNet": 800}
_MEASURES = {"UF1": "uf1", "UAR": "uar", "ACC": "accuracy"}
_PERCENT = 100


def printed() -> pd.DataFrame:
    """Columns ``method, scope, measure, value``: scope ``composite`` or the name of a database."""
    field = paper.printed("recognition", "composite")
    words = field["column"].str.rsplit(n=1, expand=True)
    rows = pd.DataFrame(
        {
            "method": field["row"],
            "scope": words[0].replace("Full", "composite"),
            "measure": words[1].map(_MEASURES),
            "value": field["value"],
        }
    )
    readme = paper.printed("causalnet", "readme")
    causalnet = pd.DataFrame(
        {
            "method": "CausalNet",
            "scope": readme["row"],
            "measure": readme["column"].map(_MEASURES),
            "value": readme["value"] / _PERCENT,
        }
    )
    return pd.concat([rows, causalnet], ignore_index=True)


def comparison(
    scores: pd.DataFrame, differences: pd.DataFrame, scope: str, methods: Sequence[str]
) -> pd.DataFrame:
    """Printed rows of some methods, then ours, as text.

    Parameters
    ----------
    scores
        Ours: ``system, rule, scope, measure, value, low, high``.
    differences
        Ours less the linear model: ``system, rule, scope, measure, difference, low, high``.
    scope
        ``composite`` or the name of a database.
    methods
        Whose printed rows are shown.

    Returns
    -------
    DataFrame
        Columns ``system, rule, uf1, uar, accuracy, beyond_linear``; the last is a difference of
        UF1.
    """
    keys = ["system", "rule"]
    values = printed().query("scope == @scope").set_index(["method", "measure"])["value"]
    rows = [
        {
            "system": method,
            "rule": "printed; test_selected" if method in CHOSEN_AMONG else "printed",
            **{
                measure: f"{values[method, measure]:.4f}"
                for measure in _MEASURES.values()
                if (method, measure) in values
            },
        }
        for method in methods
    ]
    ours = show.with_interval(scores[scores["scope"] == scope], "value")
    order = pd.MultiIndex.from_frame(ours[keys].drop_duplicates())
    ours = ours.pivot(index=keys, columns="measure", values="value").loc[order]
    beyond = differences[(differences["scope"] == scope) & (differences["measure"] == "uf1")]
    texts = show.with_interval(beyond, "difference").set_index(keys)["difference"]
    ours["beyond_linear"] = texts.reindex(ours.index)
    table = pd.concat([pd.DataFrame(rows), ours.reset_index()], ignore_index=True)
    return table[[*keys, *_MEASURES.values(), "beyond_linear"]].fillna("–")
