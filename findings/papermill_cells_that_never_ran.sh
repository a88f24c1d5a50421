#!/usr/bin/env bash
# Guess: papermill notes in each cell how it ended, so that the first cell that is not "completed" is the
# one that broke a run; and a notebook that was left in the middle is an error.
# Seen with papermill 2.7.0, nbclient 0.10.4 and ipykernel 7.1.0. When the kernel dies in the second of three cells
# (killed for memory, say) the call raises DeadKernelError, and the notebook says "completed" of all three, also of
# the third, which never began; no cell has an output or an exception. After sys.exit(0) in the second cell it is the
# reverse: the call returns without an error, and the notebook says "failed" of that cell and "pending" of the third.
# Whoever asks only the call, or only the cells, is wrong about one of the two.
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" -q install papermill==2.7.0 nbclient==0.10.4 ipykernel==7.1.0 2>/dev/null
cd "$place"
cat > ask.py <<'P'
import nbformat
import papermill

for name, second in (
    ("killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    ("left", "import sys; sys.exit(0)"),
):
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", second, "y = 2")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, "in.ipynb")
    try:
        papermill.execute_notebook("in.ipynb", "out.ipynb", progress_bar=False)
        ended = "no error"
    except Exception as error:
        ended = type(error).__name__
    done = nbformat.read("out.ipynb", 4).cells
    print(name, ended, [cell.metadata.papermill.status for cell in done])
P
JUPYTER_PATH="$place/env/share/jupyter" env/bin/python ask.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'P'
killed DeadKernelError ['completed', 'completed', 'completed']
left no error ['completed', 'failed', 'pending']
P
echo "as stated"
