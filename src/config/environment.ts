// Environment variables that look like keys but are none. Most are not ours: a Kubernetes Service
// named scorelane gives every pod SCORELANE_SERVICE_HOST, SCORELANE_PORT and more. So these are
// ignored, and a warning is given only for names that are nearly a key.

import { closest, distance } from 'fastest-levenshtein';
import { JOBS, keyOfJob } from './job-keys.ts';
import { leaves } from './leaves.ts';

const PREFIX = 'SCORELANE_';

/**
 * The names that Kubernetes and Docker give to the variables of services, with anything in front:
 * the service may be `scorelane-model`.
 */
export const SERVICE_LINK =
  /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** One letter in four may be wrong, missing or too many. */
const NEAR_SHARE = 1 / 4;

/** A job's keys have none: its name may have letters that a variable cannot. */
const OF_A_JOB = `${PREFIX}${JOBS.toUpperCase()}_`;

const variables: readonly string[] = leaves.map(({ variable }) => variable);
const known: ReadonlySet<string> = new Set(variables);

/** A warning for each variable whose name is nearly that of a key, or seems to be one of a job. */
export function nearMisses(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith(PREFIX) || known.has(name) || SERVICE_LINK.test(name)) return [];
    if (name.startsWith(OF_A_JOB))
      return [
        `${name} is not used, as no variable sets a key of one job; set the key for all jobs by its own variable, ` +
          `or use --set ${keyOfJob('NAME', 'KEY')}=VALUE`,
      ];
    const near = closest(name, variables);
    const isNear = distance(name, near) <= (near.length - PREFIX.length) * NEAR_SHARE;
    return isNear ? [`${name} names no key and is not used; did you mean ${near}?`] : [];
  });
}
