"""Which parameters learn, and which of them nothing reaches."""

from collections.abc import Sequence

from torch import nn


def freeze(policy: nn.Module, names: Sequence[str]) -> None:
    """Keep whole parts of a policy from learning.

    Args:
        policy: The policy, with or without adapters.
        names: Paths of its modules, such as `vision_backbone`.

    Raises:
        ValueError: If it has no such module.

    Example:
        >>> policy = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        >>> freeze(policy, ["0"])
        >>> [name for name, parameter in policy.named_parameters() if parameter.requires_grad]
        ['1.weight', '1.bias']
    """
    for name in names:
        try:
            module = policy.get_submodule(name)
        except AttributeError as error:
            raise ValueError(f"`names`: the policy has no module {name!r}.") from error
        module.requires_grad_(False)


def parameters_without_gradient(module: nn.Module) -> list[str]:
    """Return the names of the trainable parameters that the last backward pass did not reach.

    The first factor of an adapter whose second factor is still zero has a gradient of zero; that is how adapters start, and it is
    not counted. A gradient that is zero everywhere counts otherwise.

    Args:
        module: The policy or the LightningModule, after a backward pass.

    Example:
        >>> import torch
        >>> policy = nn.ModuleDict({"used": nn.Linear(2, 1), "idle": nn.Linear(2, 1)})
        >>> policy["used"](torch.ones(1, 2)).sum().backward()
        >>> parameters_without_gradient(policy)
        ['idle.weight', 'idle.bias']
    """
    named = dict(module.named_parameters())
    idle = [name for name, p in named.items() if p.requires_grad and (p.grad is None or not p.grad.any())]
    return [name for name in idle if named[name].grad is None or not _starts(name, named)]


def _starts(name: str, named: dict[str, nn.Parameter]) -> bool:
    """Return whether this is the first factor of an adapter that has not left its start."""
    second = name.replace("lora_A", "lora_B")
    return second != name and not named[second].any()
