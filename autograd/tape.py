"""The tape: nodes that say what happened, the order in which they are undone, and the backward pass over them."""

import gc
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from .plan import Plan, PseudoOp, add_all, add_cotangent

recording: ContextVar[bool] = ContextVar("recording", default=True)
"""Whether ops on tracked tensors are recorded; each thread and each async task sees its own value."""


class Node:
    """One step of the tape: the plan it follows (and with it the op), its parents, and what its rules keep.

    A node does not point at its output, so that a tape is freed as soon as its last tensor is. To be small and quick to
    make, it holds one or two parents without a tuple around them (`parent`, `other`), and a single kept value as it is.
    """

    __slots__ = ("kept", "other", "parent", "plan")
    plan: Plan
    parent: Any  # a node or leaf; a tuple of them if there are more than two
    other: Any  # the second of two, else None
    kept: Any

    @property
    def op(self):
        """What happened."""
        return self.plan.op

    @property
    def parents(self) -> tuple:
        """The nodes of the wanted arguments, in order."""
        if self.other is not None:
            return self.parent, self.other
        return self.parent if type(self.parent) is tuple else (self.parent,)

    def items(self, n: int) -> list["Node"]:
        """One node for each of `n` outputs; the op's rule receives the list of their cotangents."""
        nodes = []
        for i in range(n):
            node = Node()
            node.plan, node.parent, node.other, node.kept = ITEM, self, None, (i, n)
            nodes.append(node)
        return nodes

    def adopt(self, parents) -> None:
        """Take these as parents."""
        n = len(parents)
        self.parent, self.other = parents if n == 2 else (parents[0] if n == 1 else tuple(parents), None)

    def __repr__(self):
        return f"<node {self.plan.op.name}>"


class Leaf:
    """Where the tape ends: a tensor that collects its gradient. It does not keep that tensor alive.

    Attributes:
        tensor: a weak reference to the tensor, or None where a transform reads the cotangent itself.
        hooks: functions of the gradient, by their place in the order.
    """

    __slots__ = ("hooks", "tensor")
    parents = ()
    op = kept = None

    def __init__(self, tensor=None):
        self.tensor = tensor
        self.hooks = {}

    def __repr__(self):
        return "<leaf>"


def gather(nodes) -> Node:
    """One node behind several, from which a pass can begin: its cotangent is the tuple of theirs."""
    node = Node()
    node.plan, node.kept = GATHER, None
    node.adopt(nodes)
    return node


def toposort(root, ends=()) -> list:
    """The nodes that `root` depends on, root first, each before its parents, without the leaves.

    One visit per edge, no recursion. Down to the first fork the order is the only one, and nothing needs marking.
    Nodes among the `ends`, a set, are left out, and what is behind them alone.
    """
    order = []
    node = root
    while type(node) is Node and node not in ends:
        order.append(node)
        parent, other = node.parent, node.other
        if other is None:
            if type(parent) is tuple:
                break
            node = parent
        elif type(parent) is not Node or parent in ends:
            node = other
        elif type(other) is not Node or other in ends or other is parent:
            node = parent
        else:
            break
    else:
        return order
    below = parents_first([node], set(ends))
    return order[:-1] + below[::-1]


def parents_first(roots, seen: set) -> list:
    """The roots and all nodes behind them, each once and after its parents, going deep first.

    Nodes that have been `seen` are left out, and what is behind them alone; the set grows by those in the list.
    """
    order = []
    stack: list[tuple] = [([], root) for root in reversed(roots)]  # (path, node to go on with): the path comes after it
    while stack:
        path, node = stack.pop()
        while type(node) is Node and node not in seen:
            seen.add(node)
            path.append(node)
            parent, other = node.parent, node.other
            if other is not None:
                if type(other) is Node and other not in seen:
                    stack.append((path, other))
                    path = []
                node = parent
            elif type(parent) is tuple:
                for later in reversed(parent):
                    stack.append((path, later))
                    path = []
                node = None
            else:
                node = parent
        path.reverse()
        order += path
    return order


def backprop(root, g, retain: bool = False, wrap: Callable | None = None, order: list | None = None) -> dict:
    """Pull the cotangent `g` of `root` back through the tape; the cotangents of the leaves, by leaf.

    Each node is undone once, after all of its uses; the contributions of the uses are added up. A node's kept values
    are released as soon as they have been used, unless they are to be retained.

    With `wrap(data, node)`, which makes tensors, the pass is itself recorded: kept values go to the rules as tensors
    that know where they came from. With an `order`, root first, the pass is over these nodes only.
    """
    if order is None:
        order = toposort(root)
    paused = gc.isenabled()  # a long tape would be traversed again and again, and has no cycles
    gc.disable()
    token = recording.set(wrap is not None)
    try:
        with np.errstate(all="ignore"):  # what was worth a warning was so in the forward pass
            return undo_all(order, {root: g}, retain, wrap)
    finally:
        recording.reset(token)
        if paused:
            gc.enable()


def undo_all(order, cotangents, retain, wrap):
    """Undo the nodes of `order`, which is gone through once; the cotangents of the leaves, by leaf."""
    owned = set()  # nodes whose cotangent is a buffer made here, into which more may be added; others may be shared
    masked = False  # whether a 0 may stand for a branch that `np.where` did not take
    pop = cotangents.pop
    for node in order:
        g = pop(node)
        plan = node.plan
        if masked:
            plan = plan.careful()
        elif plan.masks:
            masked = True
        if g is not None and plan.undo is not None and (wrap is None or plan is ITEM):
            plan.undo(node, g, cotangents, owned)
        else:
            gx = None  # nothing flows here
            if g is not None:
                gx = plan.pull(g, node.kept if wrap is None else plan.lift(node, wrap))
            parent = node.parent
            if node.other is not None or type(parent) is tuple:
                parents = node.parents
                add_all(cotangents, owned, parents, gx or [None] * len(parents))
            elif parent not in cotangents:
                cotangents[parent] = gx
            else:
                add_cotangent(cotangents, owned, parent, gx)
        if not retain:
            node.plan = plan.spent
            node.kept = None
    return {leaf: g for leaf, g in cotangents.items() if g is not None}


def _pull_item(g, kept):
    """The cotangents of all outputs of an op, where only one of them has one."""
    i, n = kept
    return [None] * i + [g] + [None] * (n - i - 1)


def _undo_item(node, g, cotangents, owned):
    i, n = node.kept
    parts = cotangents.get(node.parent)
    if parts is None:
        parts = cotangents[node.parent] = [None] * n
    parts[i] = g if parts[i] is None else parts[i] + g


ITEM = Plan(PseudoOp("item"), (0,), _pull_item, lambda node, wrap: node.kept, _undo_item)
GATHER = Plan(PseudoOp("gather"), (), lambda g, kept: g[0] if len(g) == 1 else g, lambda node, wrap: node.kept)
