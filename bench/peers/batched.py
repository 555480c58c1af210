"""What people write in Python when they care: confluent-kafka (librdkafka) in batches, one call of TensorFlow or of
onnxruntime a batch, results flushed and offsets committed before the next one. Prints how fast it was as one line of JSON.
"""

import argparse
import json
import os
import resource
import sys
import time

for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import msgpack
import numpy as np
from confluent_kafka import Consumer, Producer

parser = argparse.ArgumentParser()
for name in ("brokers", "input", "output", "group", "model", "format", "backend"):
    parser.add_argument(f"--{name}", required=True)
for name in ("count", "seconds", "warm-up"):
    parser.add_argument(f"--{name}", type=float, required=True)
parser.add_argument("--wait", type=float, default=0.05)
args = parser.parse_args()

BATCH = 4_096


def load(runtime, folder):
    """A function from a float32 array [rows, width] to scores [rows]."""
    if runtime == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(os.path.join(folder, "model.onnx"), options, ["CPUExecutionProvider"])
        return lambda rows: session.run(None, {"features": rows})[0][:, 0]
    import tensorflow as tf

    loaded = tf.saved_model.load(os.path.join(folder, "saved_model"))
    call = loaded.signatures["serving_default"]
    return lambda rows: call(features=tf.constant(rows))["score"].numpy()[:, 0]


if args.format == "json":
    decode = json.loads
    encode = lambda result: json.dumps(result).encode()
else:
    decode = msgpack.unpackb
    encode = msgpack.packb

predict = load(args.backend, args.model)
model = os.path.basename(os.path.dirname(args.model))
consumer = Consumer(
    {
        "bootstrap.servers": args.brokers,
        "group.id": args.group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "fetch.max.bytes": 16 * 2**20,
        "queued.max.messages.kbytes": 65_536,
        "queued.min.messages": 100_000,
    }
)
producer = Producer(
    {
        "bootstrap.servers": args.brokers,
        "acks": "all",
        "linger.ms": 2,
        "batch.num.messages": 10_000,
        "batch.size": 900_000,
        "queue.buffering.max.messages": 1_000_000,
    }
)
failed = []


def delivered(error, _):
    if error is not None:
        failed.append(error)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


consumer.subscribe([args.input])
scored = 0
# Where the measured time begins: with the first record, and again after the warm-up.
measured = None
warm = False
while True:
    messages = [each for each in consumer.consume(BATCH, args.wait) if each.error() is None]
    if not messages:
        continue
    if measured is None:
        measured = (0, time.monotonic(), cpu())
    records = [decode(message.value()) for message in messages]
    rows = np.array([record["features"] for record in records], dtype=np.float32)
    scores = predict(rows).tolist()
    for message, record, score in zip(messages, records, scores):
        producer.produce(
            args.output,
            encode({"id": record["id"], "score": score, "model": model}),
            message.key(),
            message.partition(),
            delivered,
        )
        producer.poll(0)
    if producer.flush(30) > 0 or failed:
        sys.exit(f"results were not delivered: {failed[:3]}")
    consumer.commit(asynchronous=False)
    scored += len(messages)
    now = time.monotonic()
    if scored >= args.count or (warm and now - measured[1] >= args.seconds):
        break
    if not warm and now - measured[1] >= args.warm_up:
        warm = True
        measured = (scored, now, cpu())
records = scored - measured[0]
print(
    json.dumps(
        {
            "scored": scored,
            "recordsPerSecond": records / (time.monotonic() - measured[1]),
            "cpuMicrosPerRecord": (cpu() - measured[2]) * 1e6 / records,
        }
    )
)
consumer.close()
