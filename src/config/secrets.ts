// Hides what must never be printed: values of keys that the schema calls secret, and logins inside
// addresses.

import { z } from 'zod';
import { inWords } from '../written/problem.ts';
import { bare } from '../written/wanted.ts';

export const MASK = '********';

/** Text that is never printed. JSON Schema's word for it is `writeOnly`. */
export const secret = () => z.string().meta({ writeOnly: true });

export const isSecret = (type: z.ZodType): boolean => z.globalRegistry.get(bare(type))?.writeOnly === true;

interface Typed {
  readonly type: z.ZodType;
}

/** A value in the form for messages and for `check`. */
export const shown = ({ type }: Typed, value: unknown): string =>
  isSecret(type) ? MASK : inWords(value, withoutLogin);

/** The same as a value. */
export const visible = ({ type }: Typed, value: unknown): unknown =>
  isSecret(type) ? MASK : JSON.parse(JSON.stringify(value, maskLogins));

const maskLogins = (_: string, each: unknown): unknown =>
  typeof each === 'string' ? withoutLogin(each) : each;

/**
 * Removes the text before an @: it is a login, perhaps with a password. This also holds for a text
 * that is no valid address.
 */
export const withoutLogin = (text: string): string => text.replace(/^([\w+.-]+:\/\/)?.*@/s, `$1${MASK}@`);
