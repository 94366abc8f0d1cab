import pytest
import torch

from vlareg.functional.precision import at_least_float32, full_precision


@pytest.fixture
def legacy():
    before = torch.get_float32_matmul_precision()
    yield torch.set_float32_matmul_precision
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_products_are_exact_whatever_is_set_outside(legacy, precision):
    x = torch.randn(256, 512, generator=torch.Generator().manual_seed(0))
    exact = x.double() @ x.double().T
    legacy(precision)
    with torch.autocast("cpu", dtype=torch.bfloat16), full_precision(x):
        product = x @ x.T
    assert float((product - exact).abs().max()) < 1e-3  # bfloat16 is off by 0.4
    assert torch.get_float32_matmul_precision() == precision


def test_what_was_set_outside_is_back_after_an_error(legacy):
    legacy("medium")
    before = torch.backends.mkldnn.matmul.fp32_precision
    with pytest.raises(RuntimeError, match="inside"), full_precision(torch.zeros(1)):
        raise RuntimeError("inside")
    assert torch.backends.mkldnn.matmul.fp32_precision == before
    assert torch.get_float32_matmul_precision() == "medium"


@pytest.mark.parametrize(
    ("given", "expected"),
    [(torch.float64, torch.float64), (torch.float32, torch.float32), (torch.bfloat16, torch.float32)],
)
def test_float64_stays(given, expected):
    assert at_least_float32(torch.zeros(1, dtype=given)).dtype == expected
