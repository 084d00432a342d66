"""Searches that spread points over a cube: Latin hypercubes and Sobol sequences."""

import numpy as np
import pytest
from scipy.stats.qmc import discrepancy

from pipeline.space import Range, Space
from pipeline.testing import check_stage
from plugins.search.latin_hypercube import latin_hypercube
from plugins.search.random import random
from plugins.search.sobol import sobol

UNIT = {"a.x": Range(0.0, 1.0), "a.y": Range(0.0, 1.0)}


def points(search, trials, space=UNIT, seed=0):
    found = search(Space(space), np.random.default_rng(seed), trials=trials)
    return np.array([list(setting.values()) for setting in found])


def test_a_latin_hypercube_has_one_setting_in_each_part_of_every_axis():
    found = points(latin_hypercube, 25)
    for axis in found.T:
        assert sorted(np.floor(axis * 25).astype(int)) == list(range(25))


@pytest.mark.parametrize("search", [latin_hypercube, sobol])
def test_points_are_spread_more_evenly_than_by_chance(search):
    by_chance = [discrepancy(points(random, 64, seed=seed)) for seed in range(5)]
    assert max(discrepancy(points(search, 64, seed=seed)) for seed in range(5)) < min(by_chance)


@pytest.mark.parametrize("search", [latin_hypercube, sobol])
def test_lists_are_shared_evenly_and_the_seed_decides(search):
    space = {"net.kind": ["a", "b"], "a.x": Range(0.0, 1.0)}
    found = points(search, 16, space)
    assert (found[:, 0] == "a").sum() == 8
    assert np.array_equal(found, points(search, 16, space))
    assert not np.array_equal(points(search, 16), points(search, 16, seed=1))


def test_a_sobol_sequence_of_no_power_of_two_is_cut_off():
    assert np.array_equal(points(sobol, 20), points(sobol, 32)[:20])


def test_they_conform():
    check_stage(latin_hypercube)
    check_stage(sobol)
