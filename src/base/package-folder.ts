// Where scorelane itself is: a clone, or an installed package.

import { join } from 'node:path';

/** In src/base/ as in dist/base/ it is two above. */
export const packageFolder = join(import.meta.dirname, '..', '..');
