"""Trains a model with scikit-learn, XGBoost and LightGBM each, writes it as ONNX as their users do, and says what it gives for 1,000
records. Argument: a folder, in which each model gets one of its own, with model.onnx and golden.json."""

import json
import os
import sys

import lightgbm
import numpy as np
import onnxmltools
import pandas as pd
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as FloatTensor
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

RECORDS, WIDTH = 1_000, 12
root = sys.argv[1]
rng = np.random.default_rng(17)


def write(name, onnx_model, records, outputs):
    folder = os.path.join(root, name, "1")
    os.makedirs(folder)
    with open(os.path.join(folder, "model.onnx"), "wb") as file:
        file.write(onnx_model.SerializeToString())
    columns = {key: values.tolist() for key, values in outputs.items()}
    golden = [
        {"record": record, "outputs": {key: values[index] for key, values in columns.items()}}
        for index, record in enumerate(records)
    ]
    with open(os.path.join(folder, "golden.json"), "w", encoding="utf8") as file:
        json.dump(golden, file)


def scikit_learn():
    """A pipeline on columns of a table, and classes that are words. The converter puts a ZipMap at the end unless told otherwise."""
    table = pd.DataFrame(
        {
            "amount": np.round(rng.exponential(50, RECORDS), 2).astype(np.float32),
            "age": rng.integers(18, 90, RECORDS),
            "kind": rng.choice(["card", "cash", "wire"], RECORDS),
            "country": rng.choice(["de", "fr", "us", "日本"], RECORDS),
        }
    )
    is_fraud = ((table.amount > 60) & (table.kind == "wire")) | ((table.age < 30) & (table.country == "日本"))
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["amount", "age"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["kind", "country"]),
        ]
    )
    pipeline = make_pipeline(columns, GradientBoostingClassifier(n_estimators=60, random_state=0))
    pipeline.fit(table, np.where(is_fraud, "fraud", "fine"))
    inputs = [
        ("amount", FloatTensorType([None, 1])),
        ("age", Int64TensorType([None, 1])),
        ("kind", StringTensorType([None, 1])),
        ("country", StringTensorType([None, 1])),
    ]
    table.loc[0, "country"] = "none that it knows"
    outputs = {"label": pipeline.predict(table), "probabilities": pipeline.predict_proba(table)}
    write("scikit-learn", convert_sklearn(pipeline, "fraud", inputs), table.to_dict("records"), outputs)


def trees(name, classifier, convert):
    """Three classes, with one tensor of floats as the input."""
    rows = rng.normal(size=(RECORDS, WIDTH)).astype(np.float32)
    classes = (rows[:, 0] * rows[:, 1] + rows[:, 2] > 0.3).astype(int) + (rows[:, 3] > 0.5)
    classifier.fit(rows, classes)
    model = convert(classifier, initial_types=[("features", FloatTensor([None, WIDTH]))])
    outputs = {"label": classifier.predict(rows), "probabilities": classifier.predict_proba(rows)}
    write(name, model, [{"features": row} for row in rows.tolist()], outputs)


scikit_learn()
trees("xgboost", xgboost.XGBClassifier(n_estimators=60, max_depth=4, n_jobs=1), onnxmltools.convert_xgboost)
trees("lightgbm", lightgbm.LGBMClassifier(n_estimators=60, n_jobs=1, verbose=-1), onnxmltools.convert_lightgbm)
