"""Look at a model without leaving a trace in its training."""

from collections.abc import Iterator
from contextlib import contextmanager

from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn


@contextmanager
def evaluating(*modules: nn.Module) -> Iterator[None]:
    """Put modules into evaluation mode, and afterwards every part of them back into its own mode.

    The random states of Python, NumPy and PyTorch are those from before, too; a data loader draws from the last one even
    where it shuffles nothing.

    Args:
        modules: Any modules.

    Example:
        >>> module = nn.Sequential(nn.Dropout(), nn.Dropout().eval())
        >>> with evaluating(module):
        ...     print(module[0].training)
        False
        >>> [part.training for part in module]
        [True, False]
    """
    training = [part for module in modules for part in module.modules() if part.training]
    for module in modules:
        module.eval()
    try:
        with isolate_rng():
            yield
    finally:
        for part in training:
            part.training = True
