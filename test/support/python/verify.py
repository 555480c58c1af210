"""An independent audit of a run: reads input, results and dead letters with librdkafka, scores the input with Python's
TensorFlow from model.yaml and the SavedModel, and prints one JSON object of what it found. It takes a list a line, in
JSON, until its input ends:

    [ADDRESS, GROUP, INPUT, RESULTS, DEAD_LETTERS, MODEL_FOLDER, "msgpack" or "json"]
"""

import json
import math
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import msgpack
import numpy as np
import tensorflow as tf
from confluent_kafka import Consumer, KafkaError, TopicPartition

# Seconds without a record before it gives up, and seconds that one poll waits to be full.
TIMEOUT = 30
POLL = 0.2


def read(address, topic):
    """All records of a topic: {partition: [message, ...]} in log order."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "verify",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = sorted(consumer.list_topics(topic, timeout=TIMEOUT).topics[topic].partitions)
    ends = {}
    for partition in partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT)
        if high > low:
            ends[partition] = high
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    messages = {partition: [] for partition in partitions}
    # The last offsets of a partition may be those of transaction markers, which are no messages.
    position = {partition: 0 for partition in ends}
    deadline = time.monotonic() + TIMEOUT
    while any(position[p] < end for p, end in ends.items()):
        if time.monotonic() > deadline:
            sys.exit(f"{topic}: no more records, expected {ends}")
        for message in consumer.consume(1_000, POLL):
            deadline = time.monotonic() + TIMEOUT
            if message.error() is None:
                messages[message.partition()].append(message)
                position[message.partition()] = message.offset() + 1
            elif message.error().code() == KafkaError._PARTITION_EOF:
                position[message.partition()] = message.offset()
            else:
                sys.exit(str(message.error()))
    consumer.close()
    return messages


def committed(address, group, topic, partitions):
    consumer = Consumer({"bootstrap.servers": address, "group.id": group, "enable.auto.commit": False})
    found = consumer.committed([TopicPartition(topic, p) for p in partitions], timeout=TIMEOUT)
    consumer.close()
    return {tp.partition: tp.offset for tp in found}


def inputs_of(folder):
    """The inputs of model.yaml. Read line by line: it is one flow map a line, and no YAML package is needed."""
    inputs = []
    with open(os.path.join(folder, "model.yaml"), encoding="utf8") as file:
        for line in file:
            if line.startswith("  - {"):
                fields = dict(part.split(": ") for part in line.strip()[3:-1].strip("{} ").split(", "))
                inputs.append((fields["path"], "log1p" in fields, float(fields["mean"]), float(fields["std"])))
    return inputs


def decode(value, form):
    if value is None:
        return None
    try:
        record = msgpack.unpackb(value) if form == "msgpack" else json.loads(value)
    except Exception:
        return None
    return record if isinstance(record, dict) else None


def features(record, inputs):
    """One row, or None for a record that cannot be scored."""
    if record is None:
        return None
    row = []
    for path, log1p, mean, std in inputs:
        value = record.get(path)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        row.append(((math.log1p(value) if log1p else value) - mean) / std)
    return row


def source(message, prefix):
    headers = dict(message.headers())
    return int(headers[f"{prefix}.partition"]), int(headers[f"{prefix}.offset"])


def main(address, group, input_topic, result_topic, dead_topic, folder, form="msgpack"):
    inputs = inputs_of(folder)
    records = read(address, input_topic)
    by_source = {(p, m.offset()): m for p, messages in records.items() for m in messages}
    rows = {key: features(decode(m.value(), form), inputs) for key, m in by_source.items()}
    good = [key for key, row in rows.items() if row is not None]
    model = tf.saved_model.load(os.path.join(folder, "saved_model")).signatures["serving_default"]
    matrix = np.array([rows[key] for key in good], dtype=np.float32).reshape(-1, len(inputs))
    scores = {}
    for start in range(0, len(good), 8192):
        chunk = model(tf.constant(matrix[start : start + 8192]))["score"].numpy()[:, 0]
        scores.update(zip(good[start : start + 8192], chunk))

    results, dead = {}, {}
    rewinds = wrong_key = wrong_timestamp = wrong_partition = wrong_id = 0
    worst = 0.0
    for partition, messages in read(address, result_topic).items():
        last = -1
        for message in messages:
            key = source(message, "__scorelane.source")
            results[key] = results.get(key, 0) + 1
            rewinds += key[1] <= last
            last = key[1]
            original = by_source[key]
            value = decode(message.value(), form)
            wrong_partition += key[0] != partition
            wrong_key += original.key() != message.key()
            wrong_timestamp += original.timestamp() != message.timestamp()
            wrong_id += decode(original.value(), form)["id"] != value["id"]
            worst = max(worst, abs(float(scores[key]) - value["score"]))
    untouched = True
    codes = {}
    refused = set()
    for messages in read(address, dead_topic).values():
        for message in messages:
            key = source(message, "__scorelane.errors")
            dead[key] = dead.get(key, 0) + 1
            original = by_source[key]
            untouched &= original.value() == message.value() and original.key() == message.key()
            untouched &= original.timestamp() == message.timestamp()
            code = dict(message.headers())["__scorelane.errors.code"].decode()
            codes[code] = codes.get(code, 0) + 1
            if code == "RESULT_REFUSED":
                refused.add(key)
    bad = {key for key, row in rows.items() if row is None}
    ends = {p: messages[-1].offset() + 1 for p, messages in records.items() if messages}
    offsets = committed(address, group, input_topic, sorted(ends))
    print(
        json.dumps(
            {
                "inputs": len(by_source),
                "bad": len(bad),
                "results": sum(results.values()),
                "deadLetters": sum(dead.values()),
                "missing": sum(1 for key in by_source if key not in results and key not in dead),
                "repeats": sum(results.values()) - len(results) + sum(dead.values()) - len(dead),
                "wronglyDead": sum(1 for key in dead if key not in bad),
                "refused": sum(1 for key in refused if key not in bad),
                "wronglyScored": sum(1 for key in results if key in bad),
                "rewinds": rewinds,
                "wrongKey": wrong_key,
                "wrongTimestamp": wrong_timestamp,
                "wrongPartition": wrong_partition,
                "wrongId": wrong_id,
                "deadUntouched": bool(untouched),
                "codes": codes,
                "worstDifference": worst,
                "uncommitted": sum(end - max(0, offsets[p]) for p, end in ends.items()),
                "resultsAboveCommitted": sum(1 for p, o in list(results) + list(dead) if o >= max(0, offsets[p])),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    for line in sys.stdin:
        main(*json.loads(line))
