"""Made the model of this folder, a multilayer perceptron of PyTorch, and what PyTorch says of 1,000 rows. Ran with torch 2.15.0 and
onnxscript 0.7.2: the wheel of torch takes 5.5 GB with what it needs, so tests use these files.

    pip install torch==2.15.0 onnxscript==0.7.2
    python export.py
"""

import json
import os

import numpy as np
import onnx
import torch
from torch import nn

ROWS, WIDTH = 1_000, 30
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "1")

torch.manual_seed(17)
model = nn.Sequential(
    nn.Linear(WIDTH, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 1), nn.Sigmoid()
)
row, column = np.indices((ROWS, WIDTH))
rows = torch.tensor(((row * 7919 + column * 104729) % 2000 - 1000) / 250, dtype=torch.float32)
model(rows)  # the normalisation learns means and variances
model.eval()

# Without dynamic_shapes the model takes as many records as the example has, and no others.
torch.onnx.export(
    model,
    (rows[:2],),
    os.path.join(folder, "model.onnx"),
    input_names=["features"],
    output_names=["score"],
    dynamic_shapes=({0: torch.export.Dim("records")},),
)
# The exporter notes where in which file each operator was written.
exported = onnx.load(os.path.join(folder, "model.onnx"), load_external_data=False)
for node in exported.graph.node:
    del node.metadata_props[:]
onnx.save(exported, os.path.join(folder, "model.onnx"))
with torch.no_grad():
    scores = model(rows)[:, 0].tolist()
with open(os.path.join(folder, "..", "scores.json"), "w", encoding="utf8") as file:
    json.dump([float(f"{score:.9g}") for score in scores], file)
    file.write("\n")
print(torch.__version__, min(scores), max(scores))
