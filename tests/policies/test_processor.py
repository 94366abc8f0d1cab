import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import processors

from tests.policies.conftest import INSTRUCTIONS, STATISTICS
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor, mini_config
from vlareg.policies.openvla.preprocessing import centre_crop


def test_pixel_values_reproduce_the_reference(processor: OpenVLAProcessor) -> None:
    """The reference is the authors' processor, every 7th row and column of its 224 x 224 pixels."""
    config = OpenVLAConfig(text_config={"vocab_size": 512}, pad_token_id=0, prompt_suffix_token_id=None)
    steps = np.load(Path(__file__).parents[1] / "fixtures" / "preprocessing.npz")
    official = OpenVLAProcessor(processor.tokenizer, config)
    for given, wanted in (("resized", "pixel_values_resized"), ("cropped", "pixel_values_cropped")):
        values = official.normalize(torch.from_numpy(steps[given])[:, None])[:, :, ::7, ::7]
        np.testing.assert_allclose(values.numpy(), steps[wanted], atol=1e-3)


def test_frames_and_images_normalise_alike_view_after_view(processor: OpenVLAProcessor) -> None:
    frames = torch.randint(0, 256, (2, 2, 96, 96, 3), dtype=torch.uint8)
    values = processor.normalize(frames)
    images = frames.movedim(-1, -3) / 255
    torch.testing.assert_close(processor.normalize(images), values)
    torch.testing.assert_close(values[:, 9:12], (images[:, 1] - 0.5) / 0.5)
    torch.testing.assert_close(values[:, 6], (images[:, 1, 0] - 0.485) / 0.229)


def test_pictures_of_another_size_or_number_are_refused(processor: OpenVLAProcessor) -> None:
    for shape in ((1, 2, 3, 128, 128), (1, 1, 3, 96, 96)):
        with pytest.raises(ValueError, match=r"2 view\(s\) of 96 x 96"):
            processor.normalize(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        processor.normalize(torch.full((1, 2, 3, 96, 96), 255.0))
    with pytest.raises((ValueError, TypeError), match="frames"):
        processor.prepare(np.zeros((96, 96, 3)))


def test_sequences_hold_prompt_empty_token_actions_and_stop(processor: OpenVLAProcessor) -> None:
    tokenizer = processor.tokenizer
    out = processor.tokenize(["Lift THE mug", INSTRUCTIONS[0]], np.array([[-1.0] * 7, [1.0] * 7]))
    length = int(out["attention_mask"][0].sum())
    assert not out["attention_mask"][0, length:].any()
    ids = out["input_ids"][0, :length]
    text = "In: What action should the robot take to lift the mug?\nOut:"
    assert ids[:-9].tolist() == tokenizer(text)["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids[-9:].tolist()) == ["▁", *["<act255>"] * 7, "</s>"]
    assert ids[0] == tokenizer.bos_token_id
    assert out["labels"][0, : length - 8].eq(-100).all()
    assert out["labels"][0, length - 8 : length].equal(ids[-8:])
    assert out["labels"][0, length:].eq(-100).all()
    assert out["input_ids"][0, length:].eq(tokenizer.pad_token_id).all()
    assert out["attention_mask"].dtype == torch.bool
    assert tokenizer.convert_ids_to_tokens(int(out["input_ids"][1, -2])) == "<act000>"


def test_prompts_alone_are_the_beginnings_of_those_with_answers(processor: OpenVLAProcessor) -> None:
    prompts = processor.tokenize(INSTRUCTIONS)
    whole = processor.tokenize(INSTRUCTIONS, np.zeros((3, 7)))
    assert set(prompts) == {"input_ids", "attention_mask"}
    for i in range(3):
        length = int(prompts["attention_mask"][i].sum())
        assert prompts["input_ids"][i, :length].equal(whole["input_ids"][i, :length])
        assert whole["labels"][i, length] != -100


def test_questions_have_texts_as_answers(processor: OpenVLAProcessor) -> None:
    out = processor.tokenize_text(["Where is the mug?", "What colour is the plate?"], ["<loc03><loc31>", "red"])
    labelled = [row[row != -100].tolist() for row in out["labels"]]
    assert processor.tokenizer.convert_ids_to_tokens(labelled[0]) == ["<loc03>", "<loc31>", "</s>"]
    assert processor.tokenizer.decode(labelled[1], skip_special_tokens=True).strip() == "red"
    with pytest.raises(ValueError, match="one answer per prompt"):
        processor.tokenize_text(["Where is the mug?"], ["red", "blue"])


def test_observations_are_cropped_if_the_model_was_trained_on_crops(
    processor: OpenVLAProcessor, mini: OpenVLAForActionPrediction
) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 2, 128, 128, 3), dtype=np.uint8)
    prepared = processor.prepare(frames)
    assert prepared.shape == (3, 2, 96, 96, 3)
    inputs = processor.observe(frames, INSTRUCTIONS)
    expected = processor.normalize(torch.from_numpy(centre_crop(prepared)))
    torch.testing.assert_close(inputs["pixel_values"], expected)
    assert mini.predict_action(**inputs, unnorm_key="mini").shape == (3, 7)
    uncropped = OpenVLAProcessor(
        processor.tokenizer, mini_config(processor.tokenizer, STATISTICS, trained_with_augmentation=False)
    )
    expected = processor.normalize(torch.from_numpy(prepared))
    torch.testing.assert_close(uncropped.observe(frames, INSTRUCTIONS)["pixel_values"], expected)


def test_one_observation_is_the_same_alone_and_in_a_batch(processor: OpenVLAProcessor) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 2, 128, 128, 3), dtype=np.uint8)
    together = processor.observe(frames, INSTRUCTIONS)["pixel_values"]
    assert torch.equal(processor.observe(frames[2:], INSTRUCTIONS[2:])["pixel_values"], together[2:])


def test_round_trip(processor: OpenVLAProcessor, tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path)
    loaded = OpenVLAProcessor.from_pretrained(tmp_path)
    for text in [*INSTRUCTIONS, "Où est <loc07><loc08> la tasse?\n"]:
        assert loaded.tokenizer(text)["input_ids"] == processor.tokenizer(text)["input_ids"]
    assert torch.equal(loaded.means, processor.means)
    assert loaded.config.action_token_ids == processor.config.action_token_ids


def test_the_models_configuration_is_left_as_it_is(processor: OpenVLAProcessor, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    processor.save_pretrained(tmp_path)
    assert (tmp_path / "config.json").read_text() == "{}"


@pytest.mark.parametrize("absent", ["config.json", "preprocessor_config.json", "tokenizer_config.json"])
def test_an_incomplete_folder_is_refused(processor: OpenVLAProcessor, tmp_path: Path, absent: str) -> None:
    processor.save_pretrained(tmp_path)
    (tmp_path / absent).unlink()
    with pytest.raises(FileNotFoundError, match=absent):
        OpenVLAProcessor.from_pretrained(tmp_path)


def test_a_tokenizer_that_begins_with_a_word_is_refused(processor: OpenVLAProcessor) -> None:
    tokenizer = copy.deepcopy(processor.tokenizer)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    with pytest.raises(ValueError, match="must begin every text with its bos token, '<s>'"):
        OpenVLAProcessor(tokenizer, processor.config)


def test_a_tokenizer_that_is_too_small_is_refused(processor: OpenVLAProcessor) -> None:
    with pytest.raises(ValueError, match="action tokens end at 32000"):
        OpenVLAProcessor(processor.tokenizer, OpenVLAConfig())
