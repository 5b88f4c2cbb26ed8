"""Downloads that are checked before they are believed, kept in one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from autograd._optional import need

__all__ = ["DownloadError", "data_folder", "fetch"]


class DownloadError(RuntimeError):
    """No mirror gave the file that was expected; the message says what each of them gave."""


def data_folder() -> Path:
    """The folder where downloads are kept: the one that `WENGERT_DATA` names, else the platform's cache folder.

    >>> import os
    >>> os.environ["WENGERT_DATA"] = "~/datasets"
    >>> data_folder() == Path.home() / "datasets"
    True
    >>> del os.environ["WENGERT_DATA"]
    """
    named = os.environ.get("WENGERT_DATA")
    return Path(named).expanduser() if named else Path(need("pooch", "data").os_cache("wengert"))


def fetch(name: str, sha256: str, mirrors: Sequence[str], folder: Path) -> Path:
    """The path of the file `name` in `folder`, with the given SHA-256 checksum, downloaded if it is not there yet.

    The mirrors, addresses that `name` is appended to, are tried in their order. A file appears under its name only when
    it is complete and has the right checksum; one that has another is replaced.

    Raises:
        DownloadError: no mirror gave the file.
        OSError: it cannot be written.
        ImportError: a download is needed and pooch is not installed.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "note.txt").write_text("kept")
    >>> fetch("note.txt", hashlib.sha256(b"kept").hexdigest(), mirrors=[], folder=folder).read_text()
    'kept'
    """
    path = folder / name
    if path.is_file() and _sha256(path) == sha256:
        return path
    pooch = need("pooch", "data")
    request_failed = need("requests", "data").exceptions.RequestException
    failures = []
    for mirror in mirrors:
        downloader = pooch.HTTPDownloader(chunk_size=1 << 16)
        try:
            pooch.retrieve(mirror + name, f"sha256:{sha256}", fname=name, path=folder, downloader=downloader)
            return path
        except (request_failed, ValueError) as error:
            failures.append(f"\n  {mirror}{name}: {error}")
    raise DownloadError(
        f"expected to download {name} with the SHA-256 checksum {sha256}, but no mirror gave it:{''.join(failures)}\n"
        f"Nothing was kept. Try again later, or put the file into {folder} yourself."
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
