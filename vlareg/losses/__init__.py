"""Losses on tensors."""

from vlareg.losses.contrastive import ContrastiveLoss, ContrastiveTerms
from vlareg.losses.cosine_alignment import CosineAlignmentLoss
from vlareg.losses.info_nce import InfoNCELoss
from vlareg.losses.l2_alignment import L2AlignmentLoss
from vlareg.losses.rscl import RSCLLoss

__all__ = ["ContrastiveLoss", "ContrastiveTerms", "CosineAlignmentLoss", "InfoNCELoss", "L2AlignmentLoss", "RSCLLoss"]
