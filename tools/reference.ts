// `npm run reference`: writes config/reference.yaml, config/schema.json and the tables of
// docs/operating.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema, referenceYaml } from '../src/config/reference.ts';
import { withTables } from './guide.ts';

const folder = join(import.meta.dirname, '..', 'config');
writeFileSync(join(folder, 'reference.yaml'), referenceYaml());
writeFileSync(join(folder, 'schema.json'), jsonSchema());

const guide = join(folder, '..', 'docs', 'operating.md');
writeFileSync(guide, withTables(readFileSync(guide, 'utf8')));
