// Chromium for the tests of the page: the one that is installed, or Debian's package, fetched once
// into the user's cache with the libraries that the system lacks, and not installed. To fetch it
// needs apt-get and dpkg, and no rights.

import { existsSync, globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { unpackDebian, withKnownPackages } from './debian.ts';
import { run } from './run.ts';

/** A program, and what its environment needs. */
export interface Chromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Chromium without windows, which has fewer libraries, and a typeface. */
const PACKAGE = 'chromium-headless-shell';
const TYPEFACE = 'fonts-inter';
const INSTALLED = ['chromium-headless-shell', 'chromium', 'google-chrome'];

/** Rejects where there is none and none can be fetched. `CHROMIUM` names one by its path. */
export async function ensureChromium(): Promise<Chromium> {
  const { CHROMIUM } = process.env;
  if (CHROMIUM !== undefined && !existsSync(CHROMIUM))
    throw new Error(`CHROMIUM: expected the path of a Chromium, found ${CHROMIUM}, which does not exist`);
  const own = CHROMIUM ?? installed();
  if (own !== undefined) return { executablePath: own, env: {} };
  const folder = join(cacheFolder(), 'chromium-debian');
  if (!existsSync(folder)) {
    await withKnownPackages(() => fetchTo(folder));
  }
  return { executablePath: programIn(folder), env: environmentIn(folder) };
}

const installed = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => INSTALLED.map((name) => join(folder, name)))
    .find((path) => existsSync(path));

/** The folder is there when it is whole, whoever else fetches it at the same time. */
async function fetchTo(folder: string): Promise<void> {
  const begun = mkdtempSync(`${folder}-`);
  try {
    const wanted = ['--no-install-recommends', PACKAGE, TYPEFACE];
    const plan = await run('apt-get', ['install', '--simulate', ...wanted]);
    const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
    await unpackDebian(begun, packages);
    programIn(begun);
    writeFileSync(join(begun, 'fonts.conf'), fontsIn(folder));
    if (!existsSync(folder)) renameSync(begun, folder);
  } finally {
    rmSync(begun, { recursive: true, force: true });
  }
}

const fontsIn = (folder: string): string => `<?xml version="1.0"?>
<fontconfig>
  <dir>${join(folder, 'usr', 'share', 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <alias><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <cachedir>${join(folder, 'fonts')}</cachedir>
</fontconfig>
`;

function programIn(folder: string): string {
  const [program] = globSync(
    'usr/lib/chromium*/{headless_shell,chromium-headless-shell,chrome-headless-shell}',
    {
      cwd: folder,
    },
  );
  if (program === undefined) throw new Error(`the package ${PACKAGE} has no program: see ${folder}`);
  return join(folder, program);
}

function environmentIn(folder: string): Record<string, string> {
  const libraries = new Set(
    globSync('usr/lib/**/*.so*', { cwd: folder }).map((name) => join(folder, name, '..')),
  );
  return {
    LD_LIBRARY_PATH: [...libraries].join(delimiter),
    FONTCONFIG_FILE: join(folder, 'fonts.conf'),
  };
}
