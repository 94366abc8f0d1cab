import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vlareg.policies.openvla.attention import attend, fused_is_slow


@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("masked", [False, True])
def test_written_out_attention_is_the_fused_one(masked: bool, kv_heads: int) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, heads, 9, 8, requires_grad=True) for heads in (4, kv_heads, kv_heads))
    mask = torch.ones(2, 1, 9, 9, dtype=torch.bool).tril()
    if masked:
        mask[1, :, :, 6:] = False
    expected = F.scaled_dot_product_attention(query, key, value, mask, enable_gqa=kv_heads < 4).transpose(1, 2)
    module = nn.Module()
    module.num_key_value_groups, module.is_causal = 4 // kv_heads, True
    with torch.autocast("cpu", torch.bfloat16):
        assert fused_is_slow(query)
        slow, _ = attend(module, query, key, value, mask if masked else None)
    torch.testing.assert_close(slow, expected, rtol=1e-4, atol=1e-5)
    fast, _ = attend(module, query, key, value, mask if masked else None)
    torch.testing.assert_close(fast, expected, rtol=1e-4, atol=1e-5)


def test_the_fused_kernel_is_slow_only_where_gradients_of_16_bits_are_wanted_on_a_cpu() -> None:
    x = torch.zeros(1)
    assert not fused_is_slow(x)
    assert fused_is_slow(x.bfloat16())
    assert not fused_is_slow(x.bfloat16().to("meta"))
    with torch.no_grad():
        assert not fused_is_slow(x.bfloat16())
