"""Does a policy see its pictures and read its words?"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.callbacks.finding import Finding
from vlareg.functional.precision import full_precision
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.shapes import Scalar

HARDLY = 0.01
"""Share of the probability that moves (0..1) below which a policy hardly reacts to a change of its input."""
UPSIDE_DOWN = 0.9
"""Loss on rotated frames over the loss on frames as they are, below which the frames seem to be upside down."""

Logits = Float[Tensor, "labelled vocabulary"]


@torch.no_grad()
def probe_inputs(policy: nn.Module, batch: VLABatch, processor: OpenVLAProcessor) -> list[Finding]:
    """Change what a policy sees, and watch its teacher-forced predictions.

    An input that changes nothing at all does not reach the policy, trained or not: an error. One that changes little may
    be that of a policy that has not learned yet, or was trained on other pictures: a warning.

    Args:
        policy: In evaluation mode.
        batch: Some training samples.
        processor: Normalises the black picture.
    """
    output = policy(**batch.model_inputs())
    black = replace(batch, pixel_values=processor.normalize(torch.zeros_like(batch.images)))
    return [
        _pictures(batch),
        _black(output.logits, policy(**black.model_inputs()).logits),
        _rotated(output.loss, policy(**_with(batch, pixel_values=batch.pixel_values.flip(-1, -2))).loss),
        _word_order(output.logits, policy(**_with(batch, input_ids=reverse_words(batch))).logits),
        _other_instruction(policy, batch, output.logits),
        _first_tokens(output.logits, batch),
    ]


def moved(before: Logits, after: Logits) -> float:
    """Return how much of the predictions' probability moves (total variation, mean over tokens, in [0, 1]).

    Example:
        >>> moved(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, -100.0]]))
        0.5
    """
    with full_precision(before):
        first, second = (logits.float().softmax(dim=-1) for logits in (before, after))
        return float((first - second).abs().sum(dim=-1).mean() / 2)


def reverse_words(batch: VLABatch) -> Tensor:
    """Return `input_ids` with each prompt's tokens, but the first, in reverse order; lengths and answers stay."""
    ids = batch.input_ids.clone()
    prompts = batch.attention_mask & (batch.labels == IGNORED_LABEL)
    for row, length in zip(ids, prompts.sum(dim=1).tolist(), strict=True):
        row[1:length] = row[1:length].flip(0)
    return ids


def exchange_prompts(batch: VLABatch) -> VLABatch | None:
    """Return the batch with the prompt of the next sample of another instruction in each sample, before its own answer.

    Args:
        batch: Some samples.

    Returns:
        The batch, None where all prompts are the same.
    """
    prompts = [
        row[mask & (label == IGNORED_LABEL)]
        for row, mask, label in zip(batch.input_ids, batch.attention_mask, batch.labels, strict=True)
    ]
    answers = [label[label != IGNORED_LABEL] for label in batch.labels]
    others = [[p for p in prompts[i:] + prompts[:i] if not torch.equal(p, prompts[i])] for i in range(len(prompts))]
    if not all(others):
        return None
    rows = [torch.cat([other[0], answer]) for other, answer in zip(others, answers, strict=True)]
    labels = [torch.full_like(row, IGNORED_LABEL) for row in rows]
    for label, answer in zip(labels, answers, strict=True):
        label[-len(answer) :] = answer
    return replace(
        batch,
        input_ids=pad_sequence(rows, batch_first=True),
        labels=pad_sequence(labels, batch_first=True, padding_value=IGNORED_LABEL),
        attention_mask=pad_sequence([torch.ones_like(row) for row in rows], batch_first=True).bool(),
    )


def _with(batch: VLABatch, **changes: Tensor) -> dict[str, Tensor]:
    return {**batch.model_inputs(), **changes}


def _pictures(batch: VLABatch) -> Finding:
    samples = len(set(batch.sample_ids.tolist()))
    shown = len(torch.unique(batch.pixel_values.flatten(1), dim=0))
    seen = f"{shown} different pictures of {samples} different samples"
    if samples > 1 and shown == 1:
        return Finding("pictures", seen, "error", "All samples show the same picture: look at what the data set reads.")
    return Finding("pictures", seen)


def _black(before: Logits, after: Logits) -> Finding:
    share = moved(before, after)
    seen = f"{share:.1%} of the probability moves"
    if torch.equal(before, after):
        return Finding(
            "black picture",
            seen,
            "error",
            "The picture does not reach the policy: check `pixel_values`, and which modules run, by FeatureTap.",
        )
    if share < HARDLY:
        return Finding(
            "black picture",
            seen,
            "warning",
            "The policy hardly looks at the picture; if it is trained, that is a fault.",
        )
    return Finding("black picture", seen)


def _rotated(before: Scalar, after: Scalar) -> Finding:
    loss, rotated = float(before), float(after)
    seen = f"loss {loss:.3f}, with frames turned by 180 degrees {rotated:.3f} nats"
    if rotated < UPSIDE_DOWN * loss:
        return Finding(
            "turned picture",
            seen,
            "warning",
            "The policy knows the turned frames better: they may be upside down (LIBERO's files store them so).",
        )
    return Finding("turned picture", seen)


def _word_order(before: Logits, after: Logits) -> Finding:
    seen = f"{moved(before, after):.1%} of the probability moves"
    if torch.equal(before, after):
        return Finding(
            "words reversed",
            seen,
            "error",
            "The instruction does not reach the policy: check `attention_mask` and where the prompt stands in `input_ids`.",
        )
    return Finding("words reversed", seen)


def _other_instruction(policy: nn.Module, batch: VLABatch, before: Logits) -> Finding:
    other = exchange_prompts(batch)
    # Where weights are sharded, every rank has to run the policy equally often.
    after = policy(**(other or batch).model_inputs()).logits
    if other is None:
        return Finding("other instruction", "all samples have the same")
    share = moved(before, after)
    seen = f"{share:.1%} of the probability moves"
    if share < HARDLY:
        advice = "The policy does not tell instructions apart (yet); if it is trained, that is a fault."
        return Finding("other instruction", seen, "warning", advice)
    return Finding("other instruction", seen)


def _first_tokens(logits: Logits, batch: VLABatch) -> Finding:
    lengths = (batch.labels[:, 1:] != IGNORED_LABEL).sum(dim=1)
    starts = lengths.cumsum(dim=0) - lengths
    wanted = batch.labels[:, 1:][batch.labels[:, 1:] != IGNORED_LABEL][starts]
    predicted, demonstrated = len(set(logits[starts].argmax(dim=-1).tolist())), len(set(wanted.tolist()))
    seen = f"{predicted} different first tokens predicted, {demonstrated} demonstrated"
    if predicted == 1 and demonstrated > 1:
        advice = "The policy answers the same to every frame; it has to learn otherwise."
        return Finding("predictions", seen, "warning", advice)
    return Finding("predictions", seen)
