"""Does every weight that shall learn get a gradient?"""

from collections.abc import Iterable
from contextlib import ExitStack

from torch import nn

from vlareg.batch import VLABatch
from vlareg.callbacks.finding import Finding
from vlareg.policies.trainable import parameters_without_gradient
from vlareg.regularizers import Regularizer


def probe_gradients(module: nn.Module, batch: VLABatch) -> Finding:
    """Run one backward pass of all losses, each with weight 1; afterwards there are no gradients.

    Args:
        module: With a `policy` and `regularizers`; the latter in evaluation mode.
        batch: Some training samples, at least 2 if there is a regularizer that compares samples.
    """
    policy, regularizers = _parts(module)
    with ExitStack() as watches:
        for regularizer in regularizers:
            watches.enter_context(regularizer.watch(policy))
        total = policy(**batch.model_inputs()).loss
    for regularizer in regularizers:
        total = total + regularizer(batch).loss
    total.backward()
    idle = parameters_without_gradient(module)
    trainable = sum(1 for parameter in module.parameters() if parameter.requires_grad)
    module.zero_grad(set_to_none=True)
    seen = f"{trainable - len(idle)} of {trainable} trainable tensors get one"
    if not idle:
        return Finding("gradients", seen)
    advice = f"Nothing reaches {', '.join(idle[:3])}{', ...' if len(idle) > 3 else ''}: leave them out of `lora.targets`, or "
    return Finding("gradients", seen, "error", advice + "name their module in `frozen`.")


def _parts(module: nn.Module) -> tuple[nn.Module, Iterable[Regularizer]]:
    regularizers = module.get_submodule("regularizers").children()
    return module.get_submodule("policy"), [part for part in regularizers if isinstance(part, Regularizer)]
