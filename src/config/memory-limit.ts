// How much memory the process may use: the limit of its control group, version 1 or 2, such as a
// container has. The kernel kills a process above the limit without a message, so the limit must be
// known beforehand.

import { readFileSync } from 'node:fs';

export interface MemoryLimit {
  readonly bytes: number;
  /** Where the limit was found. */
  readonly from: string;
}

/** The text of a file, or undefined if it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Version 1 says "no limit" by a number that no machine has. */
const NO_LIMIT_BYTES = 2 ** 60;

interface Hierarchy {
  /** Asks about a line of /proc/self/cgroup, by the controllers that it names. */
  readonly isItsGroup: (controllers: readonly string[], number: string) => boolean;
  /** Asks about a line of /proc/self/mountinfo. */
  readonly isItsMount: (type: string, options: readonly string[]) => boolean;
  readonly file: string;
}

const HIERARCHIES: readonly Hierarchy[] = [
  {
    isItsGroup: (controllers, number) => number === '0' && controllers.length === 0,
    isItsMount: (type) => type === 'cgroup2',
    file: 'memory.max',
  },
  {
    isItsGroup: (controllers) => controllers.includes('memory'),
    isItsMount: (type, options) => type === 'cgroup' && options.includes('memory'),
    file: 'memory.limit_in_bytes',
  },
];

/** The smallest limit of the process's group and of the groups around it. Null if there is none. */
export function memoryLimit(read: ReadText = readText): MemoryLimit | null {
  const limits = HIERARCHIES.flatMap((hierarchy) => limitsIn(hierarchy, read));
  return limits.reduce<MemoryLimit | null>(
    (least, limit) => (least === null || limit.bytes < least.bytes ? limit : least),
    null,
  );
}

function limitsIn({ isItsGroup, isItsMount, file }: Hierarchy, read: ReadText): MemoryLimit[] {
  const group = lines(read('/proc/self/cgroup'))
    .map((line) => /^(\d+):([^:]*):(.*)$/.exec(line))
    .find((match) => match !== null && isItsGroup(split(match[2], ','), match[1] ?? ''))?.[3];
  const mount = mounts(read('/proc/self/mountinfo')).find(({ type, options }) => isItsMount(type, options));
  if (group === undefined || mount === undefined) return [];
  return foldersUpTo(mount.mountPoint, within(mount.root, group)).flatMap((folder) => {
    const from = `${folder}/${file}`;
    const text = read(from)?.trim() ?? '';
    const bytes = /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
    return bytes < NO_LIMIT_BYTES ? [{ bytes, from }] : [];
  });
}

/**
 * The path of a group below the root of the mount. In a container, the mount often begins at the
 * group itself, and the path of the group is the host's. A path with `..` is outside of what can be
 * seen.
 */
function within(root: string, group: string): string {
  const base = root === '/' ? '' : root;
  const isInside = group === base || group.startsWith(`${base}/`);
  return isInside && !group.includes('/..') ? group.slice(base.length) : '';
}

/** The folder of the group and all folders above it, up to the mount. */
function foldersUpTo(mount: string, path: string): string[] {
  const names = split(path, '/');
  return names.map((_, index) => [mount, ...names.slice(0, names.length - index)].join('/')).concat(mount);
}

interface Mount {
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * A line has: number, parent, device, root, mount point, options, optional fields, a dash, type,
 * source, options of the type.
 */
const mounts = (text: string | undefined): Mount[] =>
  lines(text).map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    const [type = '', , options] = after.split(' ');
    return { root, mountPoint, type, options: split(options, ',') };
  });

const lines = (text: string | undefined): string[] => split(text, '\n');
const split = (text: string | undefined, separator: string): string[] =>
  (text ?? '').split(separator).filter((word) => word !== '');

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
