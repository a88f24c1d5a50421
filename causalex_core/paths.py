"""The only place that knows where things are."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "data_manifest"
NOTEBOOKS = ROOT / "notebooks"
WORKFLOW = ROOT / "workflow"
BOOK = ROOT / "book"
PUBLISHED = BOOK / "published"
BUILD = ROOT / "_build"


def data_folder() -> Path:
    """Folder of fetched data: ``$CAUSALEX_DATA``, or ``data/`` in the checkout."""
    return Path(os.environ.get("CAUSALEX_DATA") or ROOT / "data").expanduser()


def mirrors() -> list[Path]:
    """Folders laid out ``owner/repo/commit/path`` that are asked before the network.

    ``$CAUSALEX_MIRROR`` first, then ``shared/mirror`` beside the checkout. An empty
    ``CAUSALEX_MIRROR`` means that there is no mirror at all.
    """
    named = os.environ.get("CAUSALEX_MIRROR")
    if named == "":
        return []
    candidates = [Path(named).expanduser()] if named else []
    candidates.append(ROOT.parent / "shared" / "mirror")
    return [folder for folder in candidates if folder.is_dir()]


def offline() -> bool:
    """Whether ``CAUSALEX_OFFLINE`` forbids any use of the network."""
    return os.environ.get("CAUSALEX_OFFLINE", "").lower() in {"1", "true", "yes"}


def atomic_write(path: str | Path, content: str | bytes) -> Path:
    """Write a file, text as UTF-8: a reader sees the old content or the new, never a part.

    A missing folder is made. An OSError names the file, which is then as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    payload = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:
            error.filename = str(target)  # a full disk does not say which file it had no room for
        raise
    return target
