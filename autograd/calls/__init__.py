"""How an op is called: its forward function runs on arrays, and what happened goes onto the tape.

`general.run` takes calls of any form. For the commonest forms, each op gets a function of its own when it is first
called, written out as source.
"""

from ..op import Op
from .elementwise import is_elementwise, write_quick
from .written import write_any, write_call


def _prepare(op):
    """The call of an op, made when it is first wanted."""
    if op.differentiable and op.arguments is not None:
        op.call = write_quick(op) if is_elementwise(op) else write_call(op)
    else:
        op.call = write_any(op)
    return op.call


Op.prepare = _prepare
