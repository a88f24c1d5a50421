"""Data cards: what each source is, under which terms it stands, and where its files are.

A card is ``data_manifest/NAME.yml``. If the source can be fetched, ``NAME.files.tsv`` beside it
lists path, size and SHA-256 of every file of one repository at one commit. Licensed databases
have a card without files: they are asked for, never fetched.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import yaml

from causalex_core import paths
from causalex_core.errors import CausalexError, did_you_mean

LIST_HEADER = "path\tsize\tsha256"


class SourceMissing(CausalexError):  # noqa: N818 (reads as what it says)
    """A source is not on this machine; the message names the command that adds it."""


class ChecksumError(CausalexError):
    """A file on this machine is not the one that its card describes."""


@dataclass(frozen=True)
class File:
    """One file of a source: its path in the repository, size in bytes and SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Citation:
    """How to cite a source: BibTeX key of the book's bibliography, and the text."""

    key: str
    text: str


@dataclass(frozen=True)
class Card:
    """What is known about one source."""

    name: str
    title: str
    description: str
    licence: str
    terms: str  # what one may and may not do, in plain words
    ask: str  # whom, and where
    citation: Citation
    derived_from: tuple[str, ...]  # licensed databases that the data come from
    tree: str  # expected folders of a licensed database, else empty
    repository: str  # owner/repo, empty for a licensed database
    commit: str
    include: tuple[str, ...]  # which of the repository's files, as shell patterns
    files: tuple[File, ...] = field(repr=False)

    @property
    def licensed(self) -> bool:
        """Whether the source is asked for from its owner and never fetched."""
        return not self.repository

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> PurePosixPath:
        """Folder ``owner/repo/commit``, under a mirror and under the data folder."""
        return PurePosixPath(self.repository, self.commit)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the sorted (path, SHA-256) of all files."""
        lines = sorted(f"{file.path}\t{file.sha256}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def command(self) -> str:
        """The one command that adds the source to this machine."""
        flag = " --accept-terms" if self.derived_from else ""
        return f"causalex data fetch {self.name}{flag}"


@dataclass(frozen=True)
class Source:
    """A source whose files are all on this machine."""

    card: Card
    paths: Mapping[str, Path] = field(repr=False)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of all files in the repository, sorted."""
        return tuple(sorted(self.paths))

    @property
    def fingerprint(self) -> str:
        """See :attr:`Card.fingerprint`."""
        return self.card.fingerprint

    def path(self, relative: str) -> Path:
        """Path of a file, given its path in the repository; checked once per process.

        Raises
        ------
        CausalexError
            If the card does not list the file.
        ChecksumError
            If the file is not the one that the card describes.
        """
        expected = next((file for file in self.card.files if file.path == relative), None)
        if expected is None:
            raise CausalexError(
                f"source '{self.card.name}' has no file '{relative}'"
                f"{did_you_mean(relative, self.files)}"
            )
        return checked(self.paths[relative], expected)

    def read_bytes(self, relative: str) -> bytes:
        """Content of one file, checked like :meth:`path`."""
        return self.path(relative).read_bytes()


@cache
def cards() -> dict[str, Card]:
    """All cards by name, in alphabetical order.

    Raises
    ------
    CausalexError
        If a card cannot be read, lacks an entry, or names a file outside its folder; or outside a
        checkout, as cards are not installed.
    """
    if not paths.MANIFEST.is_dir():
        raise CausalexError(
            "the cards of the data sources are not installed: use a checkout of the repository"
        )
    return {path.stem: read_card(path) for path in sorted(paths.MANIFEST.glob("*.yml"))}


def card(name: str) -> Card:
    """One card; an unknown name raises :class:`CausalexError` with the nearest known one."""
    known = cards()
    if name not in known:
        raise CausalexError(
            f"no data card is called '{name}'{did_you_mean(name, known)} (see: causalex data list)"
        )
    return known[name]


def locate(name: str) -> Source | None:
    """Find a source: not None if each of its files is in a mirror or in the data folder.

    Nothing is read yet: a file is checked when :meth:`Source.path` hands it out.
    """
    wanted = card(name)
    present = local_files(wanted)
    if wanted.licensed or len(present) < len(wanted.files):
        return None
    return Source(wanted, MappingProxyType(present))


def require(name: str) -> Source:
    """Like :func:`locate`, but raise :class:`SourceMissing` instead of returning None."""
    source = locate(name)
    if source is not None:
        return source
    wanted = card(name)
    if wanted.licensed:
        raise SourceMissing(
            f"'{name}' is a licensed database and cannot be fetched: causalex data show {name}"
        )
    raise SourceMissing(f"'{name}' is not on this machine; add it with: {wanted.command}")


def local_files(wanted: Card) -> dict[str, Path]:
    """Path of each file of a card that is on this machine, by its path in the repository.

    Mirrors come before the data folder, each laid out ``owner/repo/commit/path``.
    """
    roots = [root / wanted.folder for root in (*paths.mirrors(), paths.data_folder())]
    roots = [root for root in roots if root.is_dir()]
    candidates = (
        (file.path, root / file.path) for root in reversed(roots) for file in wanted.files
    )
    return {name: path for name, path in candidates if path.is_file()}


@cache
def checked(path: Path, expected: File) -> Path:
    """The path itself if its file has the expected SHA-256, otherwise a :class:`ChecksumError`.

    A file is read once per process; a failure is not remembered.
    """
    actual = sha256(path)
    if actual != expected.sha256:
        raise ChecksumError(
            f"{path} is not the published file: expected SHA-256 {expected.sha256}"
            f" ({expected.size} bytes), found {actual} ({path.stat().st_size} bytes);"
            " remove or replace it, it is never overwritten"
        )
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_card(path: Path) -> Card:
    """Read a card and the list of files beside it; a CausalexError names what is wrong in it."""
    try:
        content = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CausalexError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise CausalexError(f"{path} is not a data card: expected 'key: value' lines")
    return _card(path, content)


def _card(path: Path, content: dict[str, Any]) -> Card:
    fetched = "repository" in content
    expected = {"title", "description", "licence", "terms", "ask", "citation"}
    expected |= {"repository", "commit", "include"} if fetched else {"tree"}
    optional = {"derived_from"} if fetched else set()
    for key in sorted(expected - content.keys()):
        raise CausalexError(f"{path} lacks '{key}'")
    for key in sorted(content.keys() - expected - optional):
        raise CausalexError(f"{path} has an unknown entry '{key}'{did_you_mean(key, expected)}")
    if fetched and not re.fullmatch(r"[\w-]+/[\w.-]*\w[\w.-]*", content["repository"]):
        raise CausalexError(f"{path}: repository '{content['repository']}' is not owner/repo")
    if fetched and not re.fullmatch(r"[0-9a-f]{40}", content["commit"]):
        raise CausalexError(f"{path}: commit '{content['commit']}' is not 40 hexadecimal digits")
    return Card(
        name=path.stem,
        title=content["title"],
        description=_one_line(content["description"]),
        licence=_one_line(content["licence"]),
        terms=_one_line(content["terms"]),
        ask=_one_line(content["ask"]),
        citation=Citation(content["citation"]["key"], _one_line(content["citation"]["text"])),
        derived_from=tuple(content.get("derived_from", ())),
        tree=content.get("tree", ""),
        repository=content.get("repository", ""),
        commit=content.get("commit", ""),
        include=tuple(content.get("include", ())),
        files=tuple(_read_list(path.with_suffix(".files.tsv"))) if fetched else (),
    )


def _read_list(path: Path) -> Iterable[File]:
    """Files of a list with the columns path, size and sha256."""
    if not path.is_file():
        raise CausalexError(f"{path} is missing: a card with a repository needs its list of files")
    header, *lines = path.read_text().splitlines()
    if header != LIST_HEADER:
        raise CausalexError(f"{path} row 1: expected the columns path, size, sha256")
    for number, line in enumerate(lines, start=2):
        parts = re.fullmatch(r"([^\t]+)\t(\d+)\t([0-9a-f]{64})", line)
        if parts is None:
            raise CausalexError(f"{path} row {number}: expected path, size, SHA-256; got '{line}'")
        if not _stays_inside(parts[1]):
            raise CausalexError(f"{path} row {number}: '{parts[1]}' leaves the source's folder")
        yield File(parts[1], int(parts[2]), parts[3])


def _stays_inside(path: str) -> bool:
    """Whether a path is relative, normal, and never climbs out of its folder."""
    pure = PurePosixPath(path)
    climbs = pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path
    return not climbs and str(pure) == path and path != "."


def _one_line(text: str) -> str:
    return " ".join(text.split())
