"""The mathematics: every op with its rules, on plain arrays; nothing here knows of tensors."""

from . import (  # noqa: F401 (to import a file is to declare its ops)
    choices,
    constants,
    einsum,
    elementwise,
    indexing,
    joining,
    linalg,
    norms,
    reductions,
    running,
    shape,
    statistics,
    ufunc_methods,
)
