import subprocess
import sys

import pytest

MEASURE = """
import resource, torch
from vlareg.functional import ACTIONS, FEATURES, cka, cknna, mutual_knn, neighbours, precision_at_k

neighbours.BLOCK_ELEMENTS = 40 * {samples}

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

score = {call}
generator = torch.Generator().manual_seed(0)
sides = lambda samples: (torch.randn(samples, 64, generator=generator), torch.randn(samples, 4, generator=generator))
score(*sides(100))  # libraries load on first use
x, y = sides({samples})
before = peak()
score(x, y)
print((peak() - before) / 1e6)
"""


@pytest.mark.parametrize(
    "call",
    [
        "lambda x, y: mutual_knn(x, y)",
        "lambda x, y: cknna(x, y, space=(FEATURES, ACTIONS), groups=torch.arange(len(x)) // 20)",
        "lambda x, y: cka(x, y, 'rbf', 'median')",
        "lambda x, y: precision_at_k(x, y, groups=torch.arange(len(x)) % 10, folds=2)",
    ],
)
def test_no_metric_holds_all_pairs_of_samples(call):
    samples = 12_000  # all pairs are 576 MB, and small results kept from each block leave holes of half as much
    command = [sys.executable, "-c", MEASURE.format(call=call, samples=samples)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 100
