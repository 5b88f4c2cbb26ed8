"""Whether what is on the tape is freed by counting references, without the garbage collector."""

import gc
import weakref

from autograd import Tensor


def assert_let_go(call):
    """Fail if `call(a)`, or `a` itself, a tracked number, lives on after a backward pass."""
    gc.disable()
    try:
        a = Tensor(1.5, requires_grad=True)
        y = call(a)
        y.sum().backward()
        watched = weakref.ref(a), weakref.ref(y)

        del a, y

        assert [ref() for ref in watched] == [None, None]
    finally:
        gc.enable()
