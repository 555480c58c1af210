"""The windows of a CSV file by pandas, held against a feature matrix.

    windows.py RECORDS.csv MATRIX.csv WINDOWS.json

WINDOWS.json is a list of {"column", "function", "by", "of", "sizeMs", "hopMs", "panes", "delayMs", "empty"}. Records are in the order of
time, in milliseconds in the column "at". Prints a JSON object: rows, columns compared, and the worst difference of each,
relative to the larger of 1 and the value.
"""

import json
import sys

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer


class Bounds(BaseIndexer):
    """Windows from `first[i]` up to `last[i]`, as positions."""

    def get_window_bounds(self, num_values=0, min_periods=None, center=None, closed=None, step=None):
        return self.first, self.last


def bounds(frame, window):
    """For each row of a frame that is sorted by key, then by order: where its window begins and ends."""
    at = frame["at"].to_numpy()
    hop = window["hopMs"]
    own = at // hop
    end = own if window["delayMs"] == 0 else (at - window["delayMs"]) // hop - 1
    first = np.zeros(len(frame), dtype=np.int64)
    last = np.zeros(len(frame), dtype=np.int64)
    for positions in frame.groupby(window["by"], sort=False).indices.values():
        low, high = positions[0], positions[-1] + 1
        times = at[low:high]
        first[low:high] = low + np.searchsorted(times, (end[low:high] - window["panes"] + 1) * hop, "left")
        if window["delayMs"] == 0:
            last[low:high] = np.arange(low, high) + 1
        else:
            last[low:high] = low + np.searchsorted(times, (end[low:high] + 1) * hop, "left")
    return first, np.maximum(first, last)


def expected(records, window):
    frame = records.sort_values([window["by"], "order"], kind="stable").reset_index(drop=True)
    if window["function"] == "timeSinceLast":
        values = frame.groupby(window["by"], sort=False)["at"].diff() / 1000
        values = values.where(values * 1000 <= window["idleMs"])
    else:
        first, last = bounds(frame, window)
        if window["function"] in ("count", "rate"):
            values = pd.Series((last - first).astype(float))
            if window["function"] == "rate":
                values /= window["sizeMs"] / 1000
        else:
            of = frame[window["of"]]
            if window["function"] == "distinct":
                of = pd.Series(pd.factorize(of)[0], dtype=float)
            rolling = of.astype(float).rolling(Bounds(first=first, last=last), min_periods=1)
            values = {
                "sum": lambda: rolling.sum(),
                "mean": lambda: rolling.mean(),
                "variance": lambda: rolling.var(ddof=0),
                "min": lambda: rolling.min(),
                "max": lambda: rolling.max(),
                "distinct": lambda: rolling.apply(lambda window: len(np.unique(window)), raw=True),
            }[window["function"]]()
    values = values.fillna(window["empty"]).to_numpy()
    in_order = np.empty(len(frame))
    in_order[frame["order"].to_numpy()] = values
    return in_order


def main():
    records = pd.read_csv(sys.argv[1])
    records["order"] = np.arange(len(records))
    matrix = pd.read_csv(sys.argv[2])
    with open(sys.argv[3], encoding="utf8") as file:
        windows = json.load(file)
    worst = {}
    for window in windows:
        wanted = expected(records, window)
        found = matrix[window["column"]].to_numpy()
        worst[window["column"]] = float(np.max(np.abs(found - wanted) / np.maximum(1, np.abs(wanted))))
    print(json.dumps({"rows": len(matrix), "worst": worst}))


main()
