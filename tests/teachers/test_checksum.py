import pytest
import torch

from tests.teachers.frame_sets import GridTeacher
from tests.teachers.test_base import Pooling
from vlareg.teachers.checksum import checksum


def test_the_same_teacher_has_the_same_checksum_wherever_it_is():
    teacher = GridTeacher()
    before = checksum(teacher)
    assert checksum(GridTeacher()) == before
    teacher.train()
    teacher(torch.rand(1, 3, 9, 9))
    assert checksum(teacher) == before


@pytest.mark.parametrize("other", [Pooling(), GridTeacher(seed=1), GridTeacher(scale=2.0), GridTeacher(rows=2)])
def test_class_weights_and_arguments_are_in_it(other):
    assert checksum(other) != checksum(GridTeacher())


def test_pre_processing_and_structure_are_in_it():
    teachers = [GridTeacher() for _ in range(5)]
    teachers[1].mean[0] = 0.4
    teachers[2].std[2] = 0.4
    teachers[3].image_size = (8, 16)
    teachers[4].encoder.stride = (2, 2)
    assert len({checksum(teacher) for teacher in teachers}) == 5


def test_every_type_of_weight_is_read():
    teacher = GridTeacher()
    before = checksum(teacher)
    teacher.encoder.register_buffer("count", torch.tensor(3))
    third = checksum(teacher)
    teacher.encoder.count += 1
    teacher.encoder.to(torch.bfloat16)
    assert len({before, third, checksum(teacher)}) == 3
