"""Simulators with their conventions as named constants; `libero_mini` is the embedded suite."""

from vlareg.envs.libero_env import LiberoEnv, Observation
from vlareg.envs.suites import MAX_STEPS, SUITES, Suite

__all__ = ["MAX_STEPS", "SUITES", "LiberoEnv", "Observation", "Suite"]
