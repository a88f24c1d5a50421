"""Show how spotter and recogniser score together, and where the score is lost."""

from causalex_book.chain import chain
from causalex_book.publishing import show
from causalex_book.publishing.results import Tables

COUNTS = ["tp", "n_pred", "n_truth"]
EMOTIONS = ["negative", "positive", "surprise"]
HEADERS = dict(zip(COUNTS, ("TP", "detections", "truths"), strict=True))
HEADERS |= {"f1": "F1", "uf1": "UF1", "strs": "STRS"}


def score(tables: Tables) -> None:
    """Show F1 of spotting, UF1 of the hits and the STRS of both, by plan and kind."""
    last = tables["steps"].groupby(["plan", "kind"], sort=False).tail(1)
    detections = show.with_interval(tables["spotting"], "f1")
    named = tables["recognition"]
    named = named[named["system"] == chain.FOUND]
    named = show.with_interval(named, "uf1").set_index(["plan", "kind"])
    both = show.with_interval(last, "strs").set_index(["plan", "kind"])
    shown = detections.set_index(["plan", "kind"]).join(named[["uf1", *EMOTIONS]])
    shown = shown.join(both["strs"]).reset_index()
    show.table(
        shown[["plan", "kind", "f1", *COUNTS, "uf1", *EMOTIONS, "strs"]],
        "Spotting, the emotions of what was hit at the key frames that were found (right ones out"
        " of hits), and the score of both.",
        "tab-chain-score",
        headers=HEADERS,
    )


def errors_table(tables: Tables, scope: str) -> None:
    """Show how far key frames that were found lie from true ones, and how errors correlate."""
    quantiles = ["q05", "q25", "q50", "q75", "q95"]
    columns = ["plan", "kind", "frame", "hits", "deviation", *quantiles, "level"]
    show.table(
        tables["errors"][columns],
        "Errors in milliseconds, positive where the detection is late: standard deviation,"
        " quantiles, and the level: their root mean square as a share of each expression's"
        " duration.",
        "tab-chain-errors",
        digits=dict.fromkeys(["deviation", *quantiles], 0) | {"level": 2},
        headers={name: f"{int(name[1:])} %" for name in quantiles},
    )
    together = tables["errors"].query("plan == @scope")
    show.table(
        together[["kind", "frame", "with_onset", "with_apex", "with_offset"]],
        "Correlation of the three errors of one expression.",
        "tab-chain-correlation",
        digits=dict.fromkeys(("with_onset", "with_apex", "with_offset"), 2),
    )


def recognition(tables: Tables, scope: str) -> None:
    """Show UF1 of emotions by system, and the paired differences between systems."""
    rows = tables["recognition"].query("plan == @scope")
    show.table(
        show.with_interval(rows, "uf1")[["kind", "system", "expressions", "uf1", *EMOTIONS]],
        "UF1 of the emotions, and right ones out of all.",
        "tab-chain-recognition",
        headers=HEADERS,
    )
    show.table(
        show.with_interval(tables["gains"].query("plan == @scope"), "gain")[
            ["kind", "system", "over", "gain"]
        ],
        "Paired differences of UF1: what the choice of those that were hit changes, what key"
        " frames that were found change, with and without the second phase, and what that phase"
        " adds.",
        "tab-chain-gains",
        headers={"over": "less", "gain": "difference"},
    )


def sentences(tables: Tables, scope: str) -> list[str]:
    """State how each loss changes STRS, and how large the errors of key frames are."""
    lines = []
    for kind in ("micro", "macro"):
        rows = tables["steps"].query("plan == @scope and kind == @kind").set_index("step")
        missed, wrong = -rows["change"].iloc[1], -rows["change"].iloc[2]
        best, final = rows["strs"].iloc[0], rows.iloc[-1]
        change = show.interval(final, "change", "change_low", "change_high", with_sign=True)
        lines.append(
            f"For {kind}-expressions both together score {show.interval(final, 'strs')};"
            f" without errors of spotting it would be {best:.3f}. What is"
            f" missed takes {missed:.3f}, false alarms {wrong:.3f}, and the key frames that were"
            f" found change it by {change}."
        )
    levels = tables["errors"].query("kind == 'micro'").groupby("plan", sort=False)["level"]
    reached = levels.agg(lambda three: (three**2).mean() ** 0.5)
    lines.append(
        "On the curves of the page on wrong key frames, whose levels are errors as a share of an"
        " expression's duration, Causal-Ex stands at "
        + ", ".join(f"{level:.2f} ({spec})" for spec, level in reached.items())
        + " with the micro-expressions that it hits."
    )
    return lines
