"""What the training scripts of the use cases share: their records and features come from scorelane itself, so that training and
serving cannot differ, and a Keras model becomes a model version."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..")
sys.path.insert(0, HERE)

from distribution import write_distribution  # noqa: E402
from mlp import deterministic, number, write_json  # noqa: E402, F401
from export import Export  # noqa: E402

import numpy as np  # noqa: E402


class UseCase:
    """A model version in `folder`, whose records are generated."""

    def __init__(self, folder, generator, seed):
        self.folder, self.generator, self.seed = os.path.abspath(folder), generator, seed
        self.name = os.path.basename(os.path.dirname(self.folder))
        self.work = tempfile.mkdtemp()

    def scorelane(self, command, *args):
        settings = ["--config", "config/kafka.yaml", "--set", f"model.repository={HERE}"]
        settings += ["--set", f"model.name={self.name}", "--set", "model.version=1"]
        subprocess.run(["node", "src/main.ts", command, *settings, *args, "--quiet"], cwd=ROOT, check=True)

    def manifest(self, inputs, rest=""):
        """Writes model.yaml: with `inputs` alone while there is no model, then with the `rest`."""
        head = f"# Written by train.py. What each key means: docs/models.md\nname: {self.name}\nversion: 1\n"
        with open(os.path.join(self.folder, "model.yaml"), "w", encoding="utf8") as file:
            file.write(head + inputs.rstrip() + "\n" + rest)

    def records(self, count, seed=None):
        """The path of a CSV file with so many records."""
        path = os.path.join(self.work, f"records-{count}-{seed or self.seed}.csv")
        self.scorelane("produce", "--generate", self.generator, "--seed", str(seed or self.seed), "--count", str(count), "--to", path)
        return path

    def matrix(self, path, keep=()):
        """The columns of the features of these records, by the plan in model.yaml, and those that are kept as text. `names` has what
        the features are called."""
        kept = [word for name in keep for word in ("--keep", name)]
        self.scorelane("features", "--csv", path, "--out", path + ".features", *kept)
        with open(path + ".features", encoding="utf8") as file:
            header, *rows = csv.reader(file)
        self.names = header[len(keep) :]
        columns = np.array(rows, dtype=object)
        return columns[:, len(keep) :].astype(np.float64), {name: columns[:, index] for index, name in enumerate(keep)}

    def write(self, model, golden_path, rows_of, fields, outputs):
        """Writes what serves `model`, and golden.json: the records of `golden_path` with what the model gives for `rows_of` their
        features, under the names that `outputs` gives the model's own."""
        path = os.path.join(self.work, "model.keras")
        model.save(path)
        draft = os.path.join(self.work, "export")
        export = Export(path, draft)
        for name in ("saved_model", "model.json"):
            if export.told["savedModel" if name == "saved_model" else "web"].get("missing"):
                raise SystemExit(f"{name} could not be written: {export.told}")
        for name in os.listdir(self.folder):
            if name == "saved_model" or name.startswith("group") or name.endswith(".bin"):
                target = os.path.join(self.folder, name)
                shutil.rmtree(target) if os.path.isdir(target) else os.remove(target)
        shutil.copytree(draft, self.folder, dirs_exist_ok=True)
        features, _ = self.matrix(golden_path)
        given = export.predict({name: values.tolist() for name, values in rows_of(features).items()})
        with open(golden_path, encoding="utf8") as file:
            records = [{name: fields[name](row[name]) for name in fields} for row in csv.DictReader(file)]
        write_json(
            os.path.join(self.folder, "golden.json"),
            [
                {"record": record, "outputs": {called: given[own][index] for own, called in outputs.items()}}
                for index, record in enumerate(records)
            ],
        )

    def distribution(self, features, outputs):
        """Writes how the features of the training, a row for each record, and the outputs were distributed. To be called before a
        `manifest` that names the file."""
        write_distribution(self.folder, dict(zip(self.names, features.T)), outputs)

    def metrics(self, found):
        write_json(os.path.join(self.folder, "metrics.json"), found)
        print(json.dumps(found))

    def end(self):
        shutil.rmtree(self.work)
