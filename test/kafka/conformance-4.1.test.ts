// The Kafka adapter keeps the contracts of the ports, on Kafka 4.1.

import anyTest, { type TestFn } from 'ava';
import { kafkaConformance } from './conformance.ts';

kafkaConformance(anyTest as TestFn, '4.1.1');
