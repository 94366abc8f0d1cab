#!/usr/bin/env bash
# The whole loop: record demonstrations, fine-tune with and without regularizers, roll out, report in outputs/demo.
set -euo pipefail
PY=${PY:-.venv/bin/python}
episodes=${EPISODES:-10}

"$PY" train.py
"$PY" train.py --config configs/train.yaml --config configs/plain.yaml
for run in base plain train; do
    checkpoint=outputs/$run/policy
    [ "$run" = base ] && checkpoint=checkpoints/openvla-mini
    "$PY" eval_libero.py --checkpoint "$checkpoint" --tasks 6 7 8 9 --episodes "$episodes" --output "outputs/demo/$run"
done
"$PY" -m vlareg.summary --runs '{"plain": "outputs/plain", "regularized": "outputs/train"}' \
    --evaluations '{"base": "outputs/demo/base", "plain": "outputs/demo/plain", "regularized": "outputs/demo/train"}' --report outputs/demo
