"""Show how CausalNet as published scores on people it never saw."""

from causalex_book.publishing import show
from causalex_book.publishing.results import Frame, Result, Tables
from causalex_book.recognition import printed_scores
from causalex_book.recognition.emotions import COMPOSITE
from causalex_book.recognition.full_network import (
    COMPACT,
    GUESSES,
    LINEAR,
    NO_CHOICE,
    PUBLISHED_NETWORK,
)
from causalex_book.recognition.selection import LAST, TEST
from causalex_book.spotting import nested

HEADERS = {"uf1": "UF1", "uar": "UAR", "beyond_linear": "UF1 beyond the linear model"}


def scores(tables: Tables, models: Frame, result: Result) -> None:
    """Show composite scores of the published network beside print, baselines and guesses."""
    show.table(
        printed_scores.comparison(
            tables["scores"], tables["differences"], COMPOSITE, ["CausalNet"]
        ),
        f"All databases together: the printed row, then ours with 95 % intervals over people."
        f" {len(models)} of {nested.GROUPS} groups were left out, {models['subjects'].sum()} people"
        f" and {models['held_out'].sum()} clips judged after {models['epochs'].max()} epochs."
        f" Guesses are means over {result.parameters['n_draws']} draws, and choose among as many"
        " epochs.",
        "tab-full-composite",
        headers=HEADERS,
    )


def conclusions(tables: Tables, precision: Frame) -> list[str]:
    """State how the published network compares with the linear model and with guesses."""
    values = tables["scores"].query("scope == @COMPOSITE and measure == 'uf1'")
    values = values.set_index(["system", "rule"])
    beyond = (
        tables["differences"].query("scope == @COMPOSITE and measure == 'uf1'").set_index("system")
    )
    gains = tables["gains"].query("measure == 'uf1' and over == @LAST").set_index("system")
    printed = printed_scores.printed().query("measure == 'uf1' and scope == @COMPOSITE")
    printed = printed.set_index("method")["value"]["CausalNet"]
    end = precision.iloc[-1]

    return [
        f"At its last epoch the network as published scores a composite UF1 of"
        f" {show.interval(values.loc[PUBLISHED_NETWORK, LAST], 'value')} on people it never saw,"
        " the linear model on the same folds"
        f" {show.interval(values.loc[LINEAR, NO_CHOICE], 'value')}: a difference of"
        f" {show.interval(beyond.loc[PUBLISHED_NETWORK], 'difference')}. That of the compact"
        f" network is {show.interval(beyond.loc[COMPACT], 'difference')}.",
        f"The rule of its code adds {show.interval(gains.loc[PUBLISHED_NETWORK], 'gain')} to it,"
        f" and {show.interval(gains.loc[GUESSES], 'gain')} to guesses: it then scores"
        f" {show.interval(values.loc[PUBLISHED_NETWORK, TEST], 'value')}, guesses"
        f" {show.interval(values.loc[GUESSES, TEST], 'value')}."
        f" {printed:.4f} is printed, with a model for each person.",
        f"Products in bfloat16 change the loss of the first model after {end['epoch']:.0f} epochs"
        f" from {end['float32']:.4f} to {end['bfloat16']:.4f}; {end['agreement']:.0%} of the clips"
        " held out are named alike.",
    ]
