"""Rows and random numbers of a step: on a device nothing is copied in a step, and both are the same."""

from __future__ import annotations

import numpy as np
import pytest
from strict import DEVICE, has_compiler, stand_in_only, strict_backend

from pipeline.engine import Graph, Program, numpy_backend
from pipeline.stages.draws import STEPS, draws
from pipeline.stages.seeds import RowStream, Seeds


def brought(seeds, backend, shape):
    """The minibatches of two epochs as they arrive, and how often the host was copied from meanwhile."""
    stream, found, copies = RowStream(seeds, backend), [], []
    target = backend.xp.zeros(shape, dtype=np.int64)
    for epoch in (1, 2):
        orders = seeds.orders("fit", epoch, 12, shuffle=True)
        before = DEVICE.copies
        for start in range(0, 12, 4):
            stream.put(seeds.for_members(orders, start, start + 4), target)
            copies.append(DEVICE.copies - before)
            found.append(np.array(backend.to_host(target)))
            before = DEVICE.copies
    return np.array(found), copies


@stand_in_only
@pytest.mark.parametrize(
    ("members", "shape"),
    [((1, 1, 1), (4,)), ((1, 1, 1), (3, 4)), ((1, 2, 1), (3, 4))],
    ids=["shared rows", "own data, one seed", "two seeds"],
)
def test_an_epochs_order_is_copied_to_a_device_once(members, shape):
    expected, _ = brought(Seeds(members), numpy_backend(), shape)
    found, copies = brought(Seeds(members), strict_backend(), shape)
    assert found.tolist() == expected.tolist()
    assert copies == [1, 0, 0, 1, 0, 0]


def test_rows_that_a_train_stage_made_itself_are_copied():
    stream, backend = RowStream(Seeds([1]), strict_backend()), strict_backend()
    target = backend.xp.zeros(3, dtype=np.int64)
    stream.put(np.array([5, 1, 2]), target)
    assert backend.to_host(target).tolist() == [5, 1, 2]


def drawn(backend, kind, members, steps):
    graph = Graph("float32")
    x = graph.random(kind, (5,), ("drop", "mask", 0))
    program, seeds = Program(graph, {"y": x * 1.0}), Seeds(members)
    (name,) = graph.randoms
    executor = program.bind(len(members), [] if seeds.shared else [name], backend)
    draw = draws(executor, graph.randoms[name], name, seeds)
    found, copies = [], []
    for t in steps:
        before = DEVICE.copies
        draw(t)
        copies.append(DEVICE.copies - before)
        found.append(np.array(backend.to_host(executor.inputs[name])))
    return np.array(found), copies


@stand_in_only
@pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")
@pytest.mark.parametrize("members", [(1, 1, 1), (1, 2, 1)], ids=["one seed", "two seeds"])
def test_uniform_numbers_of_a_step_are_the_same_on_a_device(members):
    steps = [1, 2, 3, STEPS, STEPS + 1, 5]
    expected, _ = drawn(numpy_backend(), "uniform", members, steps)
    found, copies = drawn(strict_backend(), "uniform", members, steps)
    assert found.tobytes() == expected.tobytes()
    assert copies == [1, 0, 0, 1, 0, 1]  # the keys, once in a block of steps


@pytest.mark.skipif(not has_compiler, reason="no C compiler to run CUDA source with")
def test_normal_numbers_of_a_step_are_shared_by_members_of_one_seed():
    found, _ = drawn(strict_backend(), "normal", (1, 2, 1), [1, 2])
    assert (found[:, 0] == found[:, 2]).all()
    assert (found[:, 0] != found[:, 1]).all()
    assert (found[0] != found[1]).all()
