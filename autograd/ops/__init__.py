"""The mathematics: every op with its rules, on plain arrays; nothing here knows of tensors."""

from . import (  # noqa: F401 (to import a file is to declare its ops)
    choices,
    constants,
    diagonals,
    einsum,
    elementwise,
    indexing,
    joining,
    linalg,
    norms,
    padding,
    reductions,
    running,
    shape,
    sorting,
    statistics,
    ufunc_methods,
)
