"""Import of optional packages, with an error that says what to install."""

from importlib import import_module
from types import ModuleType


def need(module: str, extra: str) -> ModuleType:
    """The imported `module`; where its package is missing, an `ImportError` that names the extra which brings it.

    >>> need("math", "data").sqrt(4.0)
    2.0
    >>> need("no_such_package.part", "data")
    Traceback (most recent call last):
    ImportError: this needs the package 'no_such_package', which is not installed: pip install 'wengert[data]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name != package:  # it is there but broken, or it lacks something of its own: that error says more
            raise
        raise ImportError(
            f"this needs the package '{package}', which is not installed: pip install 'wengert[{extra}]'", name=package
        ) from error
