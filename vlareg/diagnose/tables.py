"""The most important numbers, as tables for a terminal of 80 to 100 columns."""

from math import isfinite

from rich.table import Table

from vlareg.diagnose.attention_scores import AttentionScores
from vlareg.diagnose.estimate import Estimate
from vlareg.diagnose.findings import Findings
from vlareg.diagnose.layers import group_layers, middle_layer, short_name


def all_tables(found: Findings) -> list[Table]:
    """Return the tables.

    Args:
        found: The numbers.
    """
    gains = [gain_table(found)] if len(found.names) > 2 else []
    return [probe_table(found), set_table(found), *gains, attention_table(found), layer_table(found)]


def probe_table(found: Findings) -> Table:
    """Return the probes' mean accuracy by layer.

    Args:
        found: The numbers.
    """
    chance = sum(found.chance.values()) / len(found.chance)
    title = f"linear probe, mean of {len(found.chance)}: accuracy (95 % interval), n = {found.pixels.mean.n}"
    table = _table(title, "layer", found, f"pixels {_cell(found.pixels.mean)}, chance {_short(chance)}")
    for part, layers in group_layers(found.probes[found.base]).items():
        for layer in layers:
            cells = (found.probes[name].get(layer) for name in found.names)
            table.add_row(f"{part} {short_name(layer)}", *(_cell(score.mean) if score else "-" for score in cells))
        table.add_section()
    return table


def set_table(found: Findings) -> Table:
    """Return the probes' accuracies by set of pictures, at the LLM's middle block.

    Args:
        found: The numbers.
    """
    layer = middle_layer(found.probes[found.base])
    table = _table(f"linear probe at {layer}", "pictures", found)
    table.add_column("pixels", justify="right")
    table.add_column("chance", justify="right")
    table.add_column("n", justify="right")
    for name, chance in found.chance.items():
        scores = (found.probes[policy].get(layer) for policy in found.names)
        pixels = found.pixels.sets[name]
        cells = [_cell(score.sets[name]) if score else "-" for score in scores]
        table.add_row(name, *cells, _short(pixels.value), _short(chance), str(pixels.n))
    return table


def gain_table(found: Findings) -> Table:
    """Return by how much probes of a policy are right more often than those of the base, on the same pictures.

    Args:
        found: The numbers.
    """
    others = [name for name in found.names if name != found.base]
    table = Table(title=f"linear probe, less {found.base} (95 % paired interval)", title_justify="left")
    table.add_column("layer", no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    for part, layers in group_layers(found.probes[found.base]).items():
        for layer in layers:
            scores = (found.probes[name].get(layer) for name in others)
            cells = (_cell(score.gain, "+") if score and score.gain else "-" for score in scores)
            table.add_row(f"{part} {short_name(layer)}", *cells)
    return table


def attention_table(found: Findings) -> Table:
    """Return where the words for an object look, by block.

    Args:
        found: The numbers.
    """
    scenes = found.attention[found.base][0].gain.n
    title = f"attention in the object's box | less that in other scenes' boxes (%), {scenes} scenes"
    table = _table(title, "LLM block", found)
    for block in range(max(map(len, found.attention.values()))):
        rows = [found.attention[name][block : block + 1] for name in found.names]
        table.add_row(str(block), *(_attention(row[0]) if row else "-" for row in rows))
    return table


def layer_table(found: Findings) -> Table:
    """Return effective rank and drift by layer.

    Args:
        found: The numbers.
    """
    frames = next(iter(found.layers[found.base].values())).effective_rank.n
    title = f"effective rank | 1 - CKA | 1 - CKNNA to {found.base}, {frames} held-out frames"
    table = _table(title, "layer", found)
    for part, layers in group_layers(found.layers[found.base]).items():
        for layer in layers:
            rows = (found.layers[name].get(layer) for name in found.names)
            cells = (
                " | ".join([f"{row.effective_rank.value:.1f}", *_known(row.cka_drift, row.cknna_drift)]) if row else "-"
                for row in rows
            )
            table.add_row(f"{part} {short_name(layer)}", *cells)
        table.add_section()
    return table


def _table(title: str, first: str, found: Findings, caption: str = "") -> Table:
    table = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    table.add_column(first, no_wrap=True)
    for name in found.names:
        table.add_column(name, justify="right")
    return table


def _known(*scores: Estimate | None) -> list[str]:
    return [_short(score.value) for score in scores if score is not None]


def _attention(scores: AttentionScores) -> str:
    gain = scores.gain
    inside, more, low, high = (100 * value for value in (scores.on_object.value, gain.value, gain.low, gain.high))
    return f"{inside:.1f} | {more:+.1f} [{low:+.1f}, {high:+.1f}]"


def _cell(score: Estimate, sign: str = "") -> str:
    ends = f" [{_short(score.low, sign)}, {_short(score.high, sign)}]" if isfinite(score.low) else ""
    return f"{_short(score.value, sign)}{ends}"


def _short(value: float, sign: str = "") -> str:
    """Write a number of about 0 to 1 with three digits and without its zero."""
    return f"{value:{sign}.3f}".replace("0.", ".", 1)
