"""The equality contract: a member's results are bit for bit those it has alone, in any company."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import CASES, trace
from runs import run_members

MEMBERS = 7


def varied(case, dtype):
    rng = np.random.default_rng(4)
    return [
        np.stack([a * rng.uniform(0.5, 1.5) for _ in range(MEMBERS)]).astype(dtype) for a in case.arguments
    ]


def same_bits(a, b):
    return np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_a_member_has_the_bits_it_has_alone(name, dtype):
    case = CASES[name]
    program, arguments = trace(case, dtype), varied(case, dtype)
    together = run_members(program, arguments)
    for member in (0, 3, 6):
        alone = run_members(program, [a[member : member + 1] for a in arguments])
        assert all(same_bits(together[k][member], alone[k][0]) for k in together), member


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_neighbours_and_their_order_change_no_bit(name, dtype):
    case = CASES[name]
    program, arguments = trace(case, dtype), varied(case, dtype)
    together = run_members(program, arguments)
    order = [5, 3, 0]
    others = run_members(program, [a[order] for a in arguments])
    for place, member in enumerate(order):
        assert all(same_bits(together[k][member], others[k][place]) for k in together), member


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if len(case.arguments) > 1])
def test_a_shared_input_gives_the_bits_of_one_copied_to_every_member(name):
    case = CASES[name]
    program, arguments = trace(case, "float32"), varied(case, "float32")
    first = arguments[0][:1]
    shared = run_members(program, [first[0], *arguments[1:]], range(1, len(arguments)))
    copied = run_members(program, [np.repeat(first, MEMBERS, axis=0), *arguments[1:]])
    assert all(same_bits(shared[k], copied[k]) for k in shared)


def test_a_member_that_overflows_leaves_its_neighbours_alone():
    case = CASES["exp"]
    program, arguments = trace(case, "float32"), varied(case, "float32")
    calm = run_members(program, arguments)
    wild = [a.copy() for a in arguments]
    wild[0][3] = 1e4
    found = run_members(program, wild)
    assert not np.isfinite(found["g0"][3]).all()
    for member in (0, 1, 2, 4, 5, 6):
        assert all(same_bits(found[k][member], calm[k][member]) for k in calm)
