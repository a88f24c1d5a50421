"""Write NAME.files.tsv (path, size, SHA-256) of every card from a mirror.

For maintainers, after a card is added or moved to another commit:
``python data_manifest/list_files.py MIRROR``, where MIRROR holds ``owner/repo/commit/path``.
"""

import argparse
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from causalex_core import paths
from causalex_core.data import manifest


def listing(folder: Path, include: list[str]) -> str:
    """Text of the list: every file under a folder that matches one of the shell patterns."""
    lines = [manifest.LIST_HEADER]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, pattern) for pattern in include):
            lines.append(f"{name}\t{path.stat().st_size}\t{manifest.sha256(path)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """List the files of all cards that name a repository."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mirror", type=Path)
    mirror = parser.parse_args().mirror
    for path in sorted(paths.MANIFEST.glob("*.yml")):
        content = yaml.safe_load(path.read_text())
        if "repository" in content:
            folder = mirror / content["repository"] / content["commit"]
            text = listing(folder, content["include"])
            paths.atomic_write(path.with_suffix(".files.tsv"), text)
            print(f"{path.stem}: {text.count(chr(10)) - 1} files")


if __name__ == "__main__":
    main()
