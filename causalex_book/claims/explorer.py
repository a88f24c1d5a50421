"""A figure to choose in: one of several configurations among all that were run."""

import html
import json
from collections.abc import Sequence

import pandas as pd
from IPython.display import HTML, display


def explorer(
    frame: pd.DataFrame, scope: Sequence[str], parts: Sequence[str], name: str, alternative: str
) -> None:
    """Display an explorer, which ``_static/explorer.js`` brings to life in the book.

    The frame has a row for each configuration (columns `parts`) in each scope (columns `scope`, of
    which one value each is shown at a time), with ``f1, low, high, tp, n_pred, n_truth, seeds``.
    `name` identifies it on the page, `alternative` is for those who do not see it.
    """
    rows = json.loads(frame.to_json(orient="records", double_precision=4))
    content = {"scope": list(scope), "parts": list(parts), "rows": rows}
    data = json.dumps(content, ensure_ascii=False).replace("</", "<\\/")
    label = html.escape(alternative)
    display(
        HTML(
            f'<div class="explorer" id="explorer-{name}" role="group" aria-label="{label}">'
            f'<script type="application/json">{data}</script>'
            "<p>This figure needs scripts; the table below has its numbers.</p></div>"
        )
    )
