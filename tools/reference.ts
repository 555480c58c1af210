// `npm run reference`: writes config/reference.yaml and config/schema.json.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchema, referenceYaml } from '../src/config/reference.ts';

const folder = join(import.meta.dirname, '..', 'config');
writeFileSync(join(folder, 'reference.yaml'), referenceYaml());
writeFileSync(join(folder, 'schema.json'), jsonSchema());
