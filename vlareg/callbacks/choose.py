"""From the names in a configuration to what they stand for."""

import difflib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from torch import nn

from vlareg.callbacks.extraction_points import encoders_without_class_token, extraction_points, point_at
from vlareg.callbacks.representation import Representation
from vlareg.callbacks.targets import action_window, listed_targets


def choose(names: Sequence[str], policy: nn.Module, regularizers: Iterable[nn.Module] = ()) -> list[Representation]:
    """Return the extraction points and targets that names and patterns stand for, each once, in the order of the names.

    Args:
        names: Names of `extraction_points` and `listed_targets`, patterns of them (`llm.*.condition`), windows of
            actions (`actions.arm.next8`), or `{module path}.{positions}` for a policy that is not OpenVLA.
        policy: The policy, bare or with adapters.
        regularizers: Regularizers on that policy.

    Raises:
        ValueError: If a name is unknown, a pattern matches nothing, or an encoder has no class token.
    """
    regularizers = list(regularizers)
    listed = [*extraction_points(policy, regularizers), *listed_targets(policy, regularizers)]
    chosen: dict[str, Representation] = {}
    for name in names:
        found = [item for item in listed if fnmatchcase(item.name, name)]
        if not found and (other := action_window(name) or point_at(policy, name)):
            found = [other]
        if not found:
            raise ValueError(_unknown(name, [item.name for item in listed], policy))
        chosen |= {item.name: item for item in found}
    return list(chosen.values())


def _unknown(name: str, listed: list[str], policy: nn.Module) -> str:
    for encoder in encoders_without_class_token(policy):
        if name.startswith(f"{encoder}.") and name.endswith("class_token"):
            return f"`{name}` does not exist: the encoder {encoder} has no class token. Read its `patches`."
    close = difflib.get_close_matches(name, listed, n=1, cutoff=0.0)
    return f"`{name}` names nothing in this policy. Did you mean `{close[0]}`?"
