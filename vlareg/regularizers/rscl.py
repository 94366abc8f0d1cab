"""Robot-state-aware contrastive regularization."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.cutoff import Cutoff, ViewCutoff
from vlareg.losses import ContrastiveLoss, Frames, RSCLLoss
from vlareg.regularizers.base import Regularizer, RegularizerOutput
from vlareg.regularizers.contrastive_health import ContrastiveHealth, effective_rank_of_directions
from vlareg.regularizers.projector import MLPProjector
from vlareg.regularizers.robot_state import RobotState
from vlareg.regularizers.state_source import StateSource
from vlareg.regularizers.summary_adapter import SummaryAdapter
from vlareg.regularizers.weights import CosineDecay, WeightSchedule
from vlareg.shapes import TokenMask, Tokens


class RSCL(Regularizer):
    r"""Make a layer of the policy tell robot states apart.

    The layer's tokens $h$ (patches of every view and the prompt; never the action tokens, which are the answer) go
    through the adapter and the projector to $z$, a copy with a part cut off, $\mathrm{cut}(h)$, to $\tilde z$:
    $$L = -\frac{1}{N}\sum_i \sum_j w_{ij} \log \frac{\exp(\cos(z_i, \tilde z_j)/\tau)}{\sum_k \exp(\cos(z_i, \tilde
    z_k)/\tau)},\qquad w_{ij} = \mathrm{softmax}_j\left(-\lVert q_i - q_j \rVert_2 / \beta\right)$$
    The policy runs once; gradients reach its weights up to the layer.

    Logged: `loss` and `kl` (nats; the second is the loss above its floor, what can be learned), `floor` (nats, entropy
    of the weights), `perplexity` and `keys` (numbers of keys that an anchor is drawn to and compared with),
    `positive_cosine` and `negative_cosine` (dimensionless, in [-1, 1]), `alignment` (in [0, 4]) and `uniformity` (in
    [-8, 0]; see `ContrastiveTerms`), `effective_rank` (directions that z takes, from 1), `beta` (unit of the scaled
    states).

    While training it warns, once each, when the weights are all but uniform (perplexity above 95 % of the keys) and
    when z has collapsed (effective rank below 1.5 in 100 successive steps).

    Args:
        layer: Module path of the tapped block, for example `language_model.model.layers.15`.
        dim: Width of its output.
        adapter: From tokens and mask to one vector per sample, with an attribute `out_dim` and, where it has to see
            the policy run, a context `watch(policy)`; by default a `SummaryAdapter` of one block.
        projector: From that vector to z; by default two layers, 2048 and 128.
        cutoff: What is cut off the copy; by default one view of each sample.
        loss: Contrastive loss; by default RS-CL with beta calibrated to a quarter of the batch's median state distance,
            which draws an anchor to a fraction of a batch.
        states: What the loss compares samples by; by default the end effector's state, standardised.
        weight: Factor of the loss over the run; by default a half cosine from 1 to 0.
        name: Name in logged keys.

    Raises:
        ValueError: If an argument is out of range.

    Reference:
        Kim et al., "Contrastive Representation Regularization for Vision-Language-Action Models", 2025, arXiv
        2510.01711. There the VLM is frozen and the adapter lies on the way to the actions; here the policy itself is
        trained and the adapter is a side head (`SummaryAdapter`) or the policy's own upper blocks
        (`UpperBlocksAdapter`).

    Example:
        >>> rscl = RSCL("language_model.model.layers.1", dim=32)
        >>> round(rscl.weight(step=50, total_steps=100), 3)
        0.5
    """

    def __init__(
        self,
        layer: str,
        dim: int,
        *,
        adapter: nn.Module | None = None,
        projector: nn.Module | None = None,
        cutoff: Cutoff | None = None,
        loss: ContrastiveLoss | None = None,
        states: StateSource | None = None,
        weight: WeightSchedule | None = None,
        name: str = "rscl",
    ) -> None:
        super().__init__([layer], weight or CosineDecay(), name)
        self.adapter = SummaryAdapter(dim) if adapter is None else adapter
        self.projector = MLPProjector(self.adapter.out_dim) if projector is None else projector  # type: ignore[arg-type]
        self.cutoff = cutoff or ViewCutoff()
        self.loss = loss or RSCLLoss(beta=0.25, beta_unit="median")
        self.states = states or RobotState()
        self._health = ContrastiveHealth(name)

    @contextmanager
    def watch(self, policy: nn.Module) -> Iterator[None]:
        """Read the layer, and let the adapter watch the policy if it wants to."""
        with super().watch(policy), getattr(self.adapter, "watch", nullcontext)(policy):
            yield

    def fit(self, data: Mapping[str, Tensor | None]) -> None:
        """Scale the states as the training split is spread."""
        values = data.get(self.states.quantity)
        if self.loss.uses_states and values is not None:
            self.states.fit(values)

    def regularize(self, batch: VLABatch, features: Mapping[str, Tokens]) -> RegularizerOutput:
        """Return the contrastive loss of a batch."""
        tokens, mask = features[self.layers[0]], batch.condition_mask
        z = self.represent(tokens, mask)
        z_cutoff = self.represent(self.cutoff(tokens, mask, batch.view_slices, batch.sample_ids), mask)
        states = self.states.read(batch) if self.loss.uses_states else None
        terms = self.loss.terms(z, z_cutoff, states, Frames(batch.episode_ids, batch.sample_ids))
        logs = {name: value.detach() for name, value in terms._asdict().items()}
        logs["effective_rank"] = effective_rank_of_directions(z)
        if self.training:
            self._health.check(logs)
        return RegularizerOutput(terms.loss, logs)

    def represent(self, tokens: Tokens, mask: TokenMask) -> Float[Tensor, "batch z_dim"]:
        """Return z of hidden states.

        Args:
            tokens: Hidden states of the model's sequence.
            mask: True at positions that may be read.
        """
        z: Tensor = self.projector(self.adapter(tokens, mask))
        return z
