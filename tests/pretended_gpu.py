"""A GPU that is not there: its tensors compute on the processor, say that they are elsewhere, and refuse what a GPU refuses.

Importing this registers a device with PyTorch for the rest of the process, so let a process of its own do it. What it shows is that
nothing is left behind or mixed; it says nothing of a GPU's arithmetic, kernels, memory or speed, and autocast casts nothing on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map


class _Module(backend_registration._DummyBackendModule):
    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]


backend_registration._setup_privateuseone_for_python_backend("gpu", _Module())
GPU = torch.device("gpu:0")

_MOVES = ("aten._to_copy.default", "aten.copy_.default")
_TAKE_INDICES_FROM_ANYWHERE = ("aten.index.Tensor", "aten.index_put.default", "aten.index_put_.default")


class OnGpu(Tensor):
    """A tensor that says that it is on the GPU.

    Args:
        inner: The tensor on the processor that computes.
    """

    inner: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: Tensor) -> "OnGpu":
        made: OnGpu = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(), dtype=inner.dtype,
            layout=inner.layout, device=GPU, requires_grad=inner.requires_grad,
        )  # fmt: skip
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(function, args, kwargs or {})

    def numpy(self, *, force: bool = False) -> np.ndarray:
        if not force:
            raise TypeError("A tensor on the GPU has no NumPy array; call `.cpu()` first.")
        return self.inner.numpy(force=True)

    def tolist(self) -> Any:
        return self.inner.tolist()

    def untyped_storage(self) -> Any:
        return self.inner.untyped_storage()

    def data_ptr(self) -> int:
        return self.inner.data_ptr()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be written as a tensor of the processor, as which Lightning reads a checkpoint."""
        return self.inner.__reduce_ex__(protocol)


class _Generator(torch.Generator):
    """A generator of which it is known for which device it draws; operators get it as another Python object."""

    of_gpu: ClassVar[set[int]] = set()

    def __new__(cls, device: torch.device | str = "cpu") -> "_Generator":
        made: _Generator = super().__new__(cls)
        (cls.of_gpu.add if torch.device(device).type == GPU.type else cls.of_gpu.discard)(made._cdata)
        return made


class _Pretend(TorchDispatchMode):
    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(function, args, kwargs or {})


@contextmanager
def pretended_gpu() -> Iterator[None]:
    """Let `gpu:0` be a device within the block."""
    torch._C._set_only_lift_cpu_tensors(
        True
    )  # so that `torch.tensor(..., device=...)` moves by an operator that is seen
    with mock.patch("torch.Generator", _Generator), _Pretend(), sdpa_kernel(SDPBackend.MATH):
        yield
    torch._C._set_only_lift_cpu_tensors(False)


def _run(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run an operator on the processor, and return what it gives on the device where a GPU would."""
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    there = [tensor for tensor in tensors if isinstance(tensor, OnGpu)]
    to_gpu = _goes_to_gpu(str(function), args, kwargs, there)
    if there:
        _check_one_device(str(function), args, tensors)
    if (generator := kwargs.get("generator")) is not None and (generator._cdata in _Generator.of_gpu) != to_gpu:
        raise RuntimeError(f"{function}: its generator draws for another device.")
    if kwargs.get("device") is not None and to_gpu:
        kwargs = {**kwargs, "device": torch.device("cpu"), "pin_memory": False}
    plain_args, plain_kwargs = tree_map(lambda x: x.inner if isinstance(x, OnGpu) else x, (args, kwargs))
    result = function(*plain_args, **plain_kwargs)
    changed = {id(tensor.inner): tensor for tensor in there}  # in place: the same tensor comes back

    def wrap(x: Any) -> Any:
        if not isinstance(x, Tensor) or isinstance(x, OnGpu):
            return x
        return changed[id(x)] if id(x) in changed else OnGpu(x)

    return tree_map(wrap, result) if to_gpu else result


def _goes_to_gpu(name: str, args: Any, kwargs: dict[str, Any], there: list[OnGpu]) -> bool:
    if name == "aten.copy_.default":
        return isinstance(args[0], OnGpu)
    device = kwargs.get("device")
    return bool(there) if device is None else torch.device(device).type == GPU.type


def _check_one_device(name: str, args: Any, tensors: list[Tensor]) -> None:
    """Refuse tensors of the processor that are neither numbers, nor moved, nor indices."""
    strangers = [x for x in tensors if not isinstance(x, OnGpu) and x.ndim > 0 and x.device.type == "cpu"]
    if name in _TAKE_INDICES_FROM_ANYWHERE:
        strangers = [x for x in strangers if x is args[0] or x.is_floating_point()]
    if strangers and name not in _MOVES:
        raise RuntimeError(f"{name}: some tensors are on the GPU and one of shape {tuple(strangers[0].shape)} is not.")
