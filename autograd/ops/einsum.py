"""Einstein summation: each cotangent is another one, of the cotangent of the output and the other operands."""

import math
from collections import Counter

import numpy as np

from ..op import defop, implements
from .axes import as_array
from .indexing import refuse_out
from .samples import both, real, with_options

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order in which NumPy counts labels
MANY = 100_000  # multiplications that are worth a search for matrix products among them


def einsum_vjp(g, xs, subscripts="", optimize=False, wanted=()):
    """The cotangent of each operand has the operand's labels and is the sum over all others."""
    *terms, output = subscripts.replace("->", ",").split(",")
    return [_cotangent(i, g, output, xs, terms, optimize) if i in wanted else None for i in range(len(xs))]


def _cotangent(i, g, output, xs, terms, optimize):
    """A label that stands twice in the operand is a diagonal, which an identity matrix writes back.

    A label that no other operand nor the output has was summed over in this operand alone: its cotangent is repeated.
    """
    operands = [g, *xs[:i], *xs[i + 1 :]]
    labels = [output, *terms[:i], *terms[i + 1 :]]
    unused = iter(sorted({*LETTERS} - {*output, *"".join(terms)}))
    target = ""
    for label, n in zip(terms[i], xs[i].shape):
        if label in target:
            again = next(unused)
            operands.append(np.eye(n, dtype=g.dtype))
            labels.append(label + again)
            label = again
        target += label
    known = [label for label in target if label in "".join(labels)]
    optimize = bool(optimize) or len(operands) > 2 or _multiplications(operands, labels) > MANY
    gx = _summed(*operands, subscripts=f"{','.join(labels)}->{''.join(known)}", optimize=optimize)
    sizes = dict(zip(known, gx.shape))
    gx = gx.reshape([sizes.get(label, 1) for label in target])
    shape = tuple(max(n, m) if n and m else 0 for n, m in zip(gx.shape, xs[i].shape))
    return gx if gx.shape == shape else np.broadcast_to(gx, shape)


def _multiplications(operands, labels):
    largest = Counter()
    for x, term in zip(operands, labels):
        largest |= Counter(dict(zip(term, x.shape)))  # the larger size, as 1 stands for any
    return math.prod(largest.values())


def summed(*operands, subscripts, optimize=False, **options):
    return np.einsum(subscripts, *operands, optimize=optimize, **options)


_summed = defop(
    summed,
    name="einsum",
    every=einsum_vjp,
    view=True,
    samples=both(
        with_options(real((2, 3), (3, 4)), {"subscripts": "ij,jk->ik"}, {"subscripts": "ij,jk->k"}),
        with_options(real((2, 3), (3, 4), (4, 2)), {"subscripts": "ij,jk,ki->"}, {"subscripts": "ij,jk,kl->il"}),
        with_options(real((3, 3)), {"subscripts": "ii->i"}, {"subscripts": "ii->"}, {"subscripts": "ij->"}),
        with_options(real((3, 3, 2), (3, 1)), {"subscripts": "iij,ij->ij"}, {"subscripts": "iik,ij->j"}),
    ),
)


defop(np.einsum_path)


@implements(np.einsum)
def einsum(*operands, out=None, optimize=None, **options):
    """Both of NumPy's forms of call: subscripts and operands, or operands each followed by its list of labels.

    Unless told, a large sum is optimized and a small one is not.
    """
    refuse_out("einsum", out)
    if isinstance(operands[0], str):
        subscripts, *operands = operands
        operands = [as_array(x) for x in operands]
    else:
        subscripts, operands = _from_lists(operands)
    subscripts = _spelled_out(subscripts.replace(" ", ""), [x.ndim for x in operands])
    if optimize is None:
        optimize = _multiplications(operands, subscripts.partition("->")[0].split(",")) > MANY
    return _summed(*operands, subscripts=subscripts, optimize=optimize, **options)


def _from_lists(operands):
    """The subscripts that lists of labels mean, and the operands between them."""
    lists = ["".join("..." if i is Ellipsis else LETTERS[i] for i in labels) for labels in operands[1::2]]
    output = ""
    if len(operands) % 2:
        output = "->" + "".join("..." if i is Ellipsis else LETTERS[i] for i in operands[-1])
        operands = operands[:-1]
    return ",".join(lists) + output, [as_array(x) for x in operands[::2]]


def _spelled_out(subscripts, ndims):
    """Subscripts with an output, and with letters for the axes that ellipses stand for."""
    inputs, explicit, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError(
            f"einsum expects one operand for each of the {len(terms)} terms in {inputs!r}, got {len(ndims)}"
        )
    hidden = [n - len(term) + 3 if "..." in term else 0 for n, term in zip(ndims, terms)]
    if min(hidden) < 0:
        raise ValueError(f"einsum: {subscripts!r} has more labels than its operands of {ndims} axes have")
    letters = sorted({*LETTERS} - {*subscripts})[: max(hidden)]
    if len(letters) < max(hidden):
        raise ValueError("einsum has no letters left for the axes of the ellipses")
    terms = [term.replace("...", "".join(letters[max(hidden) - n :])) for n, term in zip(hidden, terms)]
    if not explicit:
        counts = Counter("".join(terms))
        output = "..." + "".join(sorted(label for label, n in counts.items() if n == 1 and label not in letters))
    elif letters and "..." not in output:
        raise ValueError(
            f"einsum: the output of {subscripts!r} needs an ellipsis for {len(letters)} axes of its operands"
        )
    return ",".join(terms) + "->" + output.replace("...", "".join(letters))
