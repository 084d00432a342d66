from plugins.schedule.constant import constant


def test_the_rate_stays():
    assert [constant(t, 3) for t in (1, 2, 3)] == [1.0, 1.0, 1.0]


def test_the_rate_rises_linearly_over_the_warm_up():
    assert [constant(t, 9, warmup=3) for t in range(1, 7)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
