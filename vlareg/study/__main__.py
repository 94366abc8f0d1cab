"""Compare what policies represent with actions, states and sentences.

python -m vlareg.study checkpoints/openvla-mini outputs/train/policy --evaluations outputs/demo/* --report outputs/study
python -m vlareg.study A B --data.suite libero_goal --data.folder DIR --data.tasks [0,1,2] --data.action_key actions --report DIR
"""

from vlareg.study.command import main

if __name__ == "__main__":
    main()
