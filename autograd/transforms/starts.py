"""Fresh inputs for a function, and the nodes between them and what the function returned."""

from typing import Any

from ..plan import Plan, PseudoOp, add_cotangent
from ..tape import Node, parents_first
from ..tensor import Tensor, wrap

# What a start keeps: its function runs; it has run, and nobody is outside; it leads to where its value came from.
RUNNING, OVER, JOINED = "running", "over", "joined"


def _pull_start(g, state):
    return g if state is JOINED else ()


def _undo_start(node, g, cotangents, owned):
    if node.kept is JOINED:
        if node.parent in cotangents:
            add_cotangent(cotangents, owned, node.parent, g)
        else:
            cotangents[node.parent] = g


START = Plan(PseudoOp("input"), (0,), _pull_start, lambda node, wrap: node.kept, _undo_start)


def start(data: Any) -> Tensor:
    """A fresh input: a tensor with a node that nothing else depends on."""
    node = Node()
    node.plan, node.parent, node.other, node.kept = START, (), None, RUNNING
    return wrap(data, node)


def between(starts, roots, known):
    """The nodes that lead from the starts to the roots, roots first; these and the starts; their parents elsewhere.

    And whether any of the latter, or a root, is alive: leads to something that may still want a gradient.
    """
    if len(roots) == 1:
        straight = _straight(roots[0], starts)
        if straight is not None:
            return straight
    inner, dead, own, ends = set(starts), set(), [], []
    for node in parents_first(roots, starts.union(known) if known else set(starts)):
        parent, other = node.parent, node.other
        if other is not None or type(parent) is tuple:
            parents = parent if other is None else (parent, other)
            strangers = [one for one in parents if one not in inner] if not inner.issuperset(parents) else ()
            if len(strangers) < len(parents):
                inner.add(node)
                own.append(node)
                ends += strangers
            elif dead.issuperset(strangers) and (parents or node.kept is OVER):
                dead.add(node)
        elif parent in inner:
            inner.add(node)
            own.append(node)
        elif parent in dead:
            dead.add(node)
    own.reverse()
    if not ends and inner.issuperset(roots):
        return own, inner, ends, False
    ends = list(dict.fromkeys(ends))
    return own, inner, ends, any(node not in inner and node not in dead for node in (*ends, *roots))


def _straight(root, starts):
    """The same where the way from the root to a start has no fork, and nobody outside has a part in it; else None.

    That is so for a long chain of ops, whose nodes need no marking then.
    """
    own = []
    node = root
    while node not in starts:
        if type(node) is not Node:
            return None
        own.append(node)
        parent, other = node.parent, node.other
        if other is None or other is parent or other in starts:
            node = parent
        elif parent in starts:
            node = other
        else:
            return None
    return own, starts.union((root,)), [], False
