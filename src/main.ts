#!/usr/bin/env node
// Where the process begins. It listens to signals before the command line is loaded, because that
// takes a second. The command line is loaded by a dynamic import: a static import is always loaded
// first.

import './process.ts';
import { rememberSignals } from './signals.ts';

rememberSignals(process.argv[2]);
await import('./command-line.ts');
