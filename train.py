"""Fine-tune a Vision-Language-Action policy, with regularizers, and watch its representation.

python train.py                                                    # the small checkpoint on four tasks it has not seen
python train.py --config configs/train.yaml --config configs/experiment/full.yaml   # the full recipe
python train.py --trainer.max_steps 200 --model.optimization.learning_rate 1e-3
python train.py --ckpt_path outputs/train/checkpoints/last.ckpt    # go on where a run was stopped
python train.py --help
"""

from vlareg.cli import train

if __name__ == "__main__":
    train()
