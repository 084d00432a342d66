"""Convolution of images (batch, height, width, channels) as one product of patches and a matrix.

Two primitives are closed under differentiation: `convolve`, and `convolve_weights`, its adjoint in the
matrix.  The adjoint in the images is a convolution itself: of the cotangent, set apart by the strides,
with flipped kernels.  The matrix is (height·width·channels of a kernel, outputs), with the bias as one
more row where there is one: patches then end in a 1, so that the bias and its gradient cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.engine.dispatch import Value, apply, reshape, same_dtype, shape_of
from pipeline.engine.graph import Params, Shape, Spec, Tensor
from pipeline.engine.primitives import primitive
from pipeline.engine.products import matmul
from pipeline.engine.shapes import broadcast_to, concatenate, flip, index, pad, transpose, windows
from pipeline.errors import ShapeError

Pads = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Geometry:
    """Sizes of a convolution: kernel, strides and zeros around as (height, width) pairs, images, results."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    pads: Pads
    bias: bool
    channels: int
    size: tuple[int, int]

    @classmethod
    def of(cls, params: Params, images: Shape) -> Geometry:
        """Return the geometry of a primitive's `params` on images (..., height, width, channels)."""
        named = {name: params[name] for name in ("kernel", "strides", "pads", "bias")}
        return cls(**named, channels=images[-1], size=(images[-3], images[-2]))

    @property
    def weights(self) -> int:
        """The rows of the matrix that are weights."""
        return math.prod(self.kernel) * self.channels

    @property
    def features(self) -> int:
        """The rows of the matrix: the length of a patch."""
        return self.weights + int(self.bias)

    @property
    def framed(self) -> tuple[int, int]:
        """Height and width with the zeros around."""
        height, width = (n + sum(pad) for n, pad in zip(self.size, self.pads, strict=True))
        return height, width

    @property
    def counts(self) -> tuple[int, int]:
        """Height and width of the result."""
        height, width = (
            (n - k) // step + 1 for n, k, step in zip(self.framed, self.kernel, self.strides, strict=True)
        )
        return height, width


def convolve(
    x: Value,
    w: Value,
    bias: Value | None = None,
    *,
    strides: Sequence[int] = (1, 1),
    pads: Sequence[tuple[int, int]] = ((0, 0), (0, 0)),
) -> Value:
    """Correlate images (batch, height, width, channels) with kernels (height, width, channels, outputs).

    `pads` counts the zeros before and after the height and the width, fewer than the kernel is long;
    `bias` is (outputs,).
    """
    x, w = same_dtype("convolve", [x, w])
    if len(shape_of(x)) != 4 or len(shape_of(w)) != 4 or shape_of(x)[-1] != shape_of(w)[2]:
        raise ShapeError(f"convolve: images {shape_of(x)} and kernels {shape_of(w)} do not fit")
    *kernel, channels, outputs = shape_of(w)
    matrix = reshape(w, (math.prod(kernel) * channels, outputs))
    if bias is not None:
        matrix = concatenate([matrix, reshape(bias, (1, outputs))], 0)
    return apply(
        "convolve",
        [x, matrix],
        kernel=tuple(kernel),
        strides=tuple(strides),
        pads=tuple(map(tuple, pads)),
        bias=bias is not None,
    )


def _checked(params: Params, images: Shape) -> Geometry:
    geometry = Geometry.of(params, images)
    for length, size, zeros in zip(geometry.framed, geometry.kernel, geometry.pads, strict=True):
        if length < size or max(zeros) >= size or min(zeros) < 0:
            raise ShapeError(
                f"convolve: a kernel of {geometry.kernel} does not fit into images {images} "
                f"with {geometry.pads} zeros around"
            )
    return geometry


@primitive("convolve")
def _convolve(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    images, matrix = inputs
    geometry = _checked(params, images.shape)
    if matrix.shape[0] != geometry.features:
        raise ShapeError(f"convolve: a matrix {matrix.shape} for patches of {geometry.features}")
    return (Spec((images.shape[0], *geometry.counts, matrix.shape[1]), images.dtype),)


@primitive("convolve_weights")
def _convolve_weights(inputs: Sequence[Spec], params: Params) -> tuple[Spec, ...]:
    images, cotangent = inputs
    geometry = _checked(params, images.shape)
    if cotangent.shape[:3] != (images.shape[0], *geometry.counts):
        raise ShapeError(f"convolve_weights: {cotangent.shape} is no result of images {images.shape}")
    return (Spec((geometry.features, cotangent.shape[3]), images.dtype),)


def patches(x: Value, geometry: Geometry, one: Value) -> Value:
    """Return the patches of images as rows (pixels, features), ending in `one` where there is a bias."""
    framed = pad(x, ((0, 0), *geometry.pads, (0, 0)))
    cut = transpose(windows(framed, geometry.kernel, geometry.strides, (1, 2)), (0, 1, 2, 4, 5, 3))
    rows = reshape(cut, (math.prod(shape_of(cut)[:3]), geometry.weights))
    if not geometry.bias:
        return rows
    return concatenate([rows, broadcast_to(reshape(one, (1, 1)), (shape_of(rows)[0], 1))], 1)


def convolve_by_products(x: Value, matrix: Value, params: Params, one: Value) -> Value:
    """Return what `convolve` is, in ops."""
    geometry = Geometry.of(params, shape_of(x))
    shape = (shape_of(x)[0], *geometry.counts, shape_of(matrix)[1])
    return reshape(matmul(patches(x, geometry, one), matrix), shape)


def convolve_weights_by_products(x: Value, cotangent: Value, params: Params, one: Value) -> Value:
    """Return what `convolve_weights` is, in ops."""
    rows = patches(x, Geometry.of(params, shape_of(x)), one)
    return matmul(transpose(rows), reshape(cotangent, (shape_of(rows)[0], shape_of(cotangent)[3])))


def convolve_vjp(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Return the cotangents of images and matrix."""
    x, matrix = xs
    return [_of_images(g, matrix, x.shape, params), apply("convolve_weights", [x, g], **params)]


def convolve_weights_vjp(g: Any, xs: Sequence[Tensor], y: Any, params: Params) -> Sequence[Any]:
    """Return the cotangents of images and of what was the result's cotangent."""
    x, cotangent = xs
    return [_of_images(cotangent, g, x.shape, params), apply("convolve", [x, g], **params)]


def _of_images(g: Any, matrix: Any, images: Shape, params: Params) -> Any:
    """Convolve the results' cotangent with the kernels flipped, channels and outputs exchanged."""
    geometry = Geometry.of(params, images)
    outputs = shape_of(matrix)[1]
    kernels = reshape(
        index(matrix, slice(0, geometry.weights)), (*geometry.kernel, geometry.channels, outputs)
    )
    flipped = transpose(flip(kernels, (0, 1)), (0, 1, 3, 2))
    apart, pads = g, []
    for axis, (n, k, step, (before, _)) in enumerate(
        zip(geometry.size, geometry.kernel, geometry.strides, geometry.pads, strict=True), start=1
    ):
        # the last kernel may leave some of the image out: as many zeros, so that pads stay below the kernel
        reached = (shape_of(g)[axis] - 1) * step + k
        apart = _set_apart(apart, axis, step, max(0, n + before - reached))
        pads.append((k - 1 - before, n + before - shape_of(apart)[axis]))
    return convolve(apart, flipped, pads=pads)


def _set_apart(x: Any, axis: int, step: int, after: int) -> Any:
    """Put `step` - 1 zeros between neighbours along an axis, and some after the last."""
    if step == 1 and not after:
        return x
    shape = list(shape_of(x))
    slices = [(0, n, 1) for n in shape]
    slices[axis] = (0, shape[axis], step)
    shape[axis] = (shape[axis] - 1) * step + 1 + after
    return apply("unslice", [x], shape=tuple(shape), slices=tuple(slices))
