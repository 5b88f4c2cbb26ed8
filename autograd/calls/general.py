"""Calls of any form: lists among the arguments, arguments by name, any number of arrays, several outputs."""

import weakref

import numpy as np

from ..assignment import deliver
from ..foreign import Foreign, as_data
from ..plan import plan_for
from ..tape import Node, recording
from ..tensor import Tensor, as_tensor, has_tensor, plain, wrap


def run(op, args, options):
    """Call an op with arrays and tensors in any form: lists among them, arguments by name, any number of arrays."""
    if not op.differentiable:
        return constant(op, args, options)
    if op.arguments is not None and len(args) != len(op.arguments):
        args, options = op.bind(args, options)
    if options.get("out") is not None:
        out = options.pop("out")
        return deliver(run(op, args, options), out)
    arrays, wanted, parents, any_tensor = [], [], [], False
    for x in args:
        if type(x) is list or type(x) is tuple:
            x = as_tensor(x)
            if x.node is None:
                x = x.data
        if isinstance(x, Tensor):
            any_tensor = True
            if x.node is not None and (op.every is not None or op.rules[len(arrays)] is not None):
                wanted.append(len(arrays))
                parents.append(x.node)
            x = x.data
        arrays.append(x)
    for name, value in options.items():
        if value is not None and type(value) is not int and type(value) is not bool:
            options[name] = _option(op, name, value)
    y = op.forward(*arrays, **options)
    if not any_tensor:
        return y
    if isinstance(y, tuple | list):
        return _several(op, y, args, arrays, options, wanted, parents)
    if type(y) is not np.ndarray:
        y = as_data(y)
    t = object.__new__(Tensor)
    t.data = y
    t._grad = None
    if y.dtype.hasobject:
        return again(op, args, options)
    recorded = wanted and recording.get() and y.dtype.kind in "fc"  # integers have no gradient
    t.node = record(op, y, arrays, options, wanted, parents) if recorded else None
    if op.view and y.base is not None:
        note_view(t, args[0])
    return t


def again(op, args, options):
    """A call that gave an array of objects, with arrays of tensors among its arguments as tensors.

    Raises:
        TypeError: there are none.
    """
    joined = [as_tensor(x) if type(x) is np.ndarray and has_tensor((x,)) else x for x in args]
    if all(x is y for x, y in zip(args, joined, strict=True)):
        raise TypeError(f"a tensor holds numbers; {op.name} would give one of objects")
    return op(*joined, **options)


def record(op, y, arrays, options, wanted, parents):
    """What happened, as a node."""
    node = Node()
    wanted = tuple(wanted)
    plan = node.plan = plan_for(op, wanted, len(arrays), tuple(options))
    node.adopt(tuple(parents))
    node.kept = plan.keep(arrays, y, options)
    return node


def _several(op, y, args, arrays, options, wanted, parents):
    """An op with several outputs: one node for the op, and one for each output, which takes it out."""
    parts = tuple(map(as_data, y))
    nodes = [None] * len(parts)
    if wanted and recording.get():
        nodes = record(op, parts, arrays, options, wanted, parents).items(len(parts))
        nodes = [node if part.dtype.kind in "fc" else None for node, part in zip(nodes, parts, strict=True)]
    tensors = list(map(wrap, parts, nodes))
    if op.view:
        for t in tensors:
            note_view(t, args[0])
    return type(y)(*tensors) if hasattr(y, "_fields") else tuple(tensors)


def note_view(t, x):
    """If `t` shares memory with the tensor `x`, remember `x`, and the living ones that `x` is a view of."""
    if not isinstance(x, Tensor):
        return
    base = t.data.base
    if base is x.data:
        t._bases = (weakref.ref(x),)
    elif base is x.data.base is not None:
        t._bases = (weakref.ref(x), *(base for base in getattr(x, "_bases", ()) if base() is not None))


def _option(op, name, value):
    if _has_tracked(value) and recording.get():
        raise TypeError(f"{op.name} has no derivative for {name}=; pass {name}.detach() to treat it as a constant")
    return plain(value)


def _has_tracked(value):
    if isinstance(value, list | tuple):
        return any(map(_has_tracked, value))
    return isinstance(value, Tensor) and value.node is not None


def constant(op, args, options):
    """An op that is differentiable nowhere: its result is off the tape."""
    if not has_tensor((*args, *options.values())):
        return op.forward(*args, **options)
    if len(args) > 1 or options:
        given = {**dict(zip(op.positional, args, strict=False)), **options}
        if given.get("out") is not None:
            raise TypeError(f"{op.name} does not write into out= where tensors take part")
    y = op.forward(*map(plain, args), **{name: plain(value) for name, value in options.items()})
    return wrap(as_data(y), None) if isinstance(y, np.ndarray | np.generic | Foreign) else y
