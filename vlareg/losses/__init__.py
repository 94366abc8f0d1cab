"""Losses on tensors."""

from vlareg.losses.contrastive import ContrastiveLoss, ContrastiveTerms, Frames
from vlareg.losses.cosine_alignment import CosineAlignmentLoss
from vlareg.losses.info_nce import InfoNCELoss
from vlareg.losses.l2_alignment import L2AlignmentLoss
from vlareg.losses.patch_info_nce import PatchInfoNCELoss
from vlareg.losses.rscl import RSCLLoss
from vlareg.losses.state_distance import EuclideanDistance, PoseDistance, StateDistance

__all__ = [
    "ContrastiveLoss",
    "ContrastiveTerms",
    "CosineAlignmentLoss",
    "EuclideanDistance",
    "Frames",
    "InfoNCELoss",
    "L2AlignmentLoss",
    "PatchInfoNCELoss",
    "PoseDistance",
    "RSCLLoss",
    "StateDistance",
]
