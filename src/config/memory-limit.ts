// How much memory the process may use: the limit of the control group that it runs in, as a
// container has one, of version 1 or 2. What passes it is killed by the kernel without a word, so
// it has to be known before.

import { readFileSync } from 'node:fs';

export interface MemoryLimit {
  readonly bytes: number;
  /** Where it was found. */
  readonly from: string;
}

/** The text of a file, or undefined where there is none that can be read. */
export type ReadText = (path: string) => string | undefined;

/** Version 1 has no word for no limit, but a number that no machine has. */
const NO_LIMIT_BYTES = 2 ** 60;

interface Hierarchy {
  /** Of a line of /proc/self/cgroup: the controllers that are named there. */
  readonly isItsGroup: (controllers: readonly string[], number: string) => boolean;
  /** Of a line of /proc/self/mountinfo. */
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

/** The least of the limits of the group and of those that it lies in; null without any. */
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
 * Where a group is below the root of what is mounted. In a container the mount often begins at the
 * group itself, and the path of the group is that of the host; a path with `..` is outside of what
 * can be seen.
 */
function within(root: string, group: string): string {
  const base = root === '/' ? '' : root;
  const isInside = group === base || group.startsWith(`${base}/`);
  return isInside && !group.includes('/..') ? group.slice(base.length) : '';
}

/** The folder of the group and all above it, up to the mount. */
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
 * Of a line: number, parent, device, root, mount point, options, optional fields, a dash, type,
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
