"""Printed scores of recognisers, one table of fractions for what two sources print.

The printed rows were scored by their authors on the same three databases, under rules that are
known here only where their code is public.
"""

import pandas as pd

from causalex_core.report import paper

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
