"""Containers: modules made of modules."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, overload

from nn.module import Module

__all__ = ["Sequential"]


class Sequential(Module):
    """Modules one after the other: each gets what the one before it gave.

    Takes modules, which are named "0", "1", ..., or one `OrderedDict` of them by name. `len`, iteration, indices and
    slices work as for a list.

    Raises:
        TypeError: something given is no Module.

    >>> import nn
    >>> model = Sequential(nn.Linear(2, 3), nn.Tanh())
    >>> model
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): Tanh()
    )
    >>> len(model[1:])
    1
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], OrderedDict) else None
        for name, module in named.items() if named is not None else enumerate(args):
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    def __len__(self) -> int:
        return len(self._named())

    def __iter__(self) -> Iterator[Module]:
        return iter([value for value in vars(self).values() if isinstance(value, Module)])

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._named().items())[index]))
        return vars(self)[self._name(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        if not isinstance(index, slice):
            self._name(index)
        del modules[index]
        self._renumber(modules)

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add modules at the end."""
        for module in list(sequential):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Put a module before that index; the later ones get new names."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} modules")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, index: int) -> Module:
        """Take a module out; the later ones get new names."""
        module = self[index]
        del self[index]
        return module

    def _named(self):
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def _name(self, index):
        names = list(self._named())
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(f"index {index} is out of range for {len(names)} modules") from None

    def _renumber(self, modules):
        for name in self._named():
            delattr(self, name)
        for name, module in enumerate(modules):
            self.add_module(str(name), module)
