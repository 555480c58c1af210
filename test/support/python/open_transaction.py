"""Leaves a transaction open: its records are in the log, and nobody may read behind them until the broker gives it up.

    open_transaction.py ADDRESS TOPIC VALUE
"""

import sys

from confluent_kafka import Producer


def main():
    address, topic, value = sys.argv[1:]
    producer = Producer(
        {"bootstrap.servers": address, "transactional.id": f"open-{topic}", "transaction.timeout.ms": 120000}
    )
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, value=value, partition=0)
    producer.flush()


main()
