"""Look into policies, side by side.

python -m vlareg.diagnose checkpoints/openvla-mini outputs/train/policy --output outputs/diagnose
python -m vlareg.diagnose A B --images DIR --data.suite libero_goal --data.folder DIR --data.action_key actions --output DIR

A folder's files are read as LIBERO's raw ones. OpenVLA's regenerated ones are observed before the action and name their task:
add `--data.conventions.observed_after_action false --data.conventions.language file_name`.
"""

from vlareg.diagnose.command import main

if __name__ == "__main__":
    main()
