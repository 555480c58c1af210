"""Asks a server by the clients that others use: tritonclient for the Open Inference Protocol, and
requests for the REST interface of TensorFlow Serving. Reads rows from standard input, as JSON, and
prints what came back."""

import json
import sys

import numpy as np
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

url, model, token = sys.argv[1:4]
rows = np.array(json.load(sys.stdin), dtype=np.float32)
host = url.removeprefix("http://")

# As many connections as requests at one time.
client = triton.InferenceServerClient(url=host, concurrency=8)
told = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready() and client.is_model_ready(model) and client.is_model_ready(model, "1"),
    "server": client.get_server_metadata(),
    "metadata": client.get_model_metadata(model),
}
name = told["metadata"]["inputs"][0]["name"]
output = told["metadata"]["outputs"][0]["name"]


def inferred(given, binary, wanted):
    tensor = triton.InferInput(name, list(given.shape), "FP32")
    tensor.set_data_from_numpy(given, binary_data=binary)
    outputs = None if wanted is None else [triton.InferRequestedOutput(output, binary_data=wanted)]
    result = client.infer(model, [tensor], outputs=outputs, request_id="seven")
    assert result.get_response()["id"] == "seven"
    return result.as_numpy(output).ravel().tolist()


told["infer"] = [inferred(rows, binary, wanted) for binary in (True, False) for wanted in (True, False, None)]

tensor = triton.InferInput(name, list(rows.shape), "FP32")
tensor.set_data_from_numpy(rows)
together = [client.async_infer(model, [tensor]) for _ in range(8)]
told["async"] = [each.get_result().as_numpy(output).ravel().tolist() for each in together]

try:
    inferred(rows[:, :3], True, True)
    told["refused"] = ""
except InferenceServerException as error:
    told["refused"] = error.message()

client.load_model(model, headers={"authorization": f"Bearer {token}"})
told["index"] = client.get_model_repository_index()
try:
    client.unload_model(model)
    told["unload"] = ""
except InferenceServerException as error:
    told["unload"] = error.message()

base = f"{url}/v1/models/{model}"
told["status"] = requests.get(base).json()
told["signature"] = requests.get(f"{base}/metadata").json()["metadata"]["signature_def"]["signature_def"]
told["predictions"] = requests.post(f"{base}:predict", json={"instances": rows.tolist()}).json()["predictions"]
by_version = f"{base}/versions/1:predict"
told["outputs"] = requests.post(by_version, json={"inputs": {name: rows.tolist()}}).json()["outputs"]
print(json.dumps(told))
