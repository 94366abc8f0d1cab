"""Regularize Vision-Language-Action policies while they are fine-tuned, and measure whether it helped."""

__version__ = "0.1.0"
