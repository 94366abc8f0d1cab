import torch
from transformers import LlamaConfig, LlamaForCausalLM

from vlareg.policies.openvla.decoding import append_token, decode_greedily


def test_a_token_is_appended_to_each_row_where_it_ends_and_only_once() -> None:
    ids = torch.tensor([[1, 7, 9], [1, 9, 0], [1, 0, 0]])
    mask = torch.tensor([[True, True, True], [True, True, False], [True, False, False]])
    once = append_token(ids, mask, 9, 0)
    assert once[0].tolist() == [[1, 7, 9, 0], [1, 9, 0, 0], [1, 9, 0, 0]]
    assert once[1].sum(dim=1).tolist() == [3, 2, 2]
    again = append_token(*once, 9, 0)
    assert torch.equal(again[0], once[0])
    assert torch.equal(again[1], once[1])


def test_the_reference_decodes_without_cache_padding_or_batch() -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5.0)
    embeddings = torch.randn(3, 6, 32)
    lengths = [6, 2, 4]
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    generated = decode_greedily(model, embeddings, mask, 5, range(10, 40))
    for row, length in enumerate(lengths):
        sequence = embeddings[row : row + 1, :length]
        for token in generated[row]:
            with torch.no_grad():
                logits = model(inputs_embeds=sequence).logits[0, -1, 10:40]
                assert logits.argmax() + 10 == token
                sequence = torch.cat([sequence, model.model.embed_tokens(token[None, None])], dim=1)
    assert len(set(generated.flatten().tolist())) > 3
