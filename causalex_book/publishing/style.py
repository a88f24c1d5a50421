"""One look for all figures: colour-blind-safe, legible on light and dark pages."""

import html
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import plotly
import plotly.graph_objects as go
from IPython.display import HTML, display
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart with any common colour vision.
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, PURPLE, SKY = "#D55E00", "#CC79A7", "#56B4E9"
GREY, INK, PAPER = "#7F7F7F", "#222222", "#FFFFFF"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY)
KIND_COLOURS = {"macro": BLUE, "micro": VERMILION, "overall": INK}
SEQUENTIAL = "cividis"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

# Figures keep a white card under both themes, so colours mean the same in each.
MATPLOTLIB: dict[Any, Any] = {
    "figure.dpi": 110,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "savefig.bbox": "tight",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "svg.hashsalt": "causalex",
}


def readable(name: str) -> str:
    """Name as readers know it: CAS(ME)² for the plain-text CAS(ME)^2."""
    return name.replace("(ME)^2", "(ME)²")


@contextmanager
def figure(width: float = 7.2, height: float = 3.6, **subplots: Any) -> Iterator[tuple]:
    """Open a matplotlib figure of a size in inches in the book's style; yields it and its axes."""
    with plt.rc_context(MATPLOTLIB):
        drawn, axes = plt.subplots(figsize=(width, height), layout="constrained", **subplots)
        yield drawn, axes


def show_figure(drawn: Figure) -> None:
    """Display a matplotlib figure once and release it."""
    display(drawn)
    plt.close(drawn)


def svg(drawn: Figure) -> str:
    """A matplotlib figure as SVG, which is then released; the same figure gives the same text."""
    written = io.StringIO()
    with plt.rc_context(MATPLOTLIB):
        drawn.savefig(written, format="svg", metadata={"Date": None})
    plt.close(drawn)
    return written.getvalue()


def plotly_layout(height: int = 380, **more: object) -> dict:
    """Layout shared by the interactive figures."""
    axis = {"gridcolor": "#E6E6E6", "zerolinecolor": "#BBBBBB", "automargin": True}
    return {
        "template": "none",
        "height": height,
        "colorway": list(PALETTE),
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "margin": {"l": 60, "r": 20, "t": 30, "b": 55},
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        **more,
    }


def plotly_band(
    drawn: go.Figure, x: pd.Series, low: pd.Series, high: pd.Series, colour: str
) -> None:
    """Shade the intervals around a line of an interactive figure."""
    drawn.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=colour,
        opacity=0.12,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def plotly_html(drawn: go.Figure, name: str, alternative: str) -> None:
    """Display an interactive figure that uses the book's own copy of plotly.js.

    Parameters
    ----------
    drawn
        The figure.
    name
        Identifier of its element; the same on every build.
    alternative
        What the figure shows, for readers who cannot see it.
    """
    body = drawn.to_html(
        include_plotlyjs=False,
        full_html=False,
        div_id=f"plot-{name}",  # apart from the identifiers of headings
        config={"responsive": True, "displaylogo": False},
    )
    label = html.escape(alternative)
    described = f'<div role="group" aria-label="{label}" class="plotly-card">{body}</div>'
    display(HTML(described))
