"""OpenVLA in a few short files: configuration, vision backbone, model, tokens and pre-processing."""

from vlareg.policies.openvla.action_tokenizer import ActionTokenizer
from vlareg.policies.openvla.config import OpenVLAConfig
from vlareg.policies.openvla.mini import build_mini_tokenizer, initialize, mini_config
from vlareg.policies.openvla.modeling import OpenVLAForActionPrediction, OpenVLAOutput
from vlareg.policies.openvla.normalization import normalize_actions, unnormalize_actions
from vlareg.policies.openvla.processor import OpenVLAProcessor
from vlareg.policies.openvla.static_decoding import StaticDecoder

__all__ = [
    "ActionTokenizer",
    "OpenVLAConfig",
    "OpenVLAForActionPrediction",
    "OpenVLAOutput",
    "OpenVLAProcessor",
    "StaticDecoder",
    "build_mini_tokenizer",
    "initialize",
    "mini_config",
    "normalize_actions",
    "unnormalize_actions",
]
