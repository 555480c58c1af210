"""Writes records as Avro, with fastavro, in the Confluent wire format: some with one writer's schema, some with another.

    avro_writer.py ADDRESS TOPIC REGISTRY SCHEMAS.json RECORDS.json

SCHEMAS.json is a list of schemas, each registered under the subject TOPIC-value. RECORDS.json is a list of [schema, record]: the
index of a schema, or a number from 1000 on, which stands for a schema number that nobody has registered (with the last schema).
"""

import io
import json
import struct
import sys
import urllib.request

import fastavro
from confluent_kafka import Producer


def register(registry, subject, schema):
    request = urllib.request.Request(
        f"{registry}/subjects/{subject}/versions",
        data=json.dumps({"schema": json.dumps(schema)}).encode(),
        headers={"content-type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)["id"]


def main():
    address, topic, registry, schemas_file, records_file = sys.argv[1:]
    with open(schemas_file, encoding="utf8") as file:
        schemas = json.load(file)
    with open(records_file, encoding="utf8") as file:
        records = json.load(file)
    ids = [register(registry, f"{topic}-value", schema) for schema in schemas]
    parsed = [fastavro.parse_schema(schema) for schema in schemas]
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True})
    for index, record in records:
        number = ids[index] if index < len(ids) else index
        out = io.BytesIO()
        out.write(struct.pack(">bI", 0, number))
        fastavro.schemaless_writer(out, parsed[min(index, len(parsed) - 1)], record)
        producer.produce(topic, key=str(record["id"]), value=out.getvalue())
    producer.flush()
    print(json.dumps(ids))


main()
