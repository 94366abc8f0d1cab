"""Render random tabletops and sign boards, with what is true about them: `python -m vlareg.data.concepts`."""

import argparse
import os
from pathlib import Path

from vlareg.data.concepts.scenes import render_scenes


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(prog="python -m vlareg.data.concepts", description=__doc__)
    parser.add_argument("--count", type=int, default=12000, help="tabletop scenes (default: 12000)")
    parser.add_argument("--signs", type=int, help="scenes with a sign board (default: half of --count)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--output", type=Path, help="folder (default: one in the user's cache)")
    scenes = render_scenes(**vars(parser.parse_args()))
    print(f"{len(scenes['frames'])} scenes, {scenes['frames'].nbytes / 1e6:.0f} MB of frames")


if __name__ == "__main__":
    main()
