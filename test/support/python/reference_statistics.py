# What SciPy and scikit-learn say of samples: reads them from one JSON file, and writes the figures
# to another.

import json
import sys

import numpy
from scipy import special, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve


def two_samples(left, right, cuts):
    left, right, edges = (numpy.array(values) for values in (left, right, cuts))
    expected, actual = (
        numpy.bincount(numpy.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
        for values in (left, right)
    )
    return {
        "ks": stats.ks_2samp(left, right).statistic,
        # Both relative entropies: what the population stability index is the sum of.
        "psi": finite(stats.entropy(expected, actual) + stats.entropy(actual, expected)),
        "floored": float(floored(expected, actual) + floored(actual, expected)),
        "quantiles": [float(numpy.quantile(left, share, method="inverted_cdf")) for share in (0.01, 0.5, 0.99)],
    }


def finite(value):
    return float(value) if numpy.isfinite(value) else None


def floored(expected, actual):
    one, other = (numpy.maximum(counts / counts.sum(), 1e-4) for counts in (expected, actual))
    return special.rel_entr(one, other).sum()


def labelled(scores, labels):
    decided = [score >= 0.5 for score in scores]
    shares, means = calibration_curve(labels, scores, n_bins=10, strategy="uniform")
    return {
        "auc": metrics.roc_auc_score(labels, scores),
        "ap": metrics.average_precision_score(labels, scores),
        "precision": metrics.precision_score(labels, decided),
        "recall": metrics.recall_score(labels, decided),
        "brier": metrics.brier_score_loss(labels, scores),
        "shares": shares.tolist(),
        "means": means.tolist(),
    }


with open(sys.argv[1]) as file:
    given = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump(
        {
            "pairs": [two_samples(**pair) for pair in given["pairs"]],
            "labelled": [labelled(**sample) for sample in given["labelled"]],
        },
        file,
    )
