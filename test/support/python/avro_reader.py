"""Reads a topic of Avro values in the Confluent wire format, as their registered schemas say: with fastavro.

    avro_reader.py ADDRESS TOPIC REGISTRY COUNT

Prints a JSON list of COUNT values, those of one partition in their order.
"""

import io
import json
import struct
import sys
import time
import urllib.request

import fastavro
from confluent_kafka import Consumer


def main():
    address, topic, registry, count = sys.argv[1:]
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": f"avro-reader-{time.time()}", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    schemas = {}
    found = []
    deadline = time.time() + 60
    while len(found) < int(count) and time.time() < deadline:
        message = consumer.poll(1)
        if message is None or message.error():
            continue
        magic, number = struct.unpack(">bI", message.value()[:5])
        assert magic == 0, message.value()
        if number not in schemas:
            with urllib.request.urlopen(f"{registry}/schemas/ids/{number}") as response:
                schemas[number] = fastavro.parse_schema(json.loads(json.load(response)["schema"]))
        out = io.BytesIO(message.value()[5:])
        found.append(fastavro.schemaless_reader(out, schemas[number]))
        assert not out.read(), "something follows the value"
    consumer.close()
    print(json.dumps(found))


main()
