"""``causalex score``: detections against truths, as counts and rates."""

import json
from pathlib import Path

import click
import pandas as pd

from causalex_core import paths
from causalex_core.commands import options
from causalex_core.data.intervals import read_intervals
from causalex_core.evaluation.agreement import disagreements
from causalex_core.evaluation.spotting import PROTOCOLS, Counts, pool
from causalex_core.evaluation.spotting import score as count_hits
from causalex_core.expressions import MissingOffset, oddities

ROW = "{:<8} {:>8} {:>12} {:>8} {:>10} {:>8} {:>8}"


@click.command()
@click.option(
    "--truth",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV of labelled intervals: subject, video, onset, offset, kind[, apex]; or an"
    " annotation table of AUW-GCN as fetched.",
)
@click.option(
    "--predictions",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV of detected intervals: subject, video, onset, offset, kind[, apex, score].",
)
@click.option(
    "--protocol",
    type=click.Choice(list(PROTOCOLS)),
    default="megc",
    show_default=True,
    help="How hits are counted.",
)
@click.option(
    "--missing-offset",
    type=click.Choice([policy.value for policy in MissingOffset]),
    default=MissingOffset.AS_IS.value,
    show_default=True,
    help="What an empty or zero offset becomes.",
)
@click.option("--kind-blind", is_flag=True, help="Match without regard to kind; overall only.")
@click.option(
    "--json",
    "destination",
    type=options.FileOf(".json"),
    help="Also write the scores to this file.",
)
def score(
    truth: Path,
    predictions: Path,
    protocol: str,
    missing_offset: str,
    kind_blind: bool,
    destination: Path | None,
) -> None:
    """Score detected intervals against labelled ones.

    Files may be compressed with gzip (.csv.gz). Frames are inclusive. A detection and a truth can
    only match within one subject and video and, unless --kind-blind is given, within one kind.
    What is unusual in a file, or does not fit together in both (names, units), is reported on
    standard error; what cannot be meant ends the command with status 2.
    """
    labelled, detected = (_read(path, kinds=not kind_blind) for path in (truth, predictions))
    counts = count_hits(
        labelled,
        detected,
        PROTOCOLS[protocol],
        MissingOffset(missing_offset),
        kind_blind=kind_blind,
    )
    pooled = pool(counts)
    for sentence in disagreements(labelled, detected, pooled["overall"].tp):
        click.echo(sentence, err=True)
    click.echo(f"protocol {protocol}: {PROTOCOLS[protocol].summary}")
    click.echo(f"missing offsets: {missing_offset}")
    click.echo(ROW.format("", "TP", "predictions", "truths", "precision", "recall", "F1"))
    for kind, count in pooled.items():
        shares = [f"{share:.4f}" for share in (count.precision, count.recall, count.f1)]
        click.echo(ROW.format(kind, count.tp, count.n_pred, count.n_truth, *shares))
    if (right := pooled["overall"].n_right) is not None:
        click.echo(
            f"precision: {right} of {pooled['overall'].n_pred} predictions hit a truth;"
            f" recall: {pooled['overall'].tp} of {pooled['overall'].n_truth} truths are hit"
        )
    if destination:
        content = {
            **{kind: _plain(count) for kind, count in pooled.items()},
            "protocol": protocol,
            "missing_offset": missing_offset,
        }
        paths.atomic_write(destination, json.dumps(content, indent=2) + "\n")


def _read(path: Path, kinds: bool) -> pd.DataFrame:
    """Read a table and report what is unusual in it."""
    table = read_intervals(path, kinds=kinds)
    if table.empty:
        click.echo(f"note: {path}: no rows under the header", err=True)
    for oddity, rows in oddities(table).groupby("oddity")["row"]:
        click.echo(
            f"note: {path}: {oddity} in {len(rows)} row{'s' if len(rows) > 1 else ''}"
            f" (first: row {rows.min() + 1})",
            err=True,
        )
    return table


def _plain(counts: Counts) -> dict[str, int | float]:
    rates = {name: getattr(counts, name) for name in ("precision", "recall", "f1")}
    return counts.known() | rates
