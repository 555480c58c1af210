// What the network makes of bytes: now and then one of them is another.

import { AT } from '../../src/log/record-batch.ts';
import type { Dice } from './faults.ts';

export function carried(dice: Dice, bytes: Uint8Array): Uint8Array {
  if (!dice.strikes('corruption', 0.03)) return bytes;
  const damaged = bytes.slice();
  const at = AT.attributes + dice.of('corruption').below(damaged.length - AT.attributes);
  damaged[at] = (damaged[at] as number) ^ 1;
  return damaged;
}
