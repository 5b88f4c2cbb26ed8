"""The mathematics: every op with its rules, on plain arrays; nothing here knows of tensors."""

from . import (  # noqa: F401 (to import a file is to declare its ops)
    _stub,
    choices,
    constants,
    elementwise,
    indexing,
    joining,
    shape,
)
