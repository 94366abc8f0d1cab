"""Roll a policy out on a LIBERO suite and count its successes.

    python eval_libero.py                                             # the embedded checkpoint on the embedded suite
    python eval_libero.py --checkpoint outputs/train/policy --tasks 6 7 8 9   # a fine-tuned policy
    python eval_libero.py --tasks 6 7 8 9 --instruction other         # told the other task of the same scene
    python eval_libero.py --tasks 6 7 8 9 --image black               # without sight
    python eval_libero.py --tasks 6 7 8 9 --random-weights            # before any training
    python eval_libero.py --suite libero_spatial --checkpoint DIR --protocol lerobot   # another harness's conventions
    python eval_libero.py --policy my_module:MyPolicy --checkpoint DIR --protocol openvla_oft   # your own policy
    python eval_libero.py --shard 2/3                                 # the second of three machines
    python eval_libero.py ray --shards 3 --output DIR                 # or all three on a Ray cluster, merged in the end
    python eval_libero.py --help

Interrupt it when you like: the same command goes on where it ended. What came out, from the results folders:

    python eval_libero.py merge OUT SHARD_1 SHARD_2 SHARD_3           # the folders of all machines in one
    python eval_libero.py report DIR                                  # one HTML file: tables, curves, films
    python eval_libero.py report DIR --loggers tensorboard wandb      # and the success rates for these
    python eval_libero.py compare A B                                 # two policies on the same episodes
    python eval_libero.py compare --a A0 A1 A2 --b B0 B1 B2           # two arms of three training seeds each
    python eval_libero.py compare A B --across-perturbations          # a policy with and without a perturbation
"""

if (
    __name__ == "__main__"
):  # worker processes import this file; inside, so that they do not import what the policy needs
    from vlareg.cli import evaluate_cli

    evaluate_cli()
