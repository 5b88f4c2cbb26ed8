"""The call of an op, written out as source: no loop over arguments, no decision that could be made before."""

import numpy as np

from ..foreign import as_data
from ..plan import plan_for
from ..tape import Node, recording
from ..tensor import Tensor
from .general import again, note_view, run

_ANY = """
def call(*args, **options):
    return run(op, args, options)
"""
_QUICK_CONSTANT = """
def call(*args, **options):
    if options or len(args) > 2:
        return run(op, args, options)
    s = args[0]
    u = args[-1]
    if isinstance(s, Tensor):
        s = s.data
    elif type(s) not in plain or not isinstance(u, Tensor):
        return run(op, args, options)
    if len(args) == 1:
        y = fun(s)
    else:
        if isinstance(u, Tensor):
            u = u.data
        elif type(u) not in plain:
            return run(op, args, options)
        y = fun(s, u)
    t = new(Tensor)
    t.data = y if type(y) is array else asarray(y)
    t._grad = t.node = None
    return t
"""


def write_any(op):
    """The call in any form, as a function of the op's own like the others (`watching` relies on that).

    Comparisons and the like, which have no derivative, do nothing more than they must.
    """
    is_quick = not op.differentiable and isinstance(op.fun, np.ufunc) and op.fun.nin <= 2 and op.fun.nout == 1
    scope = scope_of(op) | {"plain": {np.ndarray, float, int, bool}, "fun": op.fun}
    exec(compile(_QUICK_CONSTANT if is_quick else _ANY, f"<call of {op.name}>", "exec"), scope)
    return scope["call"]


_CALL = """
def call(*args, **options):
    if len(args) != COUNT:
        names = op.positional[COUNT : len(args)]  # options by position
        if not 0 < len(names) == len(args) - COUNT or not options.keys().isdisjoint(names):
            return run(op, args, options)
        options.update(zip(names, args[COUNT:]))
        args = args[:COUNT]
    ARGUMENTS = args
    wanted = 0
    tensor = False
    EACH
    if options:
        if type(options.get("out")) is array:
            return run(op, args, options)
        for value in options.values():
            if type(value) not in inert and (type(value) is not tuple or not inert.issuperset(map(type, value))):
                return run(op, args, options)
    y = fun(ARRAYS **options)
    if not tensor:
        return y
    if type(y) is not array:
        if isinstance(y, (tuple, list)):
            return run(op, args, options)
        y = asarray(y)
    t = new(Tensor)
    t.data = y
    t._grad = None
    if wanted and recording() and y.dtype.kind in "fc":
        t.node = node = Node()
        node.plan = plan = plans.get((wanted, *options) if options else wanted) or find(op, wanted, options)
        PARENTS
        node.kept = plan.keep((ARRAYS), y, options)
    elif y.dtype.hasobject:
        return again(op, args, options)
    else:
        t.node = None
    VIEW
    return t
"""
_EACH = """
    if isinstance(sI, Tensor):
        aI = sI.data
        pI = NODE
        tensor = True
        if pI is not None:
            wanted += BIT
    elif type(sI) is list or type(sI) is tuple:
        return run(op, args, options)
    else:
        aI = sI
        pI = None
"""
_PARENTS = {  # by the number of arguments, those that want no gradient among them
    1: "node.parent, node.other = p0, None",
    2: "node.parent, node.other = (p1, None) if p0 is None else (p0, p1)",
    3: """if p0 is None:
            node.parent, node.other = (p2, None) if p1 is None else (p1, p2)
        elif p1 is None:
            node.parent, node.other = p0, p2
        elif p2 is None:
            node.parent, node.other = p0, p1
        else:
            node.parent, node.other = (p0, p1, p2), None""",
}
_VIEW = """
    if y.base is not None:
        note_view(t, s0)
"""


def write_call(op):
    """Write out the call of an op with a fixed number of arrays, so that no loop goes over them."""
    n = len(op.rules)
    numbers = range(n)
    each = "".join(
        _EACH.replace("NODE", "sI.node" if rule else "None").replace("BIT", str(2**i)).replace("I", str(i))
        for i, rule in enumerate(op.rules)
    )
    all_nodes = ", ".join(f"p{i}" for i in numbers)
    source = (
        _CALL.replace("EACH", each.strip())
        .replace("COUNT", str(n))
        .replace("ARGUMENTS", ", ".join(f"s{i}" for i in numbers) + ",")
        .replace("ARRAYS", "".join(f"a{i}, " for i in numbers))
        .replace("PARENTS", _PARENTS.get(n) or f"node.adopt([p for p in ({all_nodes}) if p is not None])")
        .replace("VIEW", _VIEW.strip() if op.view else "")
    )
    scope = scope_of(op) | {"inert": _INERT, "plans": op.forms, "find": _find, "note_view": note_view, "again": again}
    exec(compile(source, f"<call of {op.name}>", "exec"), scope)
    return scope["call"]


_DTYPES = np.typecodes["AllInteger"] + np.typecodes["AllFloat"]
# What an option may be without being looked into; the parts of a slice are numbers already (`own_index`).
_INERT = frozenset(
    {int, bool, float, str, type(None), slice, type(...), np.ndarray, *(type(np.dtype(c)) for c in _DTYPES)}
)


def _find(op, wanted, options):
    """The plan for a form of call, kept by what tells forms apart most quickly; `wanted` has a bit per argument."""
    places = tuple(i for i in range(len(op.rules)) if wanted >> i & 1)
    plan = plan_for(op, places, len(op.rules), tuple(options))
    op.forms[(wanted, *options) if options else wanted] = plan
    return plan


def scope_of(op):
    return {
        "Tensor": Tensor, "Node": Node, "new": object.__new__, "array": np.ndarray, "asarray": as_data, "op": op,
        "fun": op.forward, "recording": recording.get, "run": run,
    }  # fmt: skip
