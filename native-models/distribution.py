"""How the features and outputs of a model were distributed in training, for drift: distribution.json (docs/drift.md).

    from distribution import write_distribution
    write_distribution("native-models/shop/1", {"amount": x[:, 0], "hour": x[:, 1]}, {"score": scores})

The values are those that the model gets and gives: features after scaling, by the names that `scorelane features` prints, outputs by
their names in results. It needs nothing but NumPy. model.yaml names the file: `distribution: { path: distribution.json }`.
"""

import json
import os

import numpy as np

BINS = 20


def cuts_for(values):
    """Where bins meet: quantiles, both sides of each value that a bin's share of the values has, and both ends."""
    ordered = np.sort(values)
    count = len(ordered)
    if count == 0:
        return np.array([], dtype=np.float32)
    cuts = {ordered[0], float_above(ordered[-1])}
    for rank in range(BINS):
        value = ordered[rank * count // BINS]
        cuts.add(value)
        last = np.searchsorted(ordered, value) + -(-count // BINS) - 1
        if last < count and ordered[last] == value:
            cuts.add(float_above(value))
    return np.array(sorted(cuts), dtype=np.float32)


def float_above(value):
    return np.nextafter(np.float32(value), np.float32(np.inf))


def counted(values):
    """Adding zero makes one zero of both."""
    values = np.asarray(values).astype(np.float32).ravel() + np.float32(0)
    numbers = values[~np.isnan(values)]
    if np.isinf(numbers).any():
        raise ValueError("expected finite values or NaN, found infinity, which no record can have")
    cuts = cuts_for(numbers)
    counts = np.bincount(np.searchsorted(cuts, numbers, side="right"), minlength=len(cuts) + 1)
    shortest = [float(np.format_float_positional(cut, unique=True, trim="-")) for cut in cuts]
    return {"cuts": shortest, "counts": counts.tolist(), "missing": int(len(values) - len(numbers))}


def distribution(features, outputs):
    """`features` and `outputs`: from names to the values of the same records, one each."""
    lengths = {name: len(values) for name, values in [*features.items(), *outputs.items()]}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"expected as many values of each column, found {lengths}")
    return {
        "records": next(iter(lengths.values())),
        "features": {name: counted(values) for name, values in features.items()},
        "outputs": {name: counted(values) for name, values in outputs.items()},
    }


def write_distribution(folder, features, outputs):
    """Writes distribution.json into the folder of a version."""
    with open(os.path.join(folder, "distribution.json"), "w", encoding="utf8") as file:
        json.dump(distribution(features, outputs), file)
        file.write("\n")
