// The Kafka adapter keeps the contracts of the ports, on Kafka 3.9.

import anyTest, { type TestFn } from 'ava';
import { kafkaConformance } from './conformance.ts';

kafkaConformance(anyTest as TestFn, '3.9.1');
