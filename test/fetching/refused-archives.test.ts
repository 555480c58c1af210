// Archives that nobody should unpack: each is refused in words of its own, and leaves nothing.

import { gzipSync } from 'node:zlib';
import test from 'ava';
import { Pax } from 'tar';
import { ArchiveServer, type Entry, entriesOf, packed, tarOf } from '../support/archives.ts';
import { everythingIn, files, get, model, repository } from '../support/fetched.ts';

/** What nobody should unpack, and what is said of it. */
const REFUSED: Readonly<Record<string, readonly [body: Buffer, message: RegExp]>> = {
  'a path that leads out': [
    packed([{ path: '../x', content: 'a' }]),
    /inside of its folder, found "\.\.\/x"/,
  ],
  'a path that leads out from within': [
    packed([{ path: 'a/../../x', content: 'a' }]),
    /inside of its folder/,
  ],
  'an absolute path': [packed([{ path: '/etc/x', content: 'a' }]), /inside of its folder, found "\/etc\/x"/],
  'a path with a backslash': [packed([{ path: 'a\\x', content: 'a' }]), /inside of its folder/],
  'a symbolic link': [
    packed([{ path: 'model.yaml', type: 'SymbolicLink', linkpath: '/etc/passwd' }]),
    /found the link "model\.yaml"/,
  ],
  'a hard link': [
    packed([{ path: 'model.yaml', type: 'Link', linkpath: '/etc/passwd' }]),
    /found the link "model\.yaml"/,
  ],
  'a device': [
    packed([{ path: 'null', type: 'CharacterDevice' }]),
    /found "null", of the type CharacterDevice/,
  ],
  'a pipe': [packed([{ path: 'pipe', type: 'FIFO' }]), /found "pipe", of the type FIFO/],
  'a file twice': [packed([...files, ...files]), /each file once, found ".*" twice/],
  'a file that is a folder too': [
    packed([
      { path: 'a', content: '1' },
      { path: 'a/b', content: '2' },
    ]),
    /expected a folder, found "a" to be a file too/,
  ],
  'too many files': [
    packed(Array.from({ length: 1_001 }, (_, index): Entry => ({ path: `f${index}` }))),
    /at most 1000 files and folders/,
  ],
  'a bomb': [
    packed([{ path: 'zeros', content: Buffer.alloc(2 ** 25) }]),
    /at most 16777216 bytes when it is unpacked/,
  ],
  'a bomb that is packed twice': [
    gzipSync(packed([{ path: 'zeros', content: Buffer.alloc(2 ** 25) }])),
    /expected a tar archive in gzip, found gzip in it again/,
  ],
  'a file that claims a hundred gigabytes': [
    packed([{ path: 'weights', content: 'a', size: 100 * 2 ** 30 }]),
    /whole tar archive/,
  ],
  'a name that no file system takes': [
    Buffer.concat([new Pax({ path: 'x'.repeat(300) }).encode(), tarOf(files)]),
    /expected names of at most 255 bytes, found one of 300/,
  ],
  'a zip archive': [Buffer.from('PK\x03\x04 and so on'), /found a zip archive/],
  'a page': [Buffer.from('<!doctype html><title>Log in</title>'), /found HTML or XML/],
  nothing: [Buffer.alloc(0), /found an empty file/],
  'other bytes': [Buffer.from('something else'), /found another kind of file/],
  'gzip of no archive': [packed([]).subarray(0, 20), /damaged one/],
  'an archive that ends early': [tarOf(files).subarray(0, 700), /whole tar archive/],
  'gzip that ends early': [packed(files).subarray(0, 400), /damaged one/],
  'two models in two folders': [
    packed([...entriesOf(model.folder, 'a/'), ...entriesOf(model.folder, 'b/')]),
    /expected model\.yaml at its top, or in the one folder that is there, found a\/, b\//,
  ],
  'a model.yaml that would take all memory to read': [
    packed([{ path: 'model.yaml', content: `# ${'-'.repeat(2 ** 20)}\n` }]),
    /model\.yaml: expected at most 1048576 characters, found 1048579/,
  ],
  'a golden file that would': [
    packed([
      ...files.filter(({ path }) => !path.startsWith('golden')),
      { path: 'golden.json', content: JSON.stringify([{ record: {}, more: '-'.repeat(2 ** 20) }]) },
    ]),
    /golden\.json: 0\.outputs: expected /,
  ],
  'no model': [packed([{ path: 'readme', content: 'a' }]), /expected model\.yaml at its top.* found readme/],
  'a name that leads elsewhere': [
    packed(
      files.map((file) =>
        file.path === 'model.yaml'
          ? { ...file, content: String(file.content).replace(/^name: .*$/m, 'name: ../../cards') }
          : file,
      ),
    ),
    /expected a name that can name a folder, found "\.\.\/\.\.\/cards"/,
  ],
  'weights that lie elsewhere': [
    packed(
      files.map((file) =>
        file.path === 'model.yaml'
          ? { ...file, content: String(file.content).replace(/(path: )golden/, '$1../../golden') }
          : file,
      ),
    ),
    /model\.yaml: expected a path inside of the model's folder/,
  ],
};

for (const [what, [body, message]] of Object.entries(REFUSED))
  test.serial(`refused, with nothing left behind: ${what}`, async (t) => {
    const server = await new ArchiveServer().start(t);
    const to = repository();
    server.give('/a', body);
    await t.throwsAsync(get(server.url('/a'), to, body), { message, code: 'SCORELANE_MODEL' });
    t.deepEqual(everythingIn(to), []);
  });
