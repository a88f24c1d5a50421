"""Claims on the causal graph: what it adds, how the networks are trained, and where they work."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from causalex_book.claims.what_holds import stored
from causalex_book.claims.what_holds.verdicts import (
    CONTRADICTED,
    HOLDS,
    MORE,
    NOT_SUPPORTED,
    ClaimTest,
    Finding,
    Table,
    Tables,
    in_short,
    number,
    of_all,
    of_gain,
    on_synthetic_people,
    rows_with,
)
from causalex_book.spotting.published_setting import HONEST, NEAREST
from causalex_book.spotting.variants import CAUSAL_EX
from causalex_core.data.annotations import SAMM
from causalex_core.evaluation.operating_points import EPOCH, LAST

_FLAT = 0.03  # F1


def better(variant: str, others: Sequence[str]) -> ClaimTest:
    """A network that is said to have a higher overall F1 than others, in both settings."""

    def test(tables: Tables) -> Finding:
        real, control = (
            stored.contrasts(tables[run], variant, "overall") for run in stored.SPOTTING.values()
        )
        published = stored.published_gains(tables, variant, "overall")
        text = f"overall F1 of {variant}, in the setting of our own, {_over(real, others)}"
        if as_published := _over(published, others):
            text += f". In the published setting, under its rule, {as_published}"
        both = pd.concat([real, published])
        verdict = of_gain(both[both["baseline"].isin(others)])
        return Finding(text, verdict, MORE, _over(control, others))

    return test


def switch(variant: str, other: str, kind: str) -> ClaimTest:
    """A switch of the network that was trained on synthetic people alone (Fig. 5)."""

    def test(tables: Tables) -> Finding:
        rows = stored.contrasts(tables["graph_spotting"], variant, kind)
        rows = rows_with(rows, baseline=other)
        return Finding(
            "not trained on real people",
            on_synthetic_people(of_gain(rows) == HOLDS),
            "a difference above its interval; for real people, the same switch trained on them",
            f"{kind} F1 of {variant}, {_over(rows, [other])}",
        )

    return test


def loso(tables: Tables) -> Finding:
    """Gain from selection on the test subject, which its being left out does not prevent."""
    published = stored.published(tables, CAUSAL_EX, EPOCH)
    real, control = (
        stored.scores(tables[run], CAUSAL_EX, EPOCH) for run in stored.SPOTTING.values()
    )
    levels = rows_with(tables["mask_spotting"]["rules"], rule="best pair per subject", kind="macro")
    gained = [*published["over_last_low"], *real["over_last_low"], *levels["gain_low"]]
    return Finding(
        "what the epoch that is best on the test subject adds to overall F1. Published setting:"
        f" {in_short(published, 'over_last')}. Setting of our own: {in_short(real, 'over_last')}."
        " A small network on published motion levels, epoch and threshold, macro F1:"
        f" {in_short(levels)}",
        CONTRADICTED if max(gained) > 0 else NOT_SUPPORTED,
        "epochs and thresholds that were fixed without the test subjects",
        in_short(control, "over_last"),
    )


def epochs(tables: Tables) -> Finding:
    """Whether F1 still changes at the end of training."""
    published = _last_quarter(tables["published_setting"], **asdict(NEAREST))
    real, control = (_last_quarter(tables[run]) for run in stored.SPOTTING.values())
    return Finding(
        "overall F1 changes in the last quarter of training by"
        f" {'; '.join(published)} in the published setting, and by {'; '.join(real)} in our own,"
        " whose schedule is faster",
        HOLDS if all(abs(change) < _FLAT for change in published.values()) else NOT_SUPPORTED,
        f"curves of the published setting that change by {_FLAT} or more at the end, or do not",
        "; ".join(control),
    )


def robust(tables: Tables) -> Finding:
    """Models from the other database against those of the tested one, at the last epoch."""
    in_domain = stored.published(tables, CAUSAL_EX, LAST, counting=HONEST)
    published = _with_in_domain(stored.crossed(tables, CAUSAL_EX, LAST, HONEST), in_domain)
    real, control = (
        _with_in_domain(
            rows_with(tables[run]["crossed"], variant=CAUSAL_EX, kind="overall"),
            stored.scores(tables[run], CAUSAL_EX, LAST),
        )
        for run in stored.SPOTTING.values()
    )
    every = pd.concat([published, real])
    reaches = every["high"] >= every["in_domain_low"]
    by_rate = [
        f"{rate}: {'; '.join(rows['text'])}" for rate, rows in published.groupby("rate", sort=False)
    ]
    return Finding(
        "overall F1 of models from the other database at the last epoch. Published setting,"
        f" {'. '.join(by_rate)}. Setting of our own: {'; '.join(real['text'])}",
        of_all(reaches, ~reaches),
        "intervals across databases that all reach those within, or none",
        "; ".join(control["text"]),
    )


def transfer_micro(tables: Tables) -> Finding:
    """Micro F1 on SAMM-LV of models of CAS(ME)^2, against models of SAMM-LV."""
    rows = rows_with(stored.crossed(tables, CAUSAL_EX, EPOCH, NEAREST, "micro"), tested_on=SAMM)
    rows = _with_in_domain(rows, stored.published(tables, CAUSAL_EX, EPOCH, "micro"))
    control = tables["graph_spotting"]
    control_rows = _with_in_domain(
        rows_with(control["crossed"], variant=CAUSAL_EX, kind="micro"),
        stored.scores(control, CAUSAL_EX, LAST, "micro"),
    )
    return Finding(
        "micro F1 of models of CAS(ME)^2 under the published rule,"
        f" {'; '.join(rows['rate'] + ': ' + rows['text'])}",
        of_all(rows["low"] > rows["in_domain"], rows["high"] < rows["in_domain"]),
        "intervals of transferred models above, or below, what models of SAMM-LV have",
        "; ".join(control_rows["text"]),
    )


def _over(rows: pd.DataFrame, others: Sequence[str]) -> str:
    """Gains over each of several networks, of those that there are."""
    by_other = dict(list(rows.groupby("baseline")))
    return ". ".join(
        f"less {other}: {in_short(by_other[other])}" for other in others if other in by_other
    )


def _last_quarter(run: Table, **counting: str) -> dict[str, float]:
    """Change of overall F1 in the last quarter of the epochs, by a text that tells it."""
    rows = rows_with(run["epochs"], variant=CAUSAL_EX, kind="overall", **counting)
    last = int(rows["epoch"].max())
    f1 = rows.pivot(index="epoch", columns="database", values="f1")
    late, early = (f1.loc[[epoch]].to_numpy(float)[0] for epoch in (last, last - last // 4))
    return {
        f"{change:+.3f} ({database}, {last} epochs)": change
        for database, change in zip(f1.columns, (late - early).tolist(), strict=True)
    }


def _with_in_domain(crossed: pd.DataFrame, in_domain: pd.DataFrame) -> pd.DataFrame:
    """F1 across databases with that of the tested one: ``in_domain, in_domain_low, text``."""
    rows = in_domain.set_index("database").loc[crossed["tested_on"]]
    text = [
        f"{number(row, 'f1')} where {f1:.3f} within (tested on {row['tested_on']})"
        for row, f1 in zip(crossed.to_dict("records"), rows["f1"], strict=True)
    ]
    low = rows["low"].to_numpy()
    return crossed.assign(in_domain=rows["f1"].to_numpy(), in_domain_low=low, text=text)
