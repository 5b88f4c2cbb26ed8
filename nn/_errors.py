"""Errors that this package shares."""


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit together: a ValueError, as in NumPy, and a RuntimeError, as in PyTorch."""
