from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning import Trainer

from vlareg.callbacks import StartUpProbes
from vlareg.callbacks.gradient_probe import probe_gradients
from vlareg.callbacks.input_probes import exchange_prompts, probe_inputs, reverse_words
from vlareg.callbacks.start_up_probes import first_samples
from vlareg.callbacks.statistics_probe import probe_statistics
from vlareg.data import LiberoData
from vlareg.data.statistics import dataset_statistics
from vlareg.module import RegularizedPolicy
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"


@pytest.fixture
def data(checkpoint, demonstrations) -> LiberoData:
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    return data


@pytest.fixture
def policy(checkpoint) -> OpenVLAForActionPrediction:
    return OpenVLAForActionPrediction.from_pretrained(checkpoint)


def verdicts(findings) -> dict[str, str]:
    return {finding.probe: finding.verdict for finding in findings}


def ignoring(policy, path: str):
    """Let a module of the policy give zeros."""
    policy.get_submodule(path).register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
    return policy


def test_a_fresh_policy_has_no_error(policy, data):
    findings = probe_inputs(policy, first_samples(data.train_dataloader(), 8), data.processor)
    assert "error" not in verdicts(findings).values()
    assert verdicts(findings)["black picture"] == "ok"
    assert verdicts(findings)["words reversed"] == "ok"


def test_a_policy_that_does_not_see_is_an_error(policy, data):
    batch = first_samples(data.train_dataloader(), 8)
    assert verdicts(probe_inputs(ignoring(policy, "projector"), batch, data.processor))["black picture"] == "error"


def test_a_policy_that_does_not_read_is_an_error(policy, data):
    batch = first_samples(data.train_dataloader(), 8)
    found = verdicts(probe_inputs(ignoring(policy, "language_model.model.embed_tokens"), batch, data.processor))
    assert found["words reversed"] == "error"
    assert found["black picture"] == "ok"


def test_a_data_set_of_one_picture_is_an_error(policy, data):
    batch = first_samples(data.train_dataloader(), 8)
    blind = replace(batch, pixel_values=batch.pixel_values[:1].expand_as(batch.pixel_values))
    assert verdicts(probe_inputs(policy, blind, data.processor))["pictures"] == "error"


def test_a_constant_answer_is_a_warning(policy, data):
    with torch.no_grad():
        policy.language_model.lm_head.weight.zero_()
    findings = probe_inputs(policy, first_samples(data.train_dataloader(), 8), data.processor)
    assert verdicts(findings)["predictions"] == "warning"


def test_words_are_reversed_and_answers_stay(data):
    batch = first_samples(data.train_dataloader(), 8)
    ids, answers = reverse_words(batch), batch.labels != -100
    assert torch.equal(ids[answers], batch.input_ids[answers])
    assert torch.equal(ids.sort(dim=1).values, batch.input_ids.sort(dim=1).values)
    assert torch.equal(ids[:, 0], batch.input_ids[:, 0])
    assert not torch.equal(ids, batch.input_ids)


def test_prompts_are_exchanged_and_answers_stay(data):
    batch = first_samples(data.train_dataloader(), 8)
    other = exchange_prompts(batch)
    assert torch.equal(other.labels[other.labels != -100], batch.labels[batch.labels != -100])
    prompts = [
        {tuple(row[mask & (label == -100)].tolist()) for row, mask, label in zip(b.input_ids, b.attention_mask, b.labels, strict=True)}
        for b in (batch, other)
    ]  # fmt: skip
    assert prompts[0] == prompts[1]
    own = (other.labels == -100)[:, : batch.input_ids.shape[1]]
    assert not any(torch.equal(a[o], b[o]) for a, b, o in zip(other.input_ids, batch.input_ids, own, strict=False))
    alike = replace(batch, **{name: getattr(batch, name)[:1] for name in ("input_ids", "attention_mask", "labels")})
    assert exchange_prompts(alike) is None


def actions(scale: float = 1.0) -> torch.Tensor:
    random = np.random.default_rng(0).normal(size=(500, 7)).clip(-1, 1)  # a third at the stops
    random[:, 6] = random[:, 6] > 0
    return torch.from_numpy(scale * random)


def test_statistics_of_these_actions_are_fine_though_many_lie_at_a_limit():
    own = dataset_statistics(actions().numpy(), np.zeros((500, 8)), 5)["action"]
    assert probe_statistics(actions(), own).verdict == "ok"


@pytest.mark.parametrize(
    ("scale", "verdict", "message"), [(1.5, "error", "clipped"), (0.01, "warning", "range be used")]
)
def test_statistics_of_other_units_are_found(scale, verdict, message):
    own = dataset_statistics(actions().numpy(), np.zeros((500, 8)), 5)["action"]
    values = actions(scale)
    values[:, 6] = 0.0
    finding = probe_statistics(values, own)
    assert finding.verdict == verdict
    assert message in finding.advice


def test_actions_that_are_not_numbers_are_outside():
    own = dataset_statistics(actions().numpy(), np.zeros((500, 8)), 5)["action"]
    values = actions()
    values[:100, 2] = torch.nan
    finding = probe_statistics(values, own)
    assert finding.verdict == "error"
    assert "`z`" in finding.seen


def test_adapters_that_nothing_reaches_are_an_error(checkpoint, data):
    module = RegularizedPolicy(str(checkpoint))
    batch = first_samples(data.train_dataloader(), 4)
    assert probe_gradients(module, batch).verdict == "ok"
    assert all(parameter.grad is None for parameter in module.parameters())
    for parameter in module.policy.get_submodule("base_model.model.vision_backbone.featurizer.blocks")[-1].parameters():
        parameter.requires_grad_(True)
    finding = probe_gradients(module, batch)
    assert finding.verdict == "error"
    assert "`lora.targets`" in finding.advice


def _trainer(folder, probes: bool) -> Trainer:
    return Trainer(
        max_steps=2, max_epochs=-1, default_root_dir=folder, callbacks=[StartUpProbes()] if probes else [], logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, limit_val_batches=0,
        use_distributed_sampler=False, accelerator="cpu",
    )  # fmt: skip


def test_the_probes_change_nothing(checkpoint, demonstrations, tmp_path, capsys):
    weights = []
    for probes in (True, False):
        torch.manual_seed(0)
        teacher = TeacherAlignment([LAYER], 192, teacher=EfficientNetLiteTeacher(96, -2))
        module = RegularizedPolicy(str(checkpoint), [RSCL(LAYER, 192), teacher], lora=LoRA(dropout=0.1))
        _trainer(tmp_path, probes).fit(module, LiberoData(str(checkpoint), demonstrations, batch_size=8))
        weights.append({name: value.clone() for name, value in module.state_dict().items()})
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[1])
    shown = capsys.readouterr().out
    assert all(probe in shown for probe in ("black picture", "words reversed", "gradients", "statistics"))


def test_an_error_stops_the_run(checkpoint, demonstrations, tmp_path):
    module = RegularizedPolicy(str(checkpoint))
    ignoring(module.policy, "base_model.model.projector")
    with pytest.raises(RuntimeError, match=r"black picture: 0\.0% .*(\n.*)*start_up_probes\.enabled false"):
        _trainer(tmp_path, True).fit(module, LiberoData(str(checkpoint), demonstrations, batch_size=8))


def test_samples_are_checked():
    with pytest.raises(ValueError, match="`samples` must be >= 2, but got 1"):
        StartUpProbes(samples=1)
