// What is never printed: values of keys that the schema calls secret, and logins inside of
// addresses.

import { z } from 'zod';
import { bare } from './wanted.ts';

export const MASK = '********';

/** Text that is never printed. JSON Schema's word for it is `writeOnly`. */
export const secret = () => z.string().meta({ writeOnly: true });

export const isSecret = (type: z.ZodType): boolean => z.globalRegistry.get(bare(type))?.writeOnly === true;

/** A value as it may be printed: in messages, by `check`. */
export const shown = ({ type }: { readonly type: z.ZodType }, value: unknown): string =>
  isSecret(type)
    ? MASK
    : (JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? withoutLogin(each) : each)) ??
      String(value));

/**
 * What stands before an @ is who logs in, and perhaps with what: in an address that is none, too.
 */
export const withoutLogin = (text: string): string => text.replace(/^([\w+.-]+:\/\/)?.*@/s, `$1${MASK}@`);
