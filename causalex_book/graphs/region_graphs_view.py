"""Show how much of the planted graph the motion of synthetic people gives back."""

from collections.abc import Sequence

from causalex_book.graphs import region_graphs
from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Result, Tables

HEADERS = {
    "n_eff": "samples worth",
    "planted_edges": "planted edges",
    "mark_f1": "F1 of marks",
    "marks_right": "definite marks right",
}
SHOWN = ["precision", "recall", "mark_f1", "marks_right"]
READINGS = {
    "any_edge": "any edge, both ways",
    "directed": "`-->` only",
    "possibly_directed": "`-->` and `o->`",
}


def readable(table: Frame, *columns: str) -> Frame:
    """Chosen columns and rates, each rate with its interval in one cell."""
    for rate in region_graphs.RATES:
        table = show.with_interval(table, rate, f"{rate}_low", f"{rate}_high", digits=2)
    return table[[*columns, *SHOWN]]


def amount_table(tables: Tables) -> None:
    """Show how well the planted graph is recovered, by noise and amount of clips."""
    planted = tables["planted"]["mark"]
    show.table(
        readable(tables["amount"].query("sample_size == 'bartlett'"), "noise", "clips", "n_eff"),
        f"Recovery of the planted graph, which has {(planted > 0).sum() // 2} edges and"
        f" {(planted > 1).sum()} definite marks, with the effective sample size (median over pairs"
        " and graphs). The last column judges definite marks on true edges by the ancestral graph.",
        "tab-amount",
        digits={"noise": 0, "n_eff": 0},
        headers=HEADERS,
    )


def policies_table(tables: Tables) -> None:
    """Show ones per graph for each reading of Eq. 1, and how many of them are true."""
    policies = tables["policies"]
    clips = ["1", region_graphs.PERSON, region_graphs.EVERYTHING]
    show.table(
        policies[policies["clips"].isin(clips)].replace({"policy": READINGS}),
        "Readings of Eq. 1, and the regions of Eq. 6, from motion with measured noise: ones (or"
        " regions) per graph, share of them that is true, share of graphs without any.",
        "tab-policies",
        digits=2,
        headers={"policy": "reading", "ones": "ones per graph"},
    )


def reasons(tables: Tables, amount: Frame, noise: Sequence[float]) -> list[str]:
    """State why edges estimated from motion differ from the planted ones."""
    kinds = tables["components"].set_index(["components", "noise", "clips"]).sort_index()
    quiet, measured = amount.loc[("bartlett", min(noise))], amount.loc[("bartlett", 1.0)]
    magnitude = kinds.loc[("magnitude", min(noise), "all"), "precision"]
    counted = amount.loc[("frames", min(noise), "all"), "precision"]
    return [
        f"Measurement: without noise {quiet.loc['all', 'precision']:.0%} of the edges from all"
        f" clips are planted, with measured noise {measured.loc['all', 'precision']:.0%}; from"
        f" single clips, which show fewer, {quiet.loc['1', 'precision']:.0%} and"
        f" {measured.loc['1', 'precision']:.0%}.",
        f"Not linear: even without noise, {magnitude:.0%} of the edges from the length of the"
        " vector are planted.",
        "Not Gaussian, and not steady: expressions are pulses, and each frame depends on those"
        f" before it. If every frame counts, {counted:.0%} of the edges from all clips without"
        " noise are planted.",
        f"Too little: a single clip shows {quiet.loc['1', 'recall']:.0%} of the edges without"
        f" noise and {measured.loc['1', 'recall']:.0%} with it.",
        "Not in this tier: on pictures, regions that share pixels err together. What that adds"
        " cannot be seen here.",
    ]


def contrast_table(tables: Tables, person: str) -> None:
    """Show planted and other edges of each kind of graph, and one person's edges."""
    show.table(
        tables["contrast"],
        "Edges of each kind of graph, and how many of them are planted.",
        "tab-contrast",
        digits=2,
        headers={"not_planted": "not planted"},
    )
    show.table(
        tables["edges"][tables["edges"]["graph"] == person].drop(columns="graph"),
        f"Edges of {person}, and those that more than half of the draws have: mark in the graph"
        " from all clips, share of draws, planted mark.",
        "tab-person-edges",
        digits=2,
        headers={"other_region": "other region", "planted": "planted as"},
    )


def clip_tables(real: Result) -> None:
    """Show the edges of the real clip, and how their number depends on choices."""
    show.table(
        real.tables["edges"],
        "Edges of the clip: mark, and share of the draws of blocks with this edge.",
        "tab-clip-edges",
        digits=2,
        headers={"other_region": "other region"},
    )
    show.table(
        real.tables["choices"],
        "The same clip with other samples and sample sizes: what a pair is worth, correlated pairs"
        " of 66, edges.",
        "tab-clip-choices",
        digits=0,
        headers={
            "sample_size": "sample size",
            "n_eff_least": "worth, least",
            "n_eff_median": "worth, median",
            "correlated_pairs": "correlated pairs",
        },
    )


def conclusions(tables: Tables, real: Result, amount: Frame, noise: Sequence[float]) -> list[str]:
    """State how much of the planted graph a clip, a person and a cohort give back."""
    quiet, measured = amount.loc[("bartlett", min(noise))], amount.loc[("bartlett", 1.0)]
    contrast = tables["contrast"].set_index(["graph", "kind"])
    together, correlated, causal = (
        contrast.loc[("cohort", kind), ["edges", "not_planted"]].astype(int)
        for kind in ("units annotated together", "motion correlated", "causal graph")
    )
    directed = (
        tables["policies"].set_index(["clips", "policy"]).loc[(region_graphs.PERSON, "directed")]
    )
    clip = real.tables["choices"].set_index(["components", "sample_size"])["edges"]
    return [
        f"From a whole cohort's motion at measured noise, the causal graph has {causal['edges']}"
        f" edges, of which {causal['not_planted']} are not planted; correlation has"
        f" {correlated['edges']}, of which {correlated['not_planted']} are not; annotated"
        f" co-occurrence has {together['edges']}, of which {together['not_planted']} are not.",
        f"One clip shows {measured.loc['1', 'recall']:.0%} of the planted edges; F1 of its marks is"
        f" {measured.loc['1', 'mark_f1']:.2f}. A graph per video says which regions go together"
        " most, and little about direction.",
        f"F1 of edges is {measured.loc[region_graphs.PERSON, 'f1']:.2f} from one person's clips,"
        f" {measured.loc['all', 'f1']:.2f} from all clips, and {quiet.loc['all', 'f1']:.2f} from"
        " all clips without noise.",
        f"Of the `-->` edges from one person's clips {directed['true']:.0%} say what acts on what;"
        f" {directed['empty']:.0%} of these graphs have none.",
        f"The real clip has {clip.min()} to {clip.max()} edges, by choices that the paper leaves"
        " open.",
    ]
