"""Says whether another distribution fights with Wengert for the import name `autograd`.

The PyPI project `autograd` (HIPS autograd) installs a package of that name. pip lets both write into one folder: who
comes last overwrites files of the other, and uninstalling either takes files of both away. Nothing here runs at `import
autograd`: where the other came last, its `__init__` runs instead of ours, and where ours came last, there is nothing to
guard. So this file needs nothing else of the package; `gradcheck --version` and the tests ask it.
"""

import sys
from importlib import metadata
from pathlib import Path


def clash_sentence() -> str | None:
    """One sentence that says what is wrong with the import name `autograd` here and what to do; None if all is well."""
    pip = f"{sys.executable} -m pip"
    try:
        hips = metadata.distribution("autograd")
    except metadata.PackageNotFoundError:
        if is_ours(sys.modules["autograd"]):
            return None
        return (
            f"The package 'autograd' in {Path(__file__).parent} is damaged: another distribution overwrote files of "
            f"Wengert, or took them along when it was removed; `{pip} uninstall --yes wengert`, then install it again."
        )
    return (
        f"The distribution 'autograd' {hips.version} (HIPS autograd, in {hips.locate_file('')}) is installed beside "
        f"'wengert', and both bring a package 'autograd', so that one overwrites or hides the other: give each its own "
        f"environment, or `{pip} uninstall --yes autograd wengert`, then install wengert again."
    )


def is_ours(package: object) -> bool:
    """Whether a package imported as `autograd` is Wengert's."""
    return hasattr(package, "defop")
