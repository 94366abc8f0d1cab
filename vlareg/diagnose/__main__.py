"""Look into policies, side by side.

python -m vlareg.diagnose checkpoints/openvla-mini outputs/train/policy --output outputs/diagnose
python -m vlareg.diagnose A B --images DIR --data.suite libero_goal --data.folder DIR --data.action_key actions --output DIR
"""

from vlareg.diagnose.command import main

if __name__ == "__main__":
    main()
