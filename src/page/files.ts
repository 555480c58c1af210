// The files of the page, as they are served: read once, each with a name for its content.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { packageFolder } from '../base/package-folder.ts';
import type { PageFile } from '../http/page.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** By path. Throws where the package is not whole. */
export function pageFiles(folder = join(packageFolder, 'page')): Map<string, PageFile> {
  const files = readdirSync(folder).flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const body = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    return [[name === 'index.html' ? '/' : `/page/${name}`, { type, body, etag }] as const];
  });
  return new Map(files);
}
