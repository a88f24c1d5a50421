"""Sixteen numbers at a time: vectors of the processor for loops that numba compiles.

Numba makes a loop one over vectors only where it can prove that no two arrays overlap, and keeps no
sums of vectors in registers. Here both are written down. Arithmetic is in float32; arrays are flat
and hold float32, or bfloat16 as the upper halves of float32 in uint16, since numba has no such
type. LLVM maps a vector to what the machine has: one register, two, or four.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.extending import intrinsic as numba_intrinsic
from numba.core.extending import lower_builtin, models, register_model
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature

LANES = 16

_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_WORDS = ir.VectorType(ir.IntType(32), LANES)
_HALVES = ir.VectorType(ir.IntType(16), LANES)

intrinsic: Callable[..., Any] = numba_intrinsic  # numba gives no types for what it makes
inlined: Callable[..., Any] = njit(
    forceinline=True, error_model="numpy"
)  # into the loop that calls it


class _Vector(types.Type):
    def __init__(self) -> None:
        super().__init__(name="float32x16")


_vector = _Vector()


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOATS)


def _operator(function: Callable, instruction: str) -> None:
    """Let + - * / of two vectors be one instruction."""

    class Template(ConcreteTemplate):
        cases = (signature(_vector, _vector, _vector),)

    infer_global(function)(Template)

    @lower_builtin(function, _vector, _vector)
    def generate(context: Any, builder: Any, kind: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments)


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_function, _instruction)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, position: Any, to: Any) -> Any:
    """Pointer to what begins at a position of a flat array."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [position]), to.as_pointer())


def _words(value: int) -> ir.Constant:
    return ir.Constant(_WORDS, [value] * LANES)


def _spread(builder: Any, number: Any) -> Any:
    undefined = ir.Constant(_FLOATS, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, _words(0))


@intrinsic
def load(typing, array, position):  # type: ignore[no-untyped-def]
    """Sixteen numbers of an array, from a position on."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        kind, (array, position) = kinds.args[0], arguments
        if kind.dtype == types.float32:
            return builder.load(_pointer(context, builder, kind, array, position, _FLOATS), align=4)
        halves = builder.load(_pointer(context, builder, kind, array, position, _HALVES), align=2)
        return builder.bitcast(builder.shl(builder.zext(halves, _WORDS), _words(16)), _FLOATS)

    return _vector(array, types.intp), generate


@intrinsic
def store(typing, array, position, vector):  # type: ignore[no-untyped-def]
    """Write a vector into an array, from a position on; bfloat16 is rounded to even."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        kind, (array, position, vector) = kinds.args[0], arguments
        if kind.dtype == types.float32:
            pointer = _pointer(context, builder, kind, array, position, _FLOATS)
            builder.store(vector, pointer, align=4)
            return context.get_dummy_value()
        words = builder.bitcast(vector, _WORDS)
        odd = builder.and_(builder.lshr(words, _words(16)), _words(1))
        rounded = builder.add(builder.add(words, _words(0x7FFF)), odd)
        halves = builder.trunc(builder.lshr(rounded, _words(16)), _HALVES)
        pointer = _pointer(context, builder, kind, array, position, _HALVES)
        builder.store(halves, pointer, align=2)
        return context.get_dummy_value()

    return types.none(array, types.intp, _vector), generate


@intrinsic
def spread(typing, number):  # type: ignore[no-untyped-def]
    """A number in all sixteen places."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        return _spread(builder, arguments[0])

    return _vector(types.float32), generate


@intrinsic
def spread_from(typing, array, position):  # type: ignore[no-untyped-def]
    """A number of a float32 array in all sixteen places."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        array, position = arguments
        pointer = _pointer(context, builder, kinds.args[0], array, position, ir.FloatType())
        return _spread(builder, builder.load(pointer))

    return _vector(array, types.intp), generate


@intrinsic
def multiply_add(typing, left, right, total):  # type: ignore[no-untyped-def]
    """Product of the first two and the third, rounded once where the machine can."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
        fused = cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v16f32")
        return builder.call(fused, arguments)

    return _vector(_vector, _vector, _vector), generate


@intrinsic
def where_less(typing, left, right, value, other):  # type: ignore[no-untyped-def]
    """`value` where left < right; `other` elsewhere, and where either is not a number."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        left, right, value, other = arguments
        return builder.select(builder.fcmp_ordered("<", left, right), value, other)

    return _vector(_vector, _vector, _vector, _vector), generate


@intrinsic
def _split(typing, value):  # type: ignore[no-untyped-def]
    """Exponent and mantissa from sqrt(1/2) to sqrt(2) of numbers above 0."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        words = builder.bitcast(arguments[0], _WORDS)
        exponent = builder.ashr(builder.sub(words, _words(0x3F3504F3)), _words(23))
        mantissa = builder.sub(words, builder.shl(exponent, _words(23)))
        values = builder.sitofp(exponent, _FLOATS), builder.bitcast(mantissa, _FLOATS)
        return context.make_tuple(builder, kinds.return_type, values)

    return types.UniTuple(_vector, 2)(_vector), generate


@intrinsic
def _power_of_two(typing, exponent):  # type: ignore[no-untyped-def]
    """Two to whole numbers."""

    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        whole = builder.add(builder.fptosi(arguments[0], _WORDS), _words(127))
        return builder.bitcast(builder.shl(whole, _words(23)), _FLOATS)

    return _vector(_vector), generate


@intrinsic
def _nearest(typing, value):  # type: ignore[no-untyped-def]
    def generate(context, builder, kinds, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_FLOATS, [_FLOATS])
        rounded = cgutils.get_or_insert_function(builder.module, kind, "llvm.rint.v16f32")
        return builder.call(rounded, arguments)

    return _vector(_vector), generate


@inlined
def larger(left, right):  # type: ignore[no-untyped-def]
    """Maximum; what is not a number in `left` stays so."""
    return where_less(left, right, right, left)


@inlined
def number(value):  # type: ignore[no-untyped-def]
    """A constant in all sixteen places."""
    return spread(np.float32(value))


@inlined
def exp(x):  # type: ignore[no-untyped-def]
    """Exponential function, to two units in the last place; its range ends at e**87."""
    x = where_less(x, number(-87), number(-87), where_less(number(87), x, number(87), x))
    exponent = _nearest(x * number(1.4426950408889634))
    rest = multiply_add(exponent, number(-0.693359375), x)  # x - exponent log(2), in two steps
    rest = multiply_add(exponent, number(0.00021219444005469057), rest)
    series = number(1 / 5040)
    for denominator in (720, 120, 24, 6, 2, 1, 1):
        series = multiply_add(series, rest, number(1 / denominator))
    return series * _power_of_two(exponent)


@inlined
def log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm of normal numbers above 0, to two units in the last place."""
    exponent, mantissa = _split(x)
    s = (mantissa - number(1)) / (mantissa + number(1))  # log(mantissa) = 2 artanh(s)
    square = s * s
    series = number(1 / 9)
    for denominator in (7, 5, 3, 1):
        series = multiply_add(series, square, number(1 / denominator))
    low = multiply_add(exponent, number(-0.00021219444005469057), number(2) * s * series)
    low = low + (x - x)  # what is not a finite number stays none
    return multiply_add(exponent, number(0.693359375), low)
