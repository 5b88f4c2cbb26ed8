"""The calls of elementwise ops of one or two arrays, the commonest of all: nothing on the path but what it needs."""

from numbers import Rational

import numpy as np

from ..foreign import Foreign, as_data
from ..plan import plan_for
from ..tape import recording
from ..tensor import Tensor, wrap
from .general import again, record, run
from .written import scope_of


def is_elementwise(op):
    """Whether the quick paths of elementwise ops are for this one."""
    fun = op.fun
    return (
        isinstance(fun, np.ufunc)
        and fun.signature is None
        and len(op.rules) <= 2
        and fun.nout == 1
        and all(op.rules)
        and (fun.nin == 1 or _keeps_precision(fun))
    )


def _keeps_precision(fun):
    """Whether a number beside float32 may become float32, as for NumPy's own ufuncs; for some of SciPy's it may not."""
    single = np.dtype(np.float32)
    try:
        forms = [fun.resolve_dtypes((single, kind, None)) for kind in (int, float)]
        forms += [fun.resolve_dtypes((kind, single, None)) for kind in (int, float)]
    except TypeError:
        return False
    return all(form[-1] == single for form in forms)


_QUICK = {
    1: """
def call(s, **options):
    if not isinstance(s, Tensor) or options:
        return run(op, (s,), options)
    a = s.data
    y = FORWARD
    if type(y) is not array:
        y = asarray(y)
    t = new(Tensor)
    t.data = y
    t._grad = None
    p = s.node
    if p is None or not recording():
        t.node = None
        return t
    t.node = node = Node()
    node.plan = plan0
    node.parent = p
    node.other = None
    node.kept = KEPT0
    return t
""",
    2: """
def call(s, u, **options):
    if options:
        return run(op, (s, u), options)
    alike = True
    if isinstance(s, Tensor):
        a = s.data
        p = s.node
        if isinstance(u, Tensor):
            b = u.data
            q = u.node
            alike = a.shape == b.shape and a.dtype is b.dtype
        elif type(u) is float or type(u) is int:
            b = scalars.get(a.dtype, nothing).get(u)
            if b is None:
                b = scalar(u, a.dtype)
            q = None
        elif type(u) is array:
            b = u
            q = None
            alike = a.dtype is b.dtype and (not b.ndim or a.shape == b.shape)
        else:
            return uncommon(op, s, u)
    elif not isinstance(u, Tensor):
        return run(op, (s, u), options)
    elif type(s) is float or type(s) is int:
        b = u.data
        q = u.node
        a = scalars.get(b.dtype, nothing).get(s)
        if a is None:
            a = scalar(s, b.dtype)
        p = None
    elif type(s) is array:
        a = s
        p = None
        b = u.data
        q = u.node
        alike = a.dtype is b.dtype and (not a.ndim or a.shape == b.shape)
    else:
        return uncommon(op, s, u)
    y = FORWARD
    if type(y) is not array:
        y = asarray(y)
    t = new(Tensor)
    t.data = y
    t._grad = None
    if not alike:
        return record(t, op, (a, b), (p, q))
    if p is None and q is None or not recording():
        t.node = None
        return t
    t.node = node = Node()
    if q is None:
        node.plan = plan0
        node.parent = p
        node.other = None
        node.kept = KEPT0
    elif p is None:
        node.plan = plan1
        node.parent = q
        node.other = None
        node.kept = KEPT1
    else:
        node.plan = plan01
        node.parent = p
        node.other = q
        node.kept = KEPT01
    return t
""",
}
_SYMBOLS = {np.add: "a + b", np.subtract: "a - b", np.multiply: "a * b", np.divide: "a / b"}


def write_quick(op):
    """Write out the call of an elementwise op of one or two arrays: nothing on the path but what it needs.

    Undoing broadcasting and promotion is prepared only where shapes or dtypes differ.
    """
    source = _QUICK[len(op.rules)]
    scope = scope_of(op) | {
        "record": _record_unlike, "uncommon": _uncommon, "scalars": _scalars, "scalar": _scalar, "nothing": {},
    }  # fmt: skip
    for wanted in [(0,)] if len(op.rules) == 1 else [(0, 1), (0,), (1,)]:
        name = "".join(map(str, wanted))
        plan = scope[f"plan{name}"] = plan_for(op, wanted, len(op.rules), conform=False)
        source = source.replace(f"KEPT{name}", plan.kept.replace("args[0]", "a").replace("args[1]", "b"))
    if op.fun not in _SYMBOLS:  # say `power`, which looks at its exponent
        scope |= {"scalars": {}, "scalar": lambda value, dtype: value}
    forward = _SYMBOLS.get(op.fun) or ("fun(a)" if len(op.rules) == 1 else "fun(a, b)")
    exec(compile(source.replace("FORWARD", forward), f"<call of {op.name}>", "exec"), scope)
    return scope["call"]


_scalars: dict[np.dtype, dict] = {np.dtype(np.float64): {}, np.dtype(np.float32): {}}


def _scalar(value, dtype):
    """A Python number as the 0-d array that NumPy would make of it: with it, a product takes 0.2 us less, twice."""
    known = _scalars.get(dtype)
    if known is None or not 1e-30 < abs(value) < 1e30:  # not for -0.0, which equals 0.0, nor for what may overflow
        return value
    if len(known) >= 1000:
        known.clear()
    array = known[value] = np.array(value, dtype)
    array.flags.writeable = False
    return array


def _record_unlike(t, op, arrays, nodes):
    """Put an elementwise op on the tape whose arguments differ in shape or dtype: that is undone in its plan."""
    if t.data.dtype.hasobject:
        return again(op, [x if x.dtype.hasobject else wrap(x, node) for x, node in zip(arrays, nodes)], {})
    if t.data.dtype.kind not in "biufc":
        raise TypeError(f"a tensor holds numbers; {op.name} would give one of {t.data.dtype}")
    wanted = [i for i, node in enumerate(nodes) if node is not None]
    if not wanted or not recording.get():
        t.node = None
        return t
    t.node = record(op, t.data, arrays, {}, wanted, [nodes[i] for i in wanted])
    return t


def _may_hold_tensors(x):
    """Whether `x` is an array with names or units around another array, such as xarray's, which then takes over."""
    known = isinstance(x, Foreign) or type(x).__module__.startswith("pandas")
    return hasattr(x, "__array_ufunc__") and not known


def _uncommon(op, a, b):
    a, b = (float(x) if isinstance(x, Rational) and not isinstance(x, int | np.generic) else x for x in (a, b))
    for x in (a, b):
        if not isinstance(x, Tensor | list | tuple | np.ndarray | np.generic | int | float | complex) and (
            not hasattr(x, "__array__") or getattr(x, "__array_ufunc__", True) is None or _may_hold_tensors(x)
        ):
            return NotImplemented
    kept = Tensor | list | tuple | int | float | complex  # Python's numbers do not widen what they meet
    return run(
        op, tuple(x if isinstance(x, kept) and not isinstance(x, np.generic) else as_data(x) for x in (a, b)), {}
    )
