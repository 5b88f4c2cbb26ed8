"""A user's function, method, op or module as problems to check."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...op import Op
from ...random import manual_seed
from ...tape import recording
from ...tensor import as_tensor
from ..problem import Problem, Source, TapeProblem, WrittenProblem, is_inexact
from ..registry import problem_of
from ..subjects import from_function
from .inputs import Subject, inputs_of, is_module, names_of, subject_of
from .loading import Found, find
from .settings import Settings, UsageError
from .written import written_problem


def problems(target: str, settings: Settings) -> list[tuple[str, Problem, str | None]]:
    """The problems of a target, one for each set of inputs, each with a title and the precision to check it in.

    A module is checked in float64, whatever its parameters are: float32 proves less. All else stays as it is.

    Raises:
        UsageError: the function or its inputs cannot be had.
    """
    seed_all(settings.seed)
    found = find(target)  # which may import a module that draws numbers, if this process has not done so before
    seed_all(settings.seed)
    subject = subject_of(found)
    several = inputs_of(found, subject, settings)
    made = []
    for k, (args, options) in enumerate(several):
        title = target if len(several) == 1 else f"{target}, sample {k}"
        if settings.grad or settings.vjp:
            problem: Problem = _written(target, subject, args, options, settings)
        else:
            problem = _taped(target, found, subject, args, options)
        made.append((title, problem, "float64" if is_module(subject.call) else None))
    return made


def seed_all(seed: int) -> None:
    """Let all global generators give the same numbers in every process."""
    manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 (functions of users draw from it)
    random.seed(seed)


def at_dtype(problem: Problem, dtype: Any) -> Problem:
    """The problem in another precision; a complex point stays complex."""
    if dtype is None:
        return problem
    kinds = [np.result_type(dtype, np.complex64) if x.dtype.kind == "c" else np.dtype(dtype) for x in problem.xs]
    return problem.at([x.astype(kind) for x, kind in zip(problem.xs, kinds)])


def restricted(problem: Problem, wanted: Sequence[str]) -> Problem:
    """The same problem with some of its arguments only; the others are constants.

    Raises:
        UsageError: it has no argument of that name.
    """
    if not isinstance(problem, TapeProblem) or not wanted:
        return problem
    xs, record_all, plain_all, source = problem.xs, problem.record, problem.plain, problem.source
    names = _chosen(wanted, problem.names)
    where = [problem.names.index(name) for name in names]

    def filled(parts, others):
        full = list(others)
        for i, part in zip(where, parts):
            full[i] = part
        return full

    def record(ts):
        return record_all(filled(ts, map(as_tensor, xs)))

    plain = None if plain_all is None else lambda parts: plain_all(filled(parts, [x.copy() for x in xs]))
    made = TapeProblem(record, names, [xs[i] for i in where], plain)
    if source is not None:
        made.source = replace(source, arguments=lambda parts: source.arguments(filled(parts, xs)))
    return made


def _taped(target: str, found: Found, subject: Subject, args: tuple[Any, ...], options: dict[str, Any]) -> TapeProblem:
    """The problem of a call on the tape."""
    fun = subject.call
    if isinstance(fun, Op):
        problem = problem_of(fun, args, options)
        if not problem.xs:
            raise UsageError(f"{target} has no derivative for any of these inputs{_about_integers(args)}")
        return problem
    if is_module(fun):
        _see_first_batch(fun, args, options)
    call = _with_options(fun, options) if options else fun
    try:
        problem = from_function(call, args)
    except ValueError as error:
        raise UsageError(f"{target}: {error}{_about_integers(args)}") from error
    names = names_of(fun)
    problem.names = [_renamed(name, names) for name in problem.names]
    if problem.source is not None:
        problem.source = _source(found, subject.expression, options, problem.source)
    return problem


def _written(target, subject, args, options, settings) -> WrittenProblem:
    """The problem of a derivative that is written by hand."""
    text = settings.grad or settings.vjp
    claim = find(text).value
    if not callable(claim):
        raise UsageError(f"{text} is no function")
    fun = subject.call
    known = names_of(fun)
    names = [known[i] if i < len(known) else f"argument {i}" for i in range(len(args))]
    positions = [i for i, x in enumerate(args) if is_inexact(x)]
    if not positions:
        raise UsageError(
            f"{target}: there is nothing to differentiate, as no argument is a float or an array of floats"
            + _about_integers(args)
        )
    if settings.wrt:
        chosen = _chosen(settings.wrt, [names[i] for i in positions])
        positions = [i for i in positions if names[i] in chosen]
    if options:
        fun, claim = _with_options(fun, options), _with_options(claim, options)
    return written_problem(fun, claim, args, positions, names, (target, text), settings.grad is not None)


def _chosen(wanted, names):
    """The names that `--wrt` means: names, positions, or the containers and modules that they are in."""
    chosen = []
    for name in wanted:
        matching = [n for n in names if n == name or n.startswith((f"{name}[", f"{name}."))]
        if not matching and name.isdigit() and int(name) < len(names):
            matching = [names[int(name)]]
        if not matching:
            raise UsageError(f"--wrt {name}: there is no such argument or parameter; there are {', '.join(names)}")
        chosen += matching
    return list(dict.fromkeys(chosen))


def _see_first_batch(module, args, options):
    """Parameters whose shapes come with the first batch get them."""
    if any(callable(getattr(p, "materialize", None)) for _, p in module.named_parameters()):
        token = recording.set(False)
        try:
            module(*args, **options)
        finally:
            recording.reset(token)


def _with_options(fun, options):
    """The function with keyword arguments; a module stays one."""
    if is_module(fun):
        return _Called(fun, options)

    def call(*args):
        return fun(*args, **options)

    return call


class _Called:
    """A module that is called with options."""

    def __init__(self, module, options):
        self.module, self.options = module, options
        self.named_parameters, self.named_buffers = module.named_parameters, module.named_buffers

    def __call__(self, *args):
        return self.module(*args, **self.options)


def _source(found, expression, options, source):
    """How a test can import the target."""
    module, _, path = found.path.partition(":")
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    call = f"lambda *xs: {expression}(*xs, {given})" if options else expression
    line = f"from {module.removeprefix('_gradcheck_')} import {path.partition('.')[0]}"
    return Source(path.replace(".", "_"), (line,), call, source.arguments)


def _renamed(name, names):
    """`x['w']` for "argument 0['w']"."""
    if not name.startswith("argument "):
        return name
    rest = name.removeprefix("argument ")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return names[int(digits)] + rest[len(digits) :] if int(digits) < len(names) else name


def _about_integers(args):
    return "; write 3.0 where an integer stands for a number" if any(type(x) is int for x in args) else ""
