"""One video's scores, detections, faces and graph as a page that needs nothing else."""

import base64
import html
import io
import json
from collections.abc import Hashable, Mapping
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML, display
from numpy.typing import NDArray

from causalex_book.publishing import face, style
from causalex_core import regions
from causalex_core.expressions import KINDS
from causalex_core.graphs.pag import Pag
from causalex_core.spotting.checkpoints import Spotted
from causalex_core.spotting.data import KINDS as CHANNELS
from causalex_core.spotting.predict import Portraits

_TEMPLATE = Path(__file__).with_name("timeline.html")
_COLUMNS = 4000  # points of a curve at most
_TICKS = 8  # at most, on the axis of time
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)  # s between ticks


def page(spotted: Spotted, portraits: Portraits | None = None) -> str:
    """HTML of the page of a spotted video, with the face at the frame under the cursor."""
    recording, table = spotted.recording, spotted.detections
    fps, frames = recording.fps or 1.0, len(recording.motion)
    step = -(-frames // _COLUMNS)
    curves = {kind: _largest(spotted.apex[CHANNELS.index(kind)], step) for kind in KINDS}
    counts = {kind: int((table["kind"] == kind).sum()) for kind in KINDS}
    numbers = " and ".join(f"{count} {kind}" for kind, count in counts.items())
    summary = f"{numbers} detections in {frames / fps:.1f} s ({frames} frames, {fps:g} per second)"
    pictures = portraits.pictures if portraits else ()
    data = {
        "fps": fps,
        "frames": frames,
        "step": step,
        "scores": {kind: np.rint(1000 * curve).tolist() for kind, curve in curves.items()},
        "every": portraits.every if portraits else 1,
        "faces": [base64.b64encode(picture or b"").decode() for picture in pictures],
    }
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(f"Expressions over time: {recording.video}"),
        summary=f"{summary}.",
        columns=len(curves[KINDS[0]]),
        last=frames - 1,
        most_zoom=max(2, min(40, round(frames / 150))),
        curves="\n".join(
            f'<path class="{kind}" d="{_path(curve)}"/>' for kind, curve in curves.items()
        ),
        curves_text=f"Scores of macro- and micro-expressions per frame. {summary}",
        gaps="".join(_gaps(recording.measured, step)),
        lanes="\n".join(_lane(table[table["kind"] == kind], kind, frames) for kind in KINDS),
        ticks="".join(_ticks(frames, fps)),
        table=_table(table),
        graph=_picture(spotted.graph),
        graph_text=html.escape(_graph_text(spotted.graph)),
        graph_caption=html.escape(_graph_caption(spotted.graph)),
        data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    )


def embed(spotted: Spotted, portraits: Portraits, title: str) -> None:
    """Display the page within a page of the book; `title` is for those who do not see it."""
    inside, label = html.escape(page(spotted, portraits)), html.escape(title)
    frame = f'<iframe class="timeline" title="{label}" srcdoc="{inside}"></iframe>'
    display(HTML(f"<div>{frame}</div>"))


def _largest(curve: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Largest value of each `step` frames."""
    padded = np.pad(curve, (0, -len(curve) % step), constant_values=0)
    return padded.reshape(-1, step).max(axis=1)


def _path(curve: NDArray[np.float32]) -> str:
    steps = (f"{frame + 0.5} {1 - value:.3f}" for frame, value in enumerate(curve))
    return "M" + "L".join(steps)


def _gaps(measured: NDArray[np.bool_], step: int) -> list[str]:
    """Where nothing was measured."""
    borders = np.flatnonzero(np.diff(np.concatenate([[True], measured, [True]])))
    return [
        f'<rect x="{start / step:g}" width="{(end - start) / step:g}" y="0" height="1"/>\n'
        for start, end in borders.reshape(-1, 2)
    ]


def _lane(table: pd.DataFrame, kind: str, frames: int) -> str:
    bars = "".join(
        f'<button type="button" class="bar {kind}" data-apex="{row["apex"]}"'
        f' style="left:{100 * row["onset"] / frames:.4f}%;'
        f'width:{100 * (row["offset"] - row["onset"] + 1) / frames:.4f}%"'
        f' title="{_description(row)}" aria-label="{_description(row)}"></button>'
        for row in table.to_dict("records")
    )
    return f'<span class="name">{kind}</span><div class="lane">{bars}</div>'


def _description(row: Mapping[Hashable, Any]) -> str:
    return (
        f"{row['kind']}-expression, {row['onset_seconds']:.2f} to {row['offset_seconds']:.2f} s,"
        f" score {row['score']:.2f}"
    )


def _ticks(frames: int, fps: float) -> list[str]:
    seconds = frames / fps
    between = next((step for step in _STEPS if seconds / step <= _TICKS), _STEPS[-1])
    return [
        f'<span style="left:{100 * time / seconds:.3f}%">{time:g} s</span>'
        for time in np.round(np.arange(0, seconds, between), 3)
        if time / seconds < 0.97
    ]


def _table(table: pd.DataFrame) -> str:
    if table.empty:
        return "<p>None above the least score.</p>"
    rows = "".join(
        f"<tr><td>{row['kind']}</td><td>{row['onset_seconds']:.2f}</td>"
        f"<td>{row['apex_seconds']:.2f}</td><td>{row['offset_seconds']:.2f}</td>"
        f"<td>{row['score']:.2f}</td>"
        f'<td><button type="button" data-apex="{row["apex"]}"'
        f' aria-label="Show the {_description(row)}">show</button></td></tr>'
        for row in table.to_dict("records")
    )
    heads = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Kind", "Onset (s)", "Apex (s)", "Offset (s)", "Score", "Face")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _picture(graph: Pag) -> str:
    """The graph on the schematic face, as a data URI."""
    with style.figure(3.4, 4.2) as (drawn, axis):
        face.draw(axis)
        face.draw_marks(axis, graph.marks)
        out = io.BytesIO()
        drawn.savefig(out, format="svg", metadata={"Date": None})
        style.plt.close(drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def _graph_text(graph: Pag) -> str:
    names = regions.NAMES
    edges = "; ".join(f"{names[i]} {kind} {names[j]}" for i, kind, j in graph.edges())
    return f"Schematic face with a graph of its 12 regions. Edges: {edges or 'none'}."


def _graph_caption(graph: Pag) -> str:
    if "missing" in graph.settings:
        return f"No graph could be found ({graph.settings['missing']}): the prior graph was used."
    return (
        f"Causal graph of this video (FCI, level {graph.alpha}), {len(graph.edges())} edges. The"
        " region at an arrowhead does not cause the other; at a circle this is not known."
    )
