"""Convolution: its kernel against the products that it is made of, however the images are cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import run, run_members

from pipeline.engine import Graph, Program, convolution_kernels, gradient, ops
from pipeline.errors import ShapeError


def correlated(x, w, b, strides, pads):
    """Return the definition: a sum over the window at each place."""
    framed = np.pad(x, ((0, 0), *pads, (0, 0)))
    kh, kw = w.shape[:2]
    rows = range(0, framed.shape[1] - kh + 1, strides[0])
    columns = range(0, framed.shape[2] - kw + 1, strides[1])
    places = [[np.tensordot(framed[:, i : i + kh, j : j + kw], w, 3) for j in columns] for i in rows]
    return np.moveaxis(np.array(places), 2, 0) + b


def program(x, w, b, strides, pads):
    graph = Graph("float64")
    xs = [graph.input(f"x{i}", a.shape) for i, a in enumerate((x, w, b))]
    y = ops.convolve(*xs, strides=strides, pads=pads)
    slopes = gradient(ops.sum(ops.sin(y)), xs)
    return Program(graph, {"y": y, **{f"g{i}": g for i, g in enumerate(slopes)}})


@st.composite
def convolutions(draw):
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    size = [draw(st.integers(k, 6)) for k in kernel]
    pads = [(draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))) for k in kernel]
    channels, outputs, batch = (draw(st.integers(1, 4)) for _ in range(3))
    strides = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return (batch, *size, channels), (*kernel, channels, outputs), strides, pads


@settings(max_examples=40, deadline=None)
@given(convolutions(), st.sampled_from([1, 300, 1 << 18]))
def test_it_is_the_sum_over_windows_however_it_is_cut_into_blocks(form, block):
    images, kernels, strides, pads = form
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=images), rng.normal(size=kernels), rng.normal(size=kernels[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution_kernels, "BLOCK", block)
        found = run(program(x, w, b, strides, pads), [x, w, b])
    y = correlated(x, w, b, strides, pads)
    np.testing.assert_allclose(found["y"], y, rtol=1e-10, atol=1e-12)
    step = rng.normal(size=x.shape)
    ahead, behind = (np.sin(correlated(x + h * step, w, b, strides, pads)).sum() for h in (1e-6, -1e-6))
    np.testing.assert_allclose((found["g0"] * step).sum(), (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found["g2"], np.cos(y).sum((0, 1, 2)), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_members_that_share_images_have_the_bits_of_members_with_copies(channels):
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(5, 9, 8, channels)), rng.normal(size=(3, 3, 3, channels, 4))
    b = rng.normal(size=(3, 4))
    traced = program(x, w[0], b[0], (1, 1), ((1, 1), (1, 1)))
    shared = run_members(traced, [x, w, b], [1, 2])
    copied = run_members(traced, [np.repeat(x[None], 3, 0), w, b])
    assert all(shared[name].tobytes() == copied[name].tobytes() for name in shared)


def test_a_result_that_stands_in_a_concatenation_is_whole():
    graph = Graph("float64")
    x = graph.input("x0", (2, 4, 4, 1))
    w = np.random.default_rng(2).normal(size=(3, 3, 1, 2))
    beside = ops.concatenate([ops.convolve(x, w), ops.convolve(x, w * 2.0)], 2)
    value = np.random.default_rng(3).normal(size=(2, 4, 4, 1))
    found = run(Program(graph, {"y": beside}), [value])["y"]
    y = correlated(value, w, 0.0, (1, 1), ((0, 0), (0, 0)))
    np.testing.assert_allclose(found, np.concatenate([y, 2 * y], 2), rtol=1e-12)


def test_numpy_arrays_are_convolved_at_once():
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(2, 5, 4, 2)), rng.normal(size=(2, 3, 2, 3))
    expected = correlated(x, w, 0.0, (1, 1), ((0, 0), (0, 0)))
    np.testing.assert_allclose(ops.convolve(x, w), expected, rtol=1e-12)


def test_kernels_of_other_channels_are_refused():
    with pytest.raises(ShapeError, match=r"images \(2, 5, 4, 2\) and kernels \(2, 2, 3, 1\) do not fit"):
        ops.convolve(np.ones((2, 5, 4, 2)), np.ones((2, 2, 3, 1)))


def test_a_kernel_larger_than_the_images_is_refused():
    with pytest.raises(ShapeError, match=r"a kernel of \(5, 2\) does not fit into images \(2, 4, 4, 1\)"):
        ops.convolve(np.ones((2, 4, 4, 1)), np.ones((5, 2, 1, 1)))
