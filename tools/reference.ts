// `npm run reference`: writes config/reference.yaml, config/schema.json and the tables of
// docs/operating.md and docs/metrics.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema, referenceYaml } from '../src/config/reference.ts';
import { METRIC_TABLES, withTables } from './guide.ts';

const folder = join(import.meta.dirname, '..', 'config');
writeFileSync(join(folder, 'reference.yaml'), referenceYaml());
writeFileSync(join(folder, 'schema.json'), jsonSchema());

const guide = join(folder, '..', 'docs', 'operating.md');
writeFileSync(guide, withTables(readFileSync(guide, 'utf8')));

const metrics = join(folder, '..', 'docs', 'metrics.md');
writeFileSync(metrics, withTables(readFileSync(metrics, 'utf8'), METRIC_TABLES));
