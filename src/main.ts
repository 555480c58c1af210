#!/usr/bin/env node
// Where the process begins. It listens to signals before the command line is loaded, which takes a
// second: an import that stood here, in any place, would be loaded first.

import './process.ts';
import { rememberSignals } from './signals.ts';

rememberSignals();
await import('./command-line.ts');
