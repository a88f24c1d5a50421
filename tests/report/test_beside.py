"""Printed tables with ours beside them."""

import pandas as pd
import pytest

from causalex_core.report import beside

CAS, SAMM = "synthetic, like CAS(ME)^2", "synthetic, like SAMM-LV"
KINDS = ("macro", "micro", "overall")
NUMBERS = {"tp": 3.2, "n_pred": 10.0, "n_truth": 12, "f1": 0.25, "low": 0.1, "high": 0.4}


def rows(**more):
    return pd.DataFrame(
        [
            {"database": base, "kind": kind, **NUMBERS, **more}
            for base in (CAS, SAMM)
            for kind in KINDS
        ]
    )


def test_table2_has_every_printed_row_and_ours_with_counts():
    table = beside.table2({"peaks": rows()})
    printed = table[table["from"] == "printed"].set_index("method")
    assert printed.loc["MDMD", "CAS(ME)² macro"] == "0.1196"
    assert len(printed) == 11
    ours = table.set_index("method").loc["peaks"]
    assert ours["SAMM-LV micro"] == "0.250 [0.100, 0.400] (3 / 10 / 12)"


def test_one_database_leaves_the_other_empty():
    table = beside.table2({"peaks": rows().query("database == @CAS")}).set_index("method")
    assert table.loc["peaks", "SAMM-LV micro"] == "" != table.loc["peaks", "CAS(ME)² micro"]


def test_table3_switches_are_those_printed():
    plain = pd.concat([rows(variant=name) for name in ("AUW-GCN", "Causal-Ex")])
    plain = plain.query("kind == 'overall'")
    debiased = plain.assign(gain=-0.01, gain_low=-0.02, gain_high=0.03)
    table = beside.table3(plain, debiased)
    assert len(table) == 8
    first, second = table.iloc[0], table.iloc[1]
    assert (first["printed"], first["gain"]) == ("0.3739", "")
    assert second["printed"] == "0.3774" and second["gain"] == "-0.010 [-0.020, +0.030]"
    assert table.iloc[7]["method"] == "Causal-Ex + debias" and table.iloc[7]["here"] == SAMM


@pytest.mark.parametrize(("graph", "printed"), [("Causal", "0.0220"), ("Causal+Prior", "0.2143")])
def test_table4_sets_each_direction_beside_its_own_cell(graph, printed):
    home = pd.concat([rows(variant=name) for name in ("causal only", "Causal-Ex", "AUW-GCN")])
    crossed = pd.concat(
        [
            rows(variant=name, trained_on=source).query("database != @source")
            for name in ("causal only", "Causal-Ex")
            for source in (CAS, SAMM)
        ]
    ).rename(columns={"database": "tested_on"})
    table = beside.table4(crossed, home)
    assert len(table) == 2 * 2 * 2 * 3
    chosen = table.query("graph == @graph and kind == 'micro'").set_index("printed for")
    assert chosen.loc["CAS(ME)² to SAMM-LV", "printed"] == printed
    assert chosen.loc["CAS(ME)² to SAMM-LV", "trained on"] == CAS
