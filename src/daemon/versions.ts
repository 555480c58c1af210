// Versions of what runs, for reports.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const versionOf = (file: string): string => (require(file) as { readonly version: string }).version;

export const scorelaneVersion = versionOf('../../package.json');

export const versions = (more: Record<string, string> = {}): Record<string, string> => ({
  scorelane: scorelaneVersion,
  node: process.versions.node,
  kafkajs: versionOf('kafkajs/package.json'),
  ...more,
});
