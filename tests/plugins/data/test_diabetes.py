from plugins.data.diabetes import diabetes


def test_ten_named_measurements_and_numbers_to_predict():
    data = diabetes().validate("diabetes")
    assert data.inputs.shape == (442, 10)
    assert data.features[:3] == ("age", "sex", "bmi")
    assert data.task == "regression"
    assert (data.targets.min(), data.targets.max()) == (25, 346)
