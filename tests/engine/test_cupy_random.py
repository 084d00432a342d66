"""Random numbers of a CUDA kernel: Philox4x64-10, NumPy's uniform numbers, Box and Muller's normal ones."""

from __future__ import annotations

import numpy as np
import pytest
from strict import has_compiler, strict

from pipeline.engine import cuda, cuda_random
from pipeline.engine.random import generator, key

pytestmark = pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")

# counter, key, words: the test vectors that Salmon et al. publish with Random123 (philox4x64, 10 rounds)
VECTORS = [
    (
        "0000000000000000 0000000000000000 0000000000000000 0000000000000000",
        "0000000000000000 0000000000000000",
        "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b",
    ),
    (
        "ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffffffffffff",
        "ffffffffffffffff ffffffffffffffff",
        "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0",
    ),
    (
        "243f6a8885a308d3 13198a2e03707344 a4093822299f31d0 082efa98ec4e6c89",
        "452821e638d01377 be5466cf34e90c6c",
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
]


def numbers(text):
    return np.array([int(word, 16) for word in text.split()], np.uint64)


def drawn(kind, shape, dtype, keys, seeds):
    out = strict.zeros(shape, dtype)
    fill = cuda_random.draw(strict, kind, out, strict.asarray(np.array(seeds)))
    fill(strict.asarray(np.stack(keys)))
    return strict.asnumpy(out)


@pytest.mark.parametrize(("counter", "under", "words"), VECTORS, ids=["zeros", "ones", "pi"])
def test_philox_gives_the_published_vectors(counter, under, words):
    body = [
        "typedef unsigned long long U;",
        "U c0 = at[0], c1 = at[1], c2 = at[2], c3 = at[3], k0 = at[4], k1 = at[5];",
        *cuda_random.PHILOX,
        "out[0] = c0; out[1] = c1; out[2] = c2; out[3] = c3;",
    ]
    at = strict.asarray(np.concatenate([numbers(counter), numbers(under)]))
    out = strict.zeros(4, np.uint64)
    parameters = ["const unsigned long long* at", "unsigned long long* out"]
    call = cuda.kernel_call(strict, parameters, body, [at, out], 1, 1)
    call.function(*call.arguments)
    assert strict.asnumpy(out).tolist() == numbers(words).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 3, 8, 37, 1000])
def test_uniform_numbers_are_those_of_numpy_to_the_last_bit(size, dtype):
    expected = np.empty(size, dtype)
    generator(5, "fit", "step", 17, "drop").random(dtype=dtype, out=expected)
    found = drawn("uniform", (size,), dtype, [key(5, "fit", "step", 17, "drop")], [0])
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_members_of_one_seed_share_their_numbers_wherever_they_stand(kind):
    keys = [key(seed, "fit", "step", 3, "noise") for seed in (1, 2)]
    found = drawn(kind, (4, 5, 3), "float32", keys, [0, 1, 1, 0])
    alone = [drawn(kind, (5, 3), "float32", [one], [0]) for one in keys]
    assert found.tolist() == [alone[0].tolist(), alone[1].tolist(), alone[1].tolist(), alone[0].tolist()]


def test_normal_numbers_are_box_and_mullers_of_the_uniform_ones():
    uniform = np.empty(40)
    generator(1, "a").random(out=uniform)
    radius, angle = np.sqrt(-2 * np.log1p(-uniform[::2])), 2 * np.pi * uniform[1::2]
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)
    found = drawn("normal", (40,), "float64", [key(1, "a")], [0])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_numbers_have_the_moments_of_a_normal_distribution(dtype):
    z = drawn("normal", (100_000,), dtype, [key(2, "moments")], [0]).astype(np.float64)
    assert np.isfinite(z).all()
    moments = [np.mean(z**power) for power in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.06)
    assert abs(np.mean(z[::2] * z[1::2])) < 0.02
    assert np.mean(np.abs(z) < 1) == pytest.approx(0.6827, abs=0.006)
