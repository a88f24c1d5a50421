"""Printed tables with ours beside them."""

import pandas as pd
import pytest

from causalex_book.publishing import beside, paper
from causalex_core.errors import CausalexError
from causalex_synthetic.dataset_spec import SPECS

CAS, SAMM = (plan.database for plan in SPECS.values())
REAL_CAS, REAL_SAMM = "CAS(ME)^2, own features", "SAMM-LV, extracted motion"
KINDS = ("macro", "micro", "overall")
NUMBERS = {"tp": 3.2, "n_pred": 10.0, "n_truth": 12, "f1": 0.25, "low": 0.1, "high": 0.4}


def rows(databases=(CAS, SAMM), **more):
    return pd.DataFrame(
        [
            {"database": base, "kind": kind, **NUMBERS, **more}
            for base in databases
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (CAS, ("cas", "synthetic")),
        (SAMM, ("samm", "synthetic")),
        (REAL_CAS, ("cas", "own features")),
        (REAL_SAMM, ("samm", "extracted motion")),
        ("CAS(ME)^2", ("cas", "")),
        ("CAS(ME)²", ("cas", "")),
        ("SAMM-LV", ("samm", "")),
    ],
)
def test_a_name_says_which_printed_database_it_stands_beside(name, expected):
    assert beside.printed_as(name) == expected


@pytest.mark.parametrize("name", ["CAS(ME)^3", f"{CAS}; {SAMM}"])
def test_a_name_that_stands_beside_none_is_refused(name):
    with pytest.raises(CausalexError, match=r"expected one of CAS\(ME\)² or SAMM-LV in its name"):
        beside.printed_as(name)


@pytest.mark.parametrize(
    ("alone", "column", "other"),
    [
        *((name, "CAS(ME)²", "SAMM-LV") for name in (CAS, REAL_CAS, "CAS(ME)^2")),
        *((name, "SAMM-LV", "CAS(ME)²") for name in (SAMM, REAL_SAMM, "SAMM-LV")),
    ],
)
def test_one_database_leaves_the_other_empty(alone, column, other):
    table = beside.table2({"peaks": rows([alone])}).set_index("method")
    for kind in KINDS:
        assert table.loc["peaks", f"{column} {kind}"].startswith("0.250")
        assert table.loc["peaks", f"{other} {kind}"] == ""


def test_the_order_of_databases_does_not_matter():
    numbered = pd.concat([rows([CAS]), rows([SAMM]).assign(f1=0.5)])
    one, two = (beside.table2({"peaks": table}) for table in (numbered, numbered[::-1]))
    pd.testing.assert_frame_equal(one, two)
    assert one.iloc[-1]["SAMM-LV micro"].startswith("0.500")
    assert one.iloc[-1]["CAS(ME)² micro"].startswith("0.250")


def test_synthetic_and_real_people_have_rows_of_their_own():
    both = pd.concat([rows([SAMM, CAS]), rows([REAL_CAS]).assign(f1=0.5)])
    table = beside.table2({"peaks": both}).set_index("from").drop("printed")
    assert set(table.index) == {"ours, synthetic", "ours, own features"}
    assert (table["CAS(ME)² macro"].str[:5] == ["0.250", "0.500"]).all()
    assert table.loc["ours, own features", "SAMM-LV macro"] == ""


@pytest.mark.parametrize(
    ("databases", "here"),
    [
        ([SAMM], ["samm"]),
        ([REAL_CAS], ["cas"]),
        ([SAMM, CAS], ["cas", "samm"]),
        ([REAL_SAMM, REAL_CAS, CAS], ["cas", "cas", "samm"]),
    ],
)
def test_table3_sets_each_database_beside_its_own_rows(databases, here):
    plain = rows(databases, variant="Causal-Ex").query("kind == 'overall'")
    table = beside.table3(plain, plain.assign(gain=0.0, gain_low=0.0, gain_high=0.0))
    assert len(table) == 4 * len(databases)
    assert [beside.printed_as(name)[0] for name in table["here"][::4]] == here
    printed = {
        base: (name, paper.text("causal_ex", "table3", f"{base} AUW-GCN", "f1"))
        for base, name in (("cas", "CAS(ME)²"), ("samm", "SAMM-LV"))
    }
    found = table.query("method == 'AUW-GCN'")[["printed for", "printed"]]
    assert [tuple(row) for row in found.to_numpy()] == [printed[name] for name in here]


def test_table4_of_one_database_alone_is_its_own_cell():
    home = rows([SAMM], variant="Causal-Ex")
    crossed = home.rename(columns={"database": "tested_on"}).assign(trained_on=SAMM).iloc[:0]
    table = beside.table4(crossed, home)
    assert (table["printed for"] == "SAMM-LV to SAMM-LV").all() and len(table) == 3


def test_table4_has_nothing_printed_between_a_database_and_people_like_its_own():
    home = rows([REAL_SAMM, SAMM, CAS], variant="Causal-Ex")
    crossed = pd.concat(
        [
            rows([target], variant="Causal-Ex", trained_on=source)
            for source, target in ((SAMM, REAL_SAMM), (SAMM, CAS))
        ]
    ).rename(columns={"database": "tested_on"})
    table = beside.table4(crossed, home).query("`trained on` == @SAMM and kind == 'micro'")
    found = table.set_index("tested on")["printed for"].to_dict()
    assert found == {
        SAMM: "SAMM-LV to SAMM-LV",
        CAS: "SAMM-LV to CAS(ME)²",
        REAL_SAMM: "",
    }
    assert (table.set_index("tested on")["printed"] == "").to_dict()[REAL_SAMM]


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
