#!/usr/bin/env node
// What npm installs as `scorelane`. It asks nothing of Node but to be there: on an old one it says
// which is needed, where everything else would end in a SyntaxError.

const { engines } = require('../package.json') as { readonly engines: { readonly node: string } };
const UNAVAILABLE = 69;

const needed = Number(engines.node.replace(/\D/g, ''));
const found = Number(process.versions.node.split('.')[0]);

if (found >= needed) void import('./main.ts');
else {
  process.stderr.write(
    `scorelane: expected Node ${needed} or later, found ${process.versions.node}; https://nodejs.org, or: npx -p node@${needed} -p scorelane scorelane\n`,
  );
  process.exitCode = UNAVAILABLE;
}
