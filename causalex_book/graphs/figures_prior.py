"""Figures of the page on the prior graph."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from causalex_book.publishing import face, style
from causalex_core import regions

TITLES = {"published": "as published", "FACS": "FACS map"}


def _square(matrices: pd.DataFrame, database: str, matrix: str, value: str) -> np.ndarray:
    chosen = matrices[(matrices["database"] == database) & (matrices["matrix"] == matrix)]
    return chosen.pivot(index="row", columns="column", values=value).to_numpy()


def heatmaps(matrices: pd.DataFrame) -> Figure:
    """Row-normalised matrices, a row of panels per database, published beside FACS.

    Parameters
    ----------
    matrices
        ``database, matrix, row, column, weight``.
    """
    databases = matrices["database"].unique()
    norm = PowerNorm(0.5, vmin=0, vmax=matrices["weight"].max())
    with style.figure(
        7.4, 3.9 * len(databases), nrows=len(databases), ncols=len(TITLES), sharex=True, sharey=True
    ) as (drawn, axes):
        for across, database in zip(axes, databases, strict=True):
            for axis, (matrix, title) in zip(across, TITLES.items(), strict=True):
                weights = _square(matrices, database, matrix, "weight")
                image = axis.imshow(weights, cmap=style.SEQUENTIAL, norm=norm)
                axis.set_title(f"{style.readable(database)}, {title}")
                axis.grid(visible=False)
                axis.set_xticks(range(regions.COUNT), regions.NAMES, rotation=90)
                axis.set_yticks(range(regions.COUNT), regions.NAMES)
        drawn.colorbar(image, ax=axes, shrink=0.5, label="share of the row (square-root scale)")
    return drawn


def faces(matrices: pd.DataFrame) -> Figure:
    """Counts as graphs on a face, scaled within each panel.

    Parameters
    ----------
    matrices
        ``database, matrix, row, column, count``.
    """
    databases = matrices["database"].unique()
    with style.figure(7.2, 4.4 * len(databases), nrows=len(databases), ncols=len(TITLES)) as (
        drawn,
        axes,
    ):
        for across, database in zip(axes, databases, strict=True):
            for axis, (matrix, title) in zip(across, TITLES.items(), strict=True):
                counts = _square(matrices, database, matrix, "count")
                face.draw(axis)
                face.draw_graph(axis, counts, counts.max())
                axis.set_title(
                    f"{style.readable(database)}, {title}\n(largest count {counts.max():.0f})"
                )
    return drawn


def explorer(matrices: pd.DataFrame) -> go.Figure:
    """Heatmap to hover over, with a menu to choose the matrix.

    Parameters
    ----------
    matrices
        ``database, matrix, row, column, count, weight``.
    """
    choices = list(matrices[["database", "matrix"]].drop_duplicates().itertuples(index=False))
    drawn = go.Figure()
    for place, (database, matrix) in enumerate(choices):
        drawn.add_heatmap(
            z=_square(matrices, database, matrix, "weight"),
            customdata=_square(matrices, database, matrix, "count"),
            x=regions.NAMES,
            y=regions.NAMES,
            zmin=0,
            zmax=float(matrices["weight"].max()),
            colorscale=style.SEQUENTIAL,
            colorbar={"title": "share", "thickness": 12},
            visible=place == 0,
            hovertemplate="%{y} with %{x}<br>count %{customdata}, share %{z:.4f}<extra></extra>",
        )
    buttons = [
        {
            "label": f"{style.readable(database)}, {TITLES[matrix]}",
            "method": "update",
            "args": [{"visible": [other == place for other in range(len(choices))]}],
        }
        for place, (database, matrix) in enumerate(choices)
    ]
    menu = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    drawn.update_layout(style.plotly_layout(height=520, updatemenus=[menu]))
    drawn.update_layout(margin={"t": 60})
    drawn.update_yaxes(autorange="reversed")
    drawn.update_xaxes(tickangle=-60)
    return drawn
