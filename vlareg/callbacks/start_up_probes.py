"""Cheap checks at the start of a run, before it costs anything."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from lightning import Callback, LightningModule, Trainer
from rich import print as print_rich
from torch import Tensor

from vlareg.batch import VLABatch
from vlareg.callbacks.evaluating import evaluating
from vlareg.callbacks.finding import Finding, findings_table
from vlareg.callbacks.gradient_probe import probe_gradients
from vlareg.callbacks.input_probes import probe_inputs
from vlareg.callbacks.statistics_probe import probe_statistics


class StartUpProbes(Callback):
    """Try a policy on its first training samples, print what was seen, and stop the run where it cannot be meant.

    The probes take about as long as three training steps of `samples` frames. The weights that are trained are the same with
    and without them: nothing random is drawn from the training's state.

    What a freshly made policy does rightly is at most a warning: that it answers the same to every frame or does not tell
    instructions apart. Errors are what no training can repair or notice: a picture or an instruction that changes nothing
    at all, all frames alike, actions beyond the limits of their statistics, trainable weights without a gradient.

    Args:
        enabled: Whether there are probes.
        samples: Samples of the first batch that are tried (>= 2).

    Raises:
        ValueError: If `samples` is below 2.
        RuntimeError: On the start of training, if a probe finds an error.
    """

    def __init__(self, enabled: bool = True, samples: int = 8) -> None:
        if samples < 2:
            raise ValueError(f"`samples` must be >= 2, but got {samples}.")
        self.enabled, self.samples = enabled, samples
        self.findings: list[Finding] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Run all probes."""
        if not self.enabled:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        policy, regularizers = pl_module.get_submodule("policy"), pl_module.get_submodule("regularizers")
        with evaluating(regularizers), trainer.precision_plugin.forward_context():
            batch = first_samples(data.train_dataloader(), self.samples).to(pl_module.device)
            with evaluating(policy):
                self.findings = probe_inputs(policy, batch, data.processor)
            self.findings.append(probe_gradients(pl_module, batch))
        if data.statistics is not None:
            self.findings.append(probe_statistics(data.quantities["actions"], data.statistics["action"]))
        if trainer.is_global_zero:
            print_rich(findings_table(self.findings))
        self._stop_at_errors()

    def _stop_at_errors(self) -> None:
        errors = [finding for finding in self.findings if finding.verdict == "error"]
        if errors:
            lines = [f"- {finding.probe}: {finding.seen}. {finding.advice}" for finding in errors]
            skip = "(`--start_up_probes.enabled false` trains nevertheless.)"
            raise RuntimeError("\n".join(["The start-up probes found errors:", *lines, skip]))


def first_samples(loader: Iterable[VLABatch], count: int) -> VLABatch:
    """Return samples of a loader's first batch.

    Args:
        loader: It is left after one batch.
        count: How many at most.
    """
    batch = next(iter(loader))
    rows: dict[str, Any] = {
        f.name: value[:count] for f in fields(batch) if isinstance(value := getattr(batch, f.name), Tensor)
    }
    return replace(batch, **rows)
