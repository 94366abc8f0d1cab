import json
import math

from vlareg.callbacks.alignment_record import AlignmentRecord, load_records, save_records


def make_record(step: int = 0, gain: float = 0.0) -> AlignmentRecord:
    """Three points, two targets and one metric; the last score could not be computed."""
    score = [[0.2 + gain, 0.3], [0.25, 0.35], [0.3, math.nan]]
    calibrated = [[(value - 0.1) / 0.9 for value in row] for row in score]
    quantities = {"score": score, "chance": [[0.1, 0.1]] * 3, "calibrated": calibrated}
    points, targets = ["llm.0.condition", "llm.1.condition", "llm.1.last_prompt"], ["actions.arm", "proprio"]
    return AlignmentRecord(step, 192, 24, 10, points, targets, {"mutual_knn": quantities})


def test_k_and_the_number_of_samples_are_in_a_scores_name():
    named = make_record().named()
    assert named["alignment/llm.1.condition/proprio/mutual_knn_k10_n192"] == 0.35
    assert len(named) == 6
    assert make_record().named("chance")["alignment/llm.0.condition/actions.arm/mutual_knn_k10_n192"] == 0.1
    assert make_record().metric_name("unbiased_cka") == "unbiased_cka_n192"


def test_a_cell_is_found_by_names_and_nan_where_there_is_none():
    record = make_record()
    assert record.value("mutual_knn", "score", "llm.1.condition", "actions.arm") == 0.25
    assert math.isnan(record.value("cknna", "score", "llm.1.condition", "actions.arm"))
    assert math.isnan(record.value("mutual_knn", "score", "llm.9.condition", "actions.arm"))


def test_records_survive_a_round_trip_and_nan_is_null(tmp_path):
    file = tmp_path / "alignment.json"
    records = [make_record(), make_record(100, gain=0.1)]
    save_records(records, file)

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads(file.read_text(), parse_constant=refuse)
    assert content["records"][0]["scores"]["mutual_knn"]["score"][2] == [0.3, None]
    assert content["records"][0]["scores"]["mutual_knn"]["chance"][2] == [0.1, 0.1]
    loaded = load_records(file)
    assert math.isnan(loaded[0].scores["mutual_knn"]["score"][2][1])
    assert loaded[1].named().items() >= {"alignment/llm.0.condition/actions.arm/mutual_knn_k10_n192": 0.2 + 0.1}.items()
