"""Policies that vlareg trains: OpenVLA, in its own code."""
