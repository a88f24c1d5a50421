"""Lines of each package beside their aims: all of them, and those that are code.

Code are the lines of statements: no blank line, comment or docstring.

    python benchmarks/lines.py
"""

import ast
import io
import subprocess
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AIMS = {"causalex_core": 9_500, "causalex_book": 12_000, "causalex_synthetic": 3_000}
AIMS |= {"tests": 14_000, "run.py": 150}
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def docstrings(tree: ast.AST) -> set[int]:
    """Lines of all docstrings of a module."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def code(source: str) -> int:
    """Number of lines with a part of a statement."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE and token.string:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings(ast.parse(source)))


def main() -> None:
    """Print a row for each package."""
    print(f"{'':20}{'lines':>8}{'aim':>8}{'code':>8}")
    for name, aim in AIMS.items():
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "--", name], capture_output=True, text=True
        )
        files = [ROOT / file for file in listed.stdout.split("\n") if file.endswith(".py")]
        texts = [file.read_text(encoding="utf-8") for file in files]
        total = sum(len(text.splitlines()) for text in texts)
        print(f"{name:20}{total:8,}{aim:8,}{sum(map(code, texts)):8,}")


if __name__ == "__main__":
    main()
