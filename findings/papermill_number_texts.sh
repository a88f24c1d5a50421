#!/usr/bin/env bash
# Guess: `papermill -p name 006_1` hands on the text "006_1", as an identifier such as a video's name
# would be meant; only what looks like a plain number becomes one.
# Seen with papermill 2.7.0: Python's int() and float() decide, so that underscores vanish: 006_1
# arrives as the number 61 and 1_0e1 as 100.0, with no message. 0x10 stays a text.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install papermill==2.7.0 nbformat==5.10.4 2>/dev/null
cd "$place"
cat > make.py <<'P'
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

cell = new_code_cell("video = ''", metadata={"tags": ["parameters"]})
kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}}
nbformat.write(new_notebook(cells=[cell], metadata=kernel), "in.ipynb")
P
env/bin/python make.py
for text in 006_1 1_0e1 0x10; do
  env/bin/papermill --prepare-only in.ipynb "out_$text.ipynb" -p video "$text" 2>/dev/null
  env/bin/python -c "
import nbformat
cells = nbformat.read('out_$text.ipynb', 4).cells
print('-p video $text  ->', [c.source for c in cells if 'injected' in str(c.metadata)][0].splitlines()[-1])"
done | tee seen.txt
diff seen.txt - <<'P'
-p video 006_1  -> video = 61
-p video 1_0e1  -> video = 100.0
-p video 0x10  -> video = "0x10"
P
echo "as stated"
