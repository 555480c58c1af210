// A configuration that is written into another folder: paths in it are relative to the folder of
// their file, so each is written anew.

import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { JOBS } from '../config/job-keys.ts';
import { leaves } from '../config/leaves.ts';
import { isPath } from '../config/paths.ts';
import { isSecret } from '../config/secrets.ts';
import { styleOf } from './edit.ts';

const SECRET_FILE = /^\$\{FILE:([^{}]+)\}$/;

/** `from`, `to`: the paths of the two files. The text is one that can be read. */
export function moved(text: string, from: string, to: string): string {
  const [old, now] = [resolve(dirname(from)), resolve(dirname(to))];
  if (old === now) return text;
  const document = parseDocument(text);
  const anew = (path: string): string =>
    isAbsolute(path) || path === '' ? path : relative(now, join(old, path)) || '.';
  const anewInSecret = (value: string): string =>
    value.replace(SECRET_FILE, (_, path) => `\${FILE:${anew(path)}}`);
  const change = (node: unknown, how: (value: string) => string): void => {
    if (isScalar(node) && typeof node.value === 'string') node.value = how(node.value);
    if (isSeq(node)) for (const item of node.items) change(item, how);
  };
  for (const map of mapsOf(document.contents))
    for (const { path, type } of leaves) {
      if (isPath(type)) change(map.getIn(path, true), anew);
      else if (isSecret(type)) change(map.getIn(path, true), anewInSecret);
    }
  return document.toString(styleOf(text));
}

/** The top, and the jobs. */
function mapsOf(contents: unknown): YAMLMap[] {
  if (!isMap(contents)) return [];
  const jobs = contents.get(JOBS);
  const ofJobs = isMap(jobs) ? jobs.items.map(({ value }) => value) : [];
  return [contents, ...ofJobs.filter((each) => isMap(each))];
}
