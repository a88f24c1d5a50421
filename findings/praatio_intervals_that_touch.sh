#!/usr/bin/env bash
# Guess: two intervals of which one ends where the next begins may lie on one tier of praatio, also if
# the two times were computed on different ways and differ in the last bit, as frames turned into
# seconds do: 3/30 + 6/30 and 9/30.
# Seen with praatio 6.2.2: 9/30 is 4e-17 s less than 3/30 + 6/30, and the tier is refused as
# overlapping. Rounding both to a microsecond is taken.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install praatio==6.2.2 2>/dev/null
cd "$place"
cat > ask.py <<'P'
from praatio.data_classes.interval_tier import IntervalTier

end, begin = 3 / 30 + 6 / 30, 9 / 30
print("difference", end - begin)
for name, digits in (("as computed", 20), ("to a microsecond", 6)):
    entries = [(3 / 30, round(end, digits), "a"), (round(begin, digits), 12 / 30, "b")]
    try:
        print(name, len(IntervalTier("kind", entries, 0, 1).entries))
    except Exception as error:
        print(name, type(error).__name__)
P
env/bin/python ask.py | tee seen.txt
diff seen.txt - <<'P'
difference 5.551115123125783e-17
as computed TextgridStateError
to a microsecond 2
P
echo "as stated"
