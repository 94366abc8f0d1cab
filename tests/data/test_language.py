import json
from pathlib import Path

import pytest

from vlareg.data.language import file_name_instruction, read_instruction

FILE = Path("LIVING_ROOM_SCENE2_put_both_cans_in_the_basket_demo.hdf5")
ATTRIBUTES = {"problem_info": json.dumps({"language_instruction": "put  both cans\n"})}


def test_the_source_that_is_declared_is_read(tmp_path):
    file = tmp_path / FILE
    file.with_name("LIVING_ROOM_SCENE2_put_both_cans_in_the_basket.bddl").write_text(
        "(define (problem x)\n  (:language Put both   cans away)\n  (:regions))"
    )
    assert read_instruction("attribute", file, ATTRIBUTES, None) == "put both cans"
    assert read_instruction("file_name", file, ATTRIBUTES, None) == "put both cans in the basket"
    assert read_instruction("bddl", file, ATTRIBUTES, None) == "Put both cans away"
    assert read_instruction("attribute", file, {}, None) == "put both cans in the basket"


def test_the_scene_is_no_part_of_the_instruction():
    assert file_name_instruction(FILE) == "put both cans in the basket"
    assert file_name_instruction(Path("STUDY_SCENE1_pick_up_the_book_demo.hdf5")) == "pick up the book"
    assert file_name_instruction(Path("put_the_bowl_on_the_stove_demo.hdf5")) == "put the bowl on the stove"


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"put_both_cans_in_the_basket\.bddl does not exist"):
        read_instruction("bddl", FILE, {}, tmp_path)
    (tmp_path / "a.bddl").write_text("(define (problem x))")
    with pytest.raises(ValueError, match=r"a\.bddl has no `\(:language"):
        read_instruction("bddl", Path("a_demo.hdf5"), {}, tmp_path)
    with pytest.raises(ValueError, match="no table of tasks"):
        read_instruction("tasks_table", FILE, ATTRIBUTES, None)
