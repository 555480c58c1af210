// Generates the readings of machines: every machine says each second what its four sensors see.
// They follow its load, and each other, with the inertia that metal has. Now and then a machine has
// a fault, which changes how its sensors go together more than what each of them shows.

import type { LoadRecord } from './load-record.ts';
import { Random } from './random.ts';

/** `fault`: 0 none, 1 a worn bearing, 2 a leak, 3 a sensor of temperature that is stuck. */
export interface Reading {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly machine: string;
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Millimetres a second. */
  readonly vibration: number;
  /** Bar. */
  readonly pressure: number;
  /** Ampere. */
  readonly current: number;
  readonly fault: 0 | 1 | 2 | 3;
}

interface Machine {
  readonly name: string;
  load: number;
  temperature: number;
  fault: Reading['fault'];
  /** Seconds that the fault lasts, and how long it is there. */
  faultSeconds: number;
  faultyFor: number;
}

const MACHINES = 100;
/** The chance of a machine without a fault to get one, each second. */
const FAULT_CHANCE = 1 / 4_000;
const FAULT_SECONDS = { least: 60, more: 120 };
const DECIMALS = 1e4;

/** An endless stream of readings, a second after the other. */
export function* generateReadings(seed: number, startMs: number): Generator<Reading> {
  const random = new Random(seed);
  const machines = Array.from({ length: MACHINES }, (_, number): Machine => {
    const load = random.next();
    return { name: `m${number}`, load, temperature: warm(load), fault: 0, faultSeconds: 0, faultyFor: 0 };
  });
  for (let second = 0, id = 0; ; second++)
    for (const [index, machine] of machines.entries())
      yield { id: id++, at: startMs + second * 1_000 + index, ...readingOf(machine, random) };
}

/** The machine as the key, and so all of its readings in one partition. */
export function* readingRecords(seed: number, startMs: number): Generator<LoadRecord> {
  for (const value of generateReadings(seed, startMs)) yield { key: value.machine, value: { ...value } };
}

/** The temperature that a machine comes to at some load. */
const warm = (load: number): number => 40 + 35 * load;

/** A second of a machine's life. */
function readingOf(machine: Machine, random: Random): Omit<Reading, 'id' | 'at'> {
  const drift = 0.02 * random.normal() + 0.002 * (0.5 - machine.load);
  machine.load = Math.min(1, Math.max(0, machine.load + drift));
  const { load } = machine;
  nextFault(machine, random);
  const { fault, faultyFor, faultSeconds } = machine;
  /** From 0 to 1 while the fault grows. */
  const grown = fault === 0 ? 0 : Math.min(1, faultyFor / (faultSeconds / 2));
  const wear = fault === 1 ? grown : 0;
  if (fault !== 3) machine.temperature += 0.05 * (warm(load) + 12 * wear - machine.temperature);
  return {
    machine: machine.name,
    temperature: rounded(machine.temperature + (fault === 3 ? 0 : 0.2 * random.normal())),
    vibration: rounded(1 + 2 * load + 0.8 * wear + (0.1 + 0.3 * wear) * random.normal()),
    pressure: rounded(4 + 3 * load - (fault === 2 ? 0.8 * grown : 0) + 0.05 * random.normal()),
    current: rounded(8 + 14 * load + wear + 0.2 * random.normal()),
    fault,
  };
}

function nextFault(machine: Machine, random: Random): void {
  if (machine.fault !== 0) {
    if (++machine.faultyFor > machine.faultSeconds) machine.fault = 0;
    return;
  }
  if (random.next() >= FAULT_CHANCE) return;
  machine.fault = (1 + random.below(3)) as Reading['fault'];
  machine.faultSeconds = FAULT_SECONDS.least + random.below(FAULT_SECONDS.more);
  machine.faultyFor = 0;
}

const rounded = (value: number): number => Math.round(value * DECIMALS) / DECIMALS;
