"""The command `gradcheck`, also `python -m autograd.gradcheck`.

It has to start where another distribution has overwritten parts of the package (`autograd/_clash.py`), so at the top it
imports nothing of the engine.
"""

import platform
import sys
from collections.abc import Sequence
from importlib import metadata

from autograd._clash import clash_sentence, is_ours

USAGE = """\
usage: gradcheck --version

  --version  say which versions are installed and which `autograd` is imported from where
  --help     show this message"""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command with the arguments (default: those of the process); returns its exit status."""
    args = sys.argv[1:] if args is None else list(args)
    if args == ["--version"]:
        print(versions())
        return 0
    if args in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(f"gradcheck: unexpected {' '.join(args)!r}" if args else "gradcheck: expected --version", file=sys.stderr)
    print(USAGE, file=sys.stderr)
    return 2


def versions() -> str:
    """Versions, the place from which `autograd` is imported, and what is wrong with it, if anything is."""
    package = sys.modules["autograd"]
    place = ", ".join(package.__path__)
    lines = [
        f"wengert {version('wengert')} (Python {platform.python_version()}, NumPy {version('numpy')})",
        f"autograd is {'Wengert' if is_ours(package) else 'not Wengert'}, imported from {place}",
        clash_sentence(),
    ]
    return "\n".join(line for line in lines if line)


def version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed: this is a source tree)"


if __name__ == "__main__":
    sys.exit(main())
