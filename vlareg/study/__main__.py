"""Compare what policies represent with actions, states and sentences.

python -m vlareg.study checkpoints/openvla-mini outputs/train/policy --evaluations outputs/demo/* --report outputs/study
python -m vlareg.study A B --data.suite libero_goal --data.folder DIR --data.tasks [0,1,2] --data.action_key actions --report DIR

A folder's files are read as LIBERO's raw ones. OpenVLA's regenerated ones are observed before the action and name their task:
add `--data.conventions.observed_after_action false --data.conventions.language file_name`.
"""

from vlareg.study.command import main

if __name__ == "__main__":
    main()
