"""Download the files of a card: resumable, atomic, checksummed.

A file grows as ``NAME.part`` beside its place and takes its name only once its SHA-256 is right;
a later run goes on where the part ends. The host is ``https://raw.githubusercontent.com``, or
``$CAUSALEX_RAW_URL`` (any server laid out ``owner/repo/commit/path``).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from causalex_core import locks, paths
from causalex_core.data import manifest
from causalex_core.data.manifest import Card, File
from causalex_core.errors import CausalexError

RAW_URL = "https://raw.githubusercontent.com"
TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two packets
# A busy host is asked again, later each time; one that cannot be reached is not.
_RETRY = Retry(
    total=5,
    connect=0,
    backoff_factor=1,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
)
_CHUNK = 1 << 14  # bytes that a broken connection can lose


class FetchError(CausalexError):
    """A file could not be fetched; what had arrived is kept for the next run."""


def url(wanted: Card, file: File) -> str:
    """Address of one file at the card's commit, percent-encoded."""
    host = os.environ.get("CAUSALEX_RAW_URL") or RAW_URL
    return f"{host.rstrip('/')}/{quote(str(wanted.folder / file.path))}"


def missing(wanted: Card) -> list[File]:
    """Files of a card that are on this machine neither in a mirror nor in the data folder."""
    here = manifest.local_files(wanted)
    return [file for file in wanted.files if file.path not in here]


def fetch(wanted: Card) -> Iterator[tuple[File, int]]:
    """Download what is missing of a card into the data folder, file by file.

    Files that a mirror has are not copied. Yields the file at work and how many of its bytes are
    now here, whenever some have arrived.

    Raises
    ------
    FetchError
        If the network is off or fails, or if the host sends something else than the card says.
    """
    absent = missing(wanted)
    if absent and paths.offline():
        raise FetchError(
            f"'{wanted.name}' lacks {len(absent)} of {len(wanted.files)} files and"
            " CAUSALEX_OFFLINE forbids the network; unset it, or point CAUSALEX_MIRROR to a copy"
        )
    folder = paths.data_folder()
    # Two runs never write to one part file.
    with locks.try_lock(folder / ".lock") as alone, _session() as session:
        if not alone:
            raise FetchError(f"another fetch is at work in {folder}; wait for its end")
        for file in absent:
            address = url(wanted, file)
            try:
                for size in _download(session, address, folder / wanted.folder / file.path, file):
                    yield file, size
            except requests.RequestException as error:
                raise FetchError(
                    f"'{wanted.name}': {_reason(error, address)}; what has arrived is kept:"
                    " run the same command again, or point CAUSALEX_MIRROR to a copy"
                ) from error


def _session() -> requests.Session:
    session = requests.Session()
    # A compressed answer could not be continued at a byte of the plain file.
    session.headers["Accept-Encoding"] = "identity"
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=_RETRY))
    return session


def _download(session: requests.Session, address: str, path: Path, file: File) -> Iterator[int]:
    """Download one file; yields how many bytes are here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    continued = part.exists()
    yield from _receive(session, address, part, file.size)
    if continued and manifest.sha256(part) != file.sha256:
        # What an earlier run left can be damaged: once more from the first byte.
        part.unlink()
        yield from _receive(session, address, part, file.size)
    actual = manifest.sha256(part)
    if actual != file.sha256:
        size = part.stat().st_size
        part.unlink()
        raise FetchError(
            f"{address} is not the published file: expected SHA-256 {file.sha256}"
            f" ({file.size} bytes), received {actual} ({size} bytes); nothing was kept of it"
        )
    part.replace(path)


def _receive(session: requests.Session, address: str, part: Path, size: int) -> Iterator[int]:
    """Let a part file grow until it has `size` bytes; yields how many it has."""
    have = part.stat().st_size if part.exists() else 0
    if have and have == size:
        return
    headers = {"Range": f"bytes={have}-"} if 0 < have < size else {}
    with session.get(address, headers=headers, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        with part.open("ab" if headers and goes_on else "wb") as stream:
            for chunk in response.iter_content(_CHUNK):
                stream.write(chunk)
                yield stream.tell()
                if stream.tell() > size:
                    break
            stream.flush()
            os.fsync(stream.fileno())


def _reason(error: requests.RequestException, address: str) -> str:
    host = urlsplit(address).netloc
    if error.response is not None:
        return f"{host} answered {error.response.status_code} for {address}"
    if isinstance(error, requests.Timeout):
        return f"{host} did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return f"{host} cannot be reached"
    return f"the connection to {host} broke"
