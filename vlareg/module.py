"""The only LightningModule: the policy's loss plus every regularizer's, weighted."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from lightning import LightningModule
from peft import PeftModel
from torch import Tensor
from torch.distributed.fsdp import FSDPModule

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.cutoff import Cutoff
from vlareg.distributed import rank
from vlareg.files import atomic_folder, require_replaceable
from vlareg.gradients import gradient_agreement
from vlareg.optimization import Optimization
from vlareg.policies.adapter_files import WRITTEN, save_adapter, save_policy
from vlareg.policies.execution import Execution
from vlareg.policies.lora import LoRA, base_model
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAOutput
from vlareg.policies.openvla.action_errors import action_errors
from vlareg.policies.sharding import shard_parts, shard_policy, whole_policy, whole_state
from vlareg.policies.trainable import freeze
from vlareg.regularizers import Regularizer
from vlareg.run_folder import run_folder
from vlareg.shapes import Scalar
from vlareg.teachers import CachedTeacher


class RegularizedPolicy(LightningModule):
    """Fine-tune an OpenVLA: L = L_action + sum of weight(step) * L_regularizer.

    Logged, per stage (`train`, `val`): `policy/loss` (nats per token), `policy/token_accuracy` (0..1), `loss` (the sum), and
    `{regularizer}/{quantity}` as the regularizer documents it, with `{regularizer}/weight` and `{regularizer}/ratio` (weighted loss over
    the policy's, dimensionless). Every `gradient_steps` training steps also `{regularizer}/gradient_cosine` (of the gradients of the
    policy's loss and of the regularizer's, on the policy's weights that both reach, in [-1, 1]) and `{regularizer}/gradient_ratio` (length
    of the second, weighted, over the first). `val/policy/l1_x`, ..., `l1_yaw`, `l1_gripper` are the errors of `action_errors`
    (normalised units: an action spans 2).

    With `accumulate_grad_batches` each batch of a step weighs the same, and a regularizer compares the samples of one batch only.

    Args:
        policy: Checkpoint folder in OpenVLA's format.
        regularizers: Any number of them, none included.
        lora: Adapters to train; None trains every parameter that a loss can reach.
        frozen: Paths of the policy's modules that shall not learn, such as `vision_backbone`, adapters included.
        execution: Attention, gradient checkpointing, compilation.
        optimization: Optimizer and schedule.
        seed: The random state of batch n is derived from (seed, n, rank), so an interrupted run resumes to the same weights and a
            callback that draws random numbers changes nothing.
        gradient_steps: How often gradients are compared (training steps, > 0), each time for two more backward passes a regularizer;
            None leaves it out, and so does FSDP2.
    """

    def __init__(
        self,
        policy: str = "checkpoints/openvla-mini",
        regularizers: Sequence[Regularizer] = (),
        lora: LoRA | None = LoRA(),  # noqa: B008 (frozen)
        frozen: Sequence[str] = (),
        execution: Execution = Execution(),  # noqa: B008 (frozen)
        optimization: Optimization = Optimization(),  # noqa: B008 (frozen)
        seed: int = 0,
        gradient_steps: int | None = 100,
    ) -> None:
        super().__init__()
        if gradient_steps is not None and gradient_steps < 1:
            raise ValueError(f"`gradient_steps` must be > 0 or None, but got {gradient_steps}.")
        dtype = (
            {} if lora else {"dtype": torch.float32}
        )  # in 16 bits small steps of the weights themselves would vanish
        base = OpenVLAForActionPrediction.from_pretrained(policy, **dtype).train()
        self.policy = lora.attach(base) if lora else base.requires_grad_(True)
        for module in base.vision_backbone.unread_modules():
            module.requires_grad_(False)  # DDP waits for every parameter's gradient
        freeze(base, frozen)
        execution.apply(base)
        self.regularizers = torch.nn.ModuleList(regularizers)
        names = [regularizer.name for regularizer in regularizers]
        if len(set(names)) < len(names):
            raise ValueError(f"`regularizers` must have different names, but got {names}.")
        self.lora, self.optimization, self.seed, self.gradient_steps = lora, optimization, seed, gradient_steps
        self.strict_loading = False

    def setup(self, stage: str) -> None:
        """Let cached teachers compute or open the features of the data."""
        for teacher in (module for module in self.modules() if isinstance(module, CachedTeacher)):
            for split in self.trainer.datamodule.splits:  # type: ignore[attr-defined]
                teacher.prepare(split, self.trainer.strategy.root_device)

    def configure_model(self) -> None:
        """Spread the weights over the ranks where the strategy is Lightning's `ModelParallelStrategy` (FSDP2)."""
        if self._device_mesh is None or isinstance(self.policy, FSDPModule):
            return
        mesh = self._device_mesh["data_parallel"]
        for regularizer in self.regularizers:
            shard_parts(regularizer, mesh)
        shard_policy(self.policy, mesh)

    def training_step(self, batch: VLABatch, batch_idx: int) -> Scalar:
        """Return the sum of the losses."""
        return self._losses(batch, "train", compares=self._compares_gradients(batch_idx))

    def validation_step(self, batch: VLABatch, batch_idx: int) -> None:
        """Log the same figures on held-out transitions."""
        self._losses(batch, "val")

    def on_train_batch_start(self, batch: VLABatch, batch_idx: int) -> None:
        """Make the batch's randomness a function of its place in the run."""
        batches = self.trainer.accumulate_grad_batches
        number = self.global_step * batches + batch_idx % batches
        entropy = np.random.SeedSequence((self.seed, number, self.global_rank))
        torch.manual_seed(int(entropy.generate_state(1)[0]))

    def configure_optimizers(self) -> Any:
        """Optimize what is trainable, regularizers included."""
        return self.optimization.configure(self.parameters(), self._total_steps)

    def on_fit_start(self) -> None:
        """Give the policy the statistics of the data that it is about to learn, and the regularizers their scale.

        Raises:
            ValueError: If the run's folder has a `policy` or an `adapter` that the end of the training must not replace.
        """
        self._check_folder()
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        for regularizer in self._regularizers:
            regularizer.fit(data.quantities)
        config = base_model(self.policy).config
        config.trained_with_augmentation = data.processor.config.trained_with_augmentation
        if data.statistics is not None:
            config.norm_stats = {**(config.norm_stats or {}), data.dataset_name: data.statistics}

    def _check_folder(self) -> None:
        if folder := run_folder(self.trainer):
            require_replaceable(folder / "adapter", WRITTEN)
            require_replaceable(folder / "policy", WRITTEN)
            if (folder / "policy").resolve() == Path(base_model(self.policy).config.name_or_path or "").resolve():
                raise ValueError(f"`default_root_dir`: {folder} holds the policy to be trained; choose another.")

    def on_train_end(self) -> None:
        """Write the policy, adapters merged, beside the logs, and the adapters alone."""
        if folder := run_folder(self.trainer):
            self.export(folder / "policy")
            if isinstance(self.policy, PeftModel):
                self.export_adapter(folder / "adapter")

    def export(self, folder: str | Path) -> None:
        """Write a checkpoint folder in OpenVLA's format; it appears complete or not at all. Every rank has to call it.

        Args:
            folder: The folder to make or to replace.

        Raises:
            ValueError: If there is something else in the folder than a policy's files.
        """
        policy = whole_policy(self.policy, self.lora)
        if rank() == 0:
            with atomic_folder(folder, replaces=WRITTEN) as partial:
                save_policy(policy, partial)
                self.trainer.datamodule.processor.save_pretrained(partial)  # type: ignore[attr-defined]

    def export_adapter(self, folder: str | Path) -> None:
        """Write the adapters alone, with the statistics and the regularizers' parameters. Every rank has to call it.

        Args:
            folder: The folder to make or to replace.

        Raises:
            ValueError: If the policy is trained without adapters.
        """
        policy, regularizers = whole_policy(self.policy, self.lora), whole_state(self.regularizers)
        if not isinstance(policy, PeftModel):
            raise ValueError("The policy has no adapters; `export` writes it whole.")
        if rank() == 0:
            save_adapter(policy, folder, regularizers)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave out the frozen weights of the policy, which the checkpoint folder holds."""
        frozen = {f"policy.{name}" for name, p in self.policy.named_parameters() if not p.requires_grad}
        packed = tuple(f"{name}." for name in frozen)  # what describes a weight in 4 bits: `weight.absmax` and the like
        kept = [k for k in checkpoint["state_dict"] if k not in frozen and not k.startswith(packed)]
        checkpoint["state_dict"] = {k: checkpoint["state_dict"][k] for k in kept}
        # Where weights are sharded, Lightning hands the rest of the checkpoint over without them.
        checkpoint["names"] = kept
        checkpoint["cuts"] = {name: part.get_extra_state() for name, part in self._cutoffs.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint that lacks anything trainable or has anything unknown."""
        found, known = set(checkpoint.get("state_dict") or checkpoint["names"]), set(self.state_dict())
        needed = {name for name, p in self.named_parameters() if p.requires_grad}
        if wrong := sorted((needed - found) | (found - known)):
            raise ValueError(
                f"The checkpoint is of another model or other regularizers; missing or unknown: {wrong[:5]}."
            )
        for name, calls in checkpoint.get("cuts", {}).items():
            self._cutoffs[name].set_extra_state(calls)

    def _compares_gradients(self, batch_idx: int) -> bool:
        # Aligned with Lightning's `log_every_n_steps`, which logs the last step of each interval, and its last batch.
        is_last = (batch_idx + 1) % self.trainer.accumulate_grad_batches == 0
        whole = not isinstance(self.policy, FSDPModule)  # else single gradients are not to be had
        return (
            whole and is_last and self.gradient_steps is not None and (self.global_step + 1) % self.gradient_steps == 0
        )

    @property
    def _total_steps(self) -> int:
        steps = self.trainer.estimated_stepping_batches
        if not 0 < steps < math.inf:
            raise ValueError(
                f"`trainer.max_steps` must be > 0, as the data have no end, but got {self.trainer.max_steps}."
            )
        return int(steps)

    @property
    def _cutoffs(self) -> dict[str, Cutoff]:
        return {name: part for name, part in self.named_modules() if isinstance(part, Cutoff)}

    @property
    def _regularizers(self) -> list[Regularizer]:
        return cast(list[Regularizer], list(self.regularizers))

    def _losses(self, batch: VLABatch, stage: str, compares: bool = False) -> Scalar:
        with ExitStack() as watches:
            for regularizer in self._regularizers:
                watches.enter_context(regularizer.watch(self.policy))
            output = self.policy(**batch.model_inputs())
        logs: dict[str, Tensor] = {"policy/loss": output.loss, "policy/token_accuracy": _token_accuracy(output, batch)}
        if stage == "val":
            errors = action_errors(output.logits, batch.labels, base_model(self.policy).action_tokenizer)
            logs |= {f"policy/l1_{name}": error for name, error in errors.items()}
        total: Scalar = output.loss
        for regularizer in self._regularizers:
            result = regularizer(batch)
            weight = regularizer.weight(
                self.global_step,
                self._total_steps,
                task_loss=output.loss.detach(),
                loss=result.loss.detach(),
            )
            if torch.is_grad_enabled() and weight and not result.loss.requires_grad:
                raise ValueError(
                    f"`regularizers`: `{regularizer.name}` reaches no weight that learns; let it read a layer above one."
                )
            total = total + weight * result.loss
            extra = {"weight": torch.tensor(weight), "ratio": weight * result.loss.detach() / output.loss.detach()}
            if compares and result.loss.requires_grad:
                agreement = gradient_agreement(output.loss, result.loss, self.policy.parameters())
                extra |= {"gradient_cosine": agreement.cosine, "gradient_ratio": weight * agreement.ratio}
            logs |= {f"{regularizer.name}/{key}": value for key, value in (result.logs | extra).items()}
        logs["loss"] = total
        named = {
            f"{stage}/{key}": value.detach().to(total.device) for key, value in logs.items()
        }  # NCCL needs them there
        self.log_dict(named, batch_size=len(batch), sync_dist=stage == "val")
        return total


def _token_accuracy(output: OpenVLAOutput, batch: VLABatch) -> Scalar:
    assert output.logits is not None
    targets = batch.labels[:, 1:]
    return (output.logits.argmax(dim=-1) == targets[targets != IGNORED_LABEL]).float().mean()
