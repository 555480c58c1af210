#!/usr/bin/env node
// What npm installs as `scorelane`. It asks nothing of Node but to be there: on an old one, or where
// packages are missing, it says what is needed. Everything else would end in a stack.

const { engines } = require('../package.json') as { readonly engines: { readonly node: string } };
const UNAVAILABLE = 69;

const needed = Number(engines.node.replace(/\D/g, ''));
const found = Number(process.versions.node.split('.')[0]);

function fail(message: string): void {
  process.stderr.write(`scorelane: ${message}\n`);
  process.exitCode = UNAVAILABLE;
}

if (found < needed)
  fail(
    `expected Node ${needed} or later, found ${process.versions.node}; https://nodejs.org, or: npx -p node@${needed} -p scorelane scorelane`,
  );
else
  import('./main.ts').catch((error: Error) => {
    const [first = ''] = error.message.split('\n');
    fail(
      `expected all packages that it is made of, with those for this platform, found that one does not load: ${first} ` +
        'Install without --omit=optional and --no-optional.',
    );
  });
