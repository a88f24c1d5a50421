"""Show how small networks score on real people's emotions under each rule of selection."""

from collections.abc import Mapping
from typing import Any

from causalex_book.publishing import show, style
from causalex_book.publishing.results import Frame, Result, Tables
from causalex_book.recognition import (
    emotion_scores,
    emotions,
    printed_scores,
)
from causalex_book.recognition.emotion_scores import (
    COMPACT,
    GUESSES,
    LINEAR,
    NO_CHOICE,
    ONE_LAYER,
    STSTNET,
)
from causalex_book.recognition.emotions import COMPOSITE, DATABASES
from causalex_book.recognition.selection import CROSS, LAST, TEST

PRINTED = ["CausalNet", "HTNet", "STSTNet"]
SCOPES = [COMPOSITE, *DATABASES.values()]
HEADERS = {
    "uf1": "UF1",
    "uar": "UAR",
    "beyond_linear": "UF1 beyond the linear model",
    LAST: LAST,
    CROSS: CROSS,
    TEST: TEST,
}


def than_linear(row: Frame) -> str:
    """A difference from the linear model in words, with its interval."""
    verdict = "more" if row["low"] > 0 else "less" if row["high"] < 0 else "neither more nor less"
    return f"{verdict} than the linear model ({show.interval(row, 'difference')})"


def networks_table(tables: Tables) -> None:
    """Show the shapes of the networks."""
    networks = tables["networks"].rename(
        columns={"at_work": "of these at work", "tokens": "attention is among … tokens"}
    )
    networks.columns = networks.columns.str.replace("_", " ")
    show.table(
        networks.set_index("network").T.reset_index(names=" "),
        "The networks. Parameters and tokens are counted in the code; not at work are weights that"
        " nothing depends on.",
        "tab-emotion-networks",
    )


def scores_figure(uf1: Frame) -> None:
    """Draw UF1 of all systems, and printed ones."""
    printed = printed_scores.printed().query("measure == 'uf1' and method in @PRINTED")
    style.show_figure(emotions.dots(uf1, printed.set_index("method").loc[PRINTED].reset_index()))


def composite_table(tables: Tables, used: Mapping[str, Any]) -> None:
    """Show scores on all databases together."""
    show.table(
        printed_scores.comparison(tables["scores"], tables["differences"], COMPOSITE, PRINTED),
        "All databases together: printed rows, then ours with 95 % intervals over people. Guesses"
        f" are means over {used['n_draws']} draws.",
        "tab-emotion-composite",
        headers=HEADERS,
    )


def database_tables(tables: Tables) -> None:
    """Show scores on each database."""
    for name in DATABASES.values():
        show.table(
            printed_scores.comparison(tables["scores"], tables["differences"], name, PRINTED),
            f"{name}: the same of its people alone, by models that are trained on all databases.",
            f"tab-emotion-{name.lower().replace(' ', '-')}",
            headers=HEADERS,
        )


def gains_table(tables: Tables) -> None:
    """Show what the published rule adds."""
    show.table(
        show.with_interval(tables["gains"].query("measure == 'uf1'"), "gain").drop(
            columns="measure"
        ),
        "UF1 that `test_selected` adds to each honest rule, all databases together, paired by"
        " person.",
        "tab-emotion-scores-gains",
    )


def nested_table(inner: Result, tried: Frame) -> None:
    """Show nested scores of the compact network beside those of the linear model."""
    show.table(
        printed_scores.comparison(
            inner.tables["scores"], inner.tables["differences"], COMPOSITE, []
        ),
        f"Stored run, all databases together: the compact network, means over"
        f" {inner.tables['seeds']['seed'].nunique()} seeds, and the linear model as measured with"
        f" it. {tried['inside']:.0f} variants were ever scored on inner groups of people,"
        f" {tried['outside']:.0f} of them ever judged anybody outside.",
        "tab-emotion-nested",
        headers=HEADERS,
    )


def epochs_figure(tables: Tables) -> None:
    """Draw UF1 by epochs trained."""
    floor = tables["floor"].query("scope == @COMPOSITE and rule == @TEST")
    style.show_figure(emotions.curves(tables["epochs"], floor))


def variants_table(inner: Result, tried: Frame) -> None:
    """Show inner UF1 of the compact network's variants, and the choice for each group."""
    variants = inner.tables["variants"].assign(
        uf1=lambda rows: [
            f"{row.uf1:.3f} ({row.lowest:.3f} to {row.highest:.3f})" for row in rows.itertuples()
        ]
    )
    show.table(
        variants.drop(columns=["lowest", "highest"]),
        "Variants of the compact network: models whose scores are averaged, epochs, parameters of a"
        " model, UF1 on the inner groups (mean and range of the five), and for how many groups it"
        f" was chosen. {tried['linear']:.0f} other linear models were scored in the same way.",
        "tab-emotion-variants",
        headers={"uf1": "inner UF1", "groups": "chosen for"},
    )
    chosen = inner.tables["groups"].assign(more=lambda rows: rows["uf1"] - rows["linear_uf1"])
    show.table(
        chosen,
        "What was chosen for each group of people, and what it and the linear model score on all"
        " others, by models that lack both.",
        "tab-emotion-groups",
        headers={"uf1": "inner UF1", "linear_uf1": "linear model", "more": "difference"},
    )


def conclusions(uf1: Frame, tables: Tables, inner: Result, used: Mapping[str, Any]) -> list[str]:
    """State how networks score against the linear model, and what the published rule adds."""
    values = uf1.query("scope == @COMPOSITE").set_index(["system", "rule"])
    beyond = tables["differences"].query("measure == 'uf1' and scope == @COMPOSITE")
    beyond = beyond.set_index(["system", "rule"])
    gains = tables["gains"].query("measure == 'uf1' and over == @LAST").set_index("system")
    rows = (
        printed_scores.printed().query("measure == 'uf1'").set_index(["method", "scope"])["value"]
    )
    counted = tables["networks"].set_index("network")
    share = counted.loc[COMPACT, "parameters"] / counted.loc["as published", "parameters"]

    of_nested = "rule == 'nested' and scope == @COMPOSITE and measure == 'uf1'"
    inner_value = inner.tables["scores"].query(of_nested).iloc[0]
    inner_beyond = inner.tables["differences"].query(of_nested).iloc[0]
    linear = values.loc[(LINEAR, NO_CHOICE)]
    printed_composite = rows.xs(COMPOSITE, level="scope")
    floors = tables["floor"].query("rule == @TEST").set_index("epochs")
    floors = floors.loc[emotion_scores.PUBLISHED_EPOCHS].set_index("scope")["uf1"]
    distances = ", ".join(
        f"{rows['CausalNet', scope] - floors[scope]:+.3f} on {scope}" for scope in SCOPES
    )
    return [
        "Honestly scored, the linear model scores a composite UF1 of"
        f" {show.interval(linear, 'value')}. The compact network, trained here for"
        f" {used['compact_epochs']} epochs with {share:.2%} of the published parameters, scores"
        f" {show.interval(values.loc[(COMPACT, LAST)], 'value')} at its last epoch:"
        f" {than_linear(beyond.loc[(COMPACT, LAST)])}.",
        "With the epoch selected on the test subject, it scores"
        f" {show.interval(values.loc[(COMPACT, TEST)], 'value')}: the rule adds"
        f" {show.interval(gains.loc[COMPACT], 'gain')}. To STSTNet it adds"
        f" {show.interval(gains.loc[STSTNET], 'gain')}, to the single layer"
        f" {show.interval(gains.loc[ONE_LAYER], 'gain')}, to guesses"
        f" {show.interval(gains.loc[GUESSES], 'gain')}.",
        f"STSTNet scores {show.interval(values.loc[(STSTNET, LAST)], 'value')} at its last epoch"
        f" ({used['ststnet_epochs']} epochs), {than_linear(beyond.loc[(STSTNET, LAST)])}; printed"
        f" of it is {printed_composite['STSTNet']:.4f}.",
        "Selected without the test subject, the compact network scores"
        f" {show.interval(inner_value, 'value')} in the stored run, {than_linear(inner_beyond)}.",
        f"CausalNet prints {printed_composite['CausalNet']:.4f}. Measured from guesses that choose"
        f" by the rule of its code, that is {distances}.",
        f"{int((printed_composite < linear['value']).sum())} of {len(printed_composite)} printed"
        " rows score less than the linear model, under whatever rule they were scored.",
    ]
