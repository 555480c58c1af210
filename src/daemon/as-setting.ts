// What a pure function refuses with `RangeError` is a setting of the user's.

import { SettingError } from '../config/load.ts';

/** Throws `SettingError` in place of `RangeError`, with its message. */
export function asSetting<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof RangeError) throw new SettingError(error.message, { cause: error });
    throw error;
  }
}
