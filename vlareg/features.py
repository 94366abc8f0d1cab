"""Read hidden states by module path, without a change to the model."""

import difflib
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from vlareg.shapes import Tokens


class FeatureTap:
    """Keep the outputs of some modules of a model while it runs, with their graph.

    A module's first tensor is kept where it returns a tuple, and the last call's where it is called several times. The
    hooks are gone when the context is left, also by an error; what was read stays until the tap is dropped or entered
    again.

    Args:
        model: Any module.
        paths: Module paths as in `model.named_modules()`, exact or as a unique suffix, so that wrappers (peft, DDP) do
            not matter.

    Raises:
        ValueError: If a path is unknown or ambiguous.

    Example:
        >>> import torch
        >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        >>> with FeatureTap(model, ["0"]) as tap:
        ...     _ = model(torch.zeros(2, 5, 3))
        >>> tap["0"].shape
        torch.Size([2, 5, 4])
    """

    def __init__(self, model: nn.Module, paths: Iterable[str]) -> None:
        self._modules = {path: model.get_submodule(resolve_path(model, path)) for path in paths}
        self._features: dict[str, Tensor] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> "FeatureTap":
        self._features.clear()
        self._handles = [module.register_forward_hook(self._keep(path)) for path, module in self._modules.items()]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def __getitem__(self, path: str) -> Tokens:
        if path not in self._modules:
            raise KeyError(f"`{path}` is not tapped; tapped are {sorted(self._modules)}.")
        if path not in self._features:
            raise KeyError(f"`{path}` has not run: call the model inside `with FeatureTap(...)`.")
        return self._features[path]

    def _keep(self, path: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple | list) else output
            if not isinstance(first, Tensor):
                raise TypeError(
                    f"The module at `{path}` returns {type(first).__name__}, not a tensor: tap one of its parts."
                )
            self._features[path] = first

        return hook


def resolve_path(model: nn.Module, path: str) -> str:
    """Return the full path of the module that a path names exactly or as a unique suffix.

    Args:
        model: Any module.
        path: Module path or the end of one, whole names only.

    Returns:
        The path as in `model.named_modules()`.

    Raises:
        ValueError: If no module or several match.

    Example:
        >>> resolve_path(nn.ModuleDict({"policy": nn.Sequential(nn.ReLU())}), "0")
        'policy.0'
    """
    names: list[str] = [name for name, _ in model.named_modules() if name]
    if path in names:
        return path
    matches = [name for name in names if name.endswith(f".{path}")] if path else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ValueError(f"`{path}` is ambiguous; give one of: {', '.join(matches)}.")
    raise ValueError(f"No module at `{path}`.{_nearest(path, names)}")


def _nearest(path: str, names: list[str]) -> str:
    depth = path.count(".") + 1
    suffixes = {".".join(name.split(".")[-depth:]): name for name in names}
    close = difflib.get_close_matches(path, suffixes, n=1, cutoff=0.0)
    return f" Did you mean `{suffixes[close[0]]}`?" if close else ""
