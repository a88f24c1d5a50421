"""Printed scores of recognisers, one table of fractions for what two sources print.

The printed rows were scored by their authors on the same three databases, under rules that are
known here only where their code is public.
"""

from collections.abc import Sequence

import pandas as pd

from causalex_book.publishing import paper, show

# Epochs among which the public code of a method chooses, for each test subject its best.
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
    own = pd.DataFrame(
        {
            "method": "CausalNet",
            "scope": readme["row"],
            "measure": readme["column"].map(_MEASURES),
            "value": readme["value"] / _PERCENT,
        }
    )
    return pd.concat([rows, own], ignore_index=True)


def beside(
    scores: pd.DataFrame, differences: pd.DataFrame, scope: str, methods: Sequence[str]
) -> pd.DataFrame:
    """Printed rows of some methods, then ours, as text.

    Parameters
    ----------
    scores
        Ours: ``system, rule, scope, measure, value, low, high``.
    differences
        ``system, rule, scope, measure, difference, low, high``: what ours read beyond the linear
        model; systems without a row are that model.
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
    of_scope = printed().query("scope == @scope").set_index(["method", "measure"])["value"]
    rows = [
        {
            "system": method,
            "rule": "printed; test_selected" if method in CHOSEN_AMONG else "printed",
            **{
                measure: f"{of_scope[method, measure]:.4f}"
                for measure in _MEASURES.values()
                if (method, measure) in of_scope
            },
        }
        for method in methods
    ]
    own = show.with_interval(scores[scores["scope"] == scope], "value")
    own = own.pivot(index=keys, columns="measure", values="value").loc[
        list(own[keys].drop_duplicates().itertuples(index=False, name=None))
    ]
    beyond = differences[(differences["scope"] == scope) & (differences["measure"] == "uf1")]
    texts = show.with_interval(beyond, "difference").set_index(keys)["difference"]
    own["beyond_linear"] = texts.reindex(own.index)
    found = pd.concat([pd.DataFrame(rows), own.reset_index()], ignore_index=True)
    return found[[*keys, *_MEASURES.values(), "beyond_linear"]].fillna("–")
