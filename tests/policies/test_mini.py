import pytest

from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor, build_mini_tokenizer


def test_the_last_256_ids_are_the_action_tokens(processor: OpenVLAProcessor) -> None:
    tokens = processor.tokenizer.convert_ids_to_tokens(list(range(len(processor.tokenizer))))
    assert tokens[-256:] == [f"<act{i:03d}>" for i in range(256)]
    assert tokens[-288:-256] == [f"<loc{i:02d}>" for i in range(32)]
    assert len(set(tokens)) == len(tokens)
    ids = processor.config.action_token_ids
    assert (ids.start, ids.stop) == (len(tokens) - 256, len(tokens))
    assert processor.config.text_config.vocab_size == len(tokens)


def test_the_empty_token_has_an_id_of_its_own(processor: OpenVLAProcessor) -> None:
    suffix = processor.config.prompt_suffix_token_id
    assert processor.tokenizer.convert_ids_to_tokens(suffix) == "▁"


@pytest.mark.parametrize("text", ["put the red cube", "Zürich, 7 µm <loc00><loc31>", "in: a\nout: b"])
def test_texts_come_back(processor: OpenVLAProcessor, text: str) -> None:
    ids = processor.tokenizer(text)["input_ids"]
    assert ids[0] == processor.tokenizer.bos_token_id
    assert processor.tokenizer.unk_token_id not in ids
    assert processor.tokenizer.decode(ids[1:]) == text


def test_training_is_deterministic() -> None:
    texts = ["put the red cube in the basket", "push the blue plate to the left"]
    assert build_mini_tokenizer(texts).get_vocab() == build_mini_tokenizer(texts).get_vocab()


def test_a_known_instruction_takes_one_token_a_word(processor: OpenVLAProcessor) -> None:
    assert processor.tokenizer.tokenize("put the red cube in the basket") == [
        "▁put",
        "▁the",
        "▁red",
        "▁cube",
        "▁in",
        "▁the",
        "▁basket",
    ]


def test_size(mini: OpenVLAForActionPrediction) -> None:
    assert 4_000_000 < sum(p.numel() for p in mini.parameters()) < 5_500_000
    assert mini.num_patches == mini.config.num_patches == 2 * 36
