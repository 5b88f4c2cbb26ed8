"""What the rules' helpers do, in the words of a textbook: to the bit the same, though not as fast."""

import ast
import math
from typing import Any

from ...ops.axes import FEW, restore
from ...ops.einsum import MANY, _multiplications
from .listing import Listing, literal
from .syntax import method, numpy


def _masked(listing: Listing, x: Any, c: Any) -> ast.expr:
    return numpy("where", c, x, literal(0))


def _spread(listing: Listing, g: Any, shape: Any, axis: Any, where: Any = None) -> ast.expr | None:
    """The cotangent of a sum, repeated for all summands."""
    value, sizes, along = listing.value(g), listing.value(shape), listing.value(axis)
    if where is not None and listing.value(where) is not True:
        return None
    if not value.ndim and math.prod(sizes) <= FEW:
        return numpy("full", shape, g)
    kept = restore(value, sizes, along)
    if kept.shape != value.shape:
        g = method(g, "reshape", literal(kept.shape))
    spread = numpy("broadcast_to", g, shape)
    return method(spread, "copy") if math.prod(sizes) <= FEW else spread


def _einsum_cotangent(
    listing: Listing, i: Any, g: Any, output: Any, xs: Any, terms: Any, optimize: Any
) -> ast.expr | None:
    """Of operands without repeated labels, and none that is summed over in one operand alone, another einsum."""
    place, target, labels = (listing.value(x) for x in (i, output, terms))
    others = [target, *labels[:place], *labels[place + 1 :]]
    mine = labels[place]
    if len({*mine}) < len(mine) or not {*mine} <= {*"".join(others)} or not isinstance(xs, ast.List):
        return None
    operands = [g, *xs.elts[:place], *xs.elts[place + 1 :]]
    values = [listing.value(x) for x in operands]
    faster = listing.value(optimize) or len(operands) > 2 or _multiplications(values, others) > MANY
    options = {"optimize": literal(True)} if faster else {}
    return numpy("einsum", literal(f"{','.join(others)}->{mine}"), *operands, **options)


def _product(listing: Listing, a: Any, b: Any) -> ast.expr | None:
    """The product of arrays without gaps, for which `dot` and `@` are the same."""
    return ast.BinOp(a, ast.MatMult(), b) if all(listing.value(x).flags.forc for x in (a, b)) else None


IDIOMS: dict[Any, Any] = {
    "masked": _masked,
    "autograd.ops.choices.masked": _masked,
    "autograd.ops.axes.spread": _spread,
    "autograd.ops.einsum._cotangent": _einsum_cotangent,
    "autograd.ops.linalg.product": _product,
    "nn.functional.products._product": _product,
}
"""By the name of the function, or of the op: what stands for a call of it."""
