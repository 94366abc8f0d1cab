"""Fine-tune a Vision-Language-Action policy, with regularizers, and watch its representation.

python train.py                                                    # the small checkpoint on four tasks it has not seen
python train.py --config configs/train.yaml --config configs/experiment/full.yaml   # the full recipe: a file, and what changes
python train.py --trainer.max_steps 200 --model.optimization.learning_rate 1e-3
python train.py --ckpt_path outputs/train/checkpoints/last.ckpt    # go on where a run was stopped
python train.py validate --ckpt_path outputs/train/checkpoints/last.ckpt   # measure it on the held-out episodes
python train.py --print_config                                     # every argument with its value
python train.py fit --help                                         # what every argument means
python train.py fit --model.regularizers.help vlareg.regularizers.RSCL   # the same of a class that YAML names
"""

from vlareg.cli import train

if __name__ == "__main__":
    train(description=__doc__)
