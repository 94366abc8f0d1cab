import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import CompileConfig, LlamaConfig, LlamaForCausalLM

from tests.policies.conftest import STATISTICS, Reference
from vlareg.policies.openvla import OpenVLAForActionPrediction, StaticDecoder
from vlareg.policies.openvla.decoding import append_token, decode_greedily


@pytest.fixture
def prompts(toy: OpenVLAForActionPrediction, reference: Reference) -> dict[str, Tensor]:
    given = reference.prompts()
    ids, mask = append_token(given["input_ids"], given["attention_mask"], 29871, toy.config.pad_token_id)
    return {**given, "input_ids": ids, "attention_mask": mask}


def small_llama() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5.0)
    return model


@pytest.mark.parametrize("constrained", [True, False])
def test_the_tokens_of_the_toy_are_those_of_the_growing_cache(
    toy: OpenVLAForActionPrediction, prompts: dict[str, Tensor], constrained: bool
) -> None:
    ids = toy.config.action_token_ids if constrained else None
    decoder = StaticDecoder()
    expected = toy.generate_tokens(**prompts, num_tokens=7, allowed_ids=ids)
    assert len(set(prompts["attention_mask"].sum(dim=1).tolist())) > 1
    assert len(set(expected.flatten().tolist())) > 2
    for _ in range(2):  # the second time with the cache of the first
        assert torch.equal(toy.generate_tokens(**prompts, num_tokens=7, allowed_ids=ids, decode=decoder), expected)
    first = {name: value[:1] for name, value in prompts.items()}
    assert torch.equal(
        toy.generate_tokens(**first, num_tokens=7, allowed_ids=ids, decode=decoder), expected[:1]
    )  # and with one of another size


def test_actions_are_decoded_by_it(
    toy: OpenVLAForActionPrediction, prompts: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy.config, "norm_stats", STATISTICS)
    actions = toy.predict_action(**prompts, unnorm_key="mini", decode=StaticDecoder())
    np.testing.assert_array_equal(actions, toy.predict_action(**prompts, unnorm_key="mini"))


@pytest.mark.parametrize("sequence", [57, 58, 60])
def test_the_cache_is_large_enough_on_both_sides_of_a_round_number(sequence: int) -> None:
    model = small_llama()
    prompts, mask = torch.randn(2, sequence, 32), torch.arange(sequence) < torch.tensor([[sequence], [sequence - 9]])
    expected = decode_greedily(model, prompts, mask, 7, range(10, 40))
    assert torch.equal(StaticDecoder()(model, prompts, mask, 7, range(10, 40)), expected)
    assert len(set(expected.flatten().tolist())) > 3


def test_what_an_earlier_call_left_in_the_cache_is_gone() -> None:
    model, decoder = small_llama(), StaticDecoder()
    prompts, mask = torch.randn(2, 9, 32), torch.ones(2, 9, dtype=torch.bool)
    decoder(model, torch.full((2, 30, 32), torch.nan), torch.ones(2, 30, dtype=torch.bool), 5, range(10, 40))
    expected = decode_greedily(model, prompts, mask, 5, range(10, 40))
    assert torch.equal(decoder(model, prompts, mask, 5, range(10, 40)), expected)


def test_steps_are_compiled_once_for_all_instructions_and_give_the_same_tokens() -> None:
    model, graphs = small_llama(), []

    def count(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> torch.fx.GraphModule:
        graphs.append(graph)
        return graph

    decoder = StaticDecoder(CompileConfig(backend=count, mode=None, fullgraph=True))  # type: ignore[arg-type]
    for sequence in (9, 12):
        prompts, mask = torch.randn(2, sequence, 32), torch.ones(2, sequence, dtype=torch.bool)
        expected = decode_greedily(model, prompts, mask, 5, range(10, 40))
        assert torch.equal(decoder(model, prompts, mask, 5, range(10, 40)), expected)
        assert len(graphs) == 1
