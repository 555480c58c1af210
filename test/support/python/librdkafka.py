"""librdkafka (through confluent-kafka), for tests: an independent writer and reader of record batches.

    produce ADDRESS TOPIC COMPRESSION   one record batch of awkward records, as the Java tool writes them
    consume ADDRESS TOPIC COUNT         prints records as JSON lines
    join ADDRESS TOPIC GROUP SETTINGS   a member of the group, with settings (JSON) of its own; says "joined", leaves when its input ends
"""

import base64
import json
import sys
import threading

from confluent_kafka import Consumer, Producer, TopicPartition


def produce(address, topic, compression):
    producer = Producer(
        {"bootstrap.servers": address, "compression.type": compression, "linger.ms": 500, "batch.size": 1_000_000}
    )
    for index in range(100):
        key = None if index % 7 == 0 else f"key-{index}".encode()
        value = None if index % 11 == 0 else f"värde-{index}-{'x' * (index * 10)}".encode()
        producer.produce(
            topic,
            partition=0,
            key=key,
            value=value,
            timestamp=1_600_000_000_000 - index,
            headers=[("plain", f"h{index}".encode()), ("null", None)],
        )
    assert producer.flush(30) == 0


def text(value):
    return None if value is None else base64.b64encode(value).decode()


def consume(address, topic, count):
    consumer = Consumer({"bootstrap.servers": address, "group.id": f"python-{topic}", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    read = 0
    while read < count:
        message = consumer.poll(30)
        assert message is not None, f"only {read} records of {count}"
        assert message.error() is None, message.error()
        read += 1
        headers = [[text(name.encode()), text(value)] for name, value in message.headers() or []]
        print(
            json.dumps(
                {
                    "offset": message.offset(),
                    "timestampMs": message.timestamp()[1],
                    "key": text(message.key()),
                    "value": text(message.value()),
                    "headers": headers,
                }
            )
        )
    consumer.close()


def join(address, topic, group, settings):
    consumer = Consumer({"bootstrap.servers": address, "group.id": group, "client.id": "a-stranger", **json.loads(settings)})
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    consumer.subscribe([topic], on_assign=lambda *_: print("joined", flush=True))
    while not ended.is_set():
        consumer.poll(0.1)
    consumer.close()


if __name__ == "__main__":
    command, address, topic, argument, *more = sys.argv[1:]
    if command == "produce":
        produce(address, topic, argument)
    elif command == "join":
        join(address, topic, argument, *more)
    else:
        consume(address, topic, int(argument))
