// `log: none`: a plain model server. It needs no broker, is ready, answers requests, and says what
// it has no use for.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tempFolder } from '../../tools/temp-folder.ts';
import { Program, ROOT } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const file = join(tempFolder('none'), 'server.yaml');
writeFileSync(
  file,
  JSON.stringify({
    log: 'none',
    input: { format: 'json' },
    model: { repository: join(ROOT, 'native-models'), name: 'creditcard', backend: 'wasm' },
    http: { listen: '127.0.0.1:0' },
  }),
);

test('a model is served without any log: ready, scored, and ended in order', async (t) => {
  const program = new Program(['run', '--config', file]);
  await program.says(/http at http:\S+\d: /);
  const [, url = ''] = /http at (http:\S+\d): /.exec(program.out) ?? [];
  await program.says(/scoring requests with \d+ workers/);
  await until('it to be ready', async () => (await fetch(`${url}/readyz`)).ok);
  const fields = Object.fromEntries(Array.from({ length: 28 }, (_, index) => [`V${index + 1}`, 0.1]));
  const answer = await fetch(`${url}/v1/score/default`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 7, Time: 1, Amount: 12, ...fields }),
  });
  const { answers } = (await answer.json()) as { answers: { result: { id: number; score: number } }[] };
  t.is(answers[0]?.result.id, 7);
  t.is(typeof answers[0]?.result.score, 'number');
  t.is((await program.stop()).code, 0);
});

test('check finds it in order, and names what it has no use for; a server that serves nobody, and commands about topics, are refused', async (t) => {
  const ended = (...words: string[]) => new Program([...words, '--config', file]).ended;
  const checked = await ended('check', '--set', 'deadLetters.topic=dead');
  t.is(checked.code, 0, checked.out);
  t.regex(checked.out, /unused: deadLetters\.topic .*log is none/);
  t.false(checked.out.includes('unused: input.topic'), 'nobody has set it');
  t.regex(checked.out, /^ok: no broker and no topics are needed, as log is none$/m);
  t.notRegex(checked.out, /^(?:ok|implied): .*partition/m, 'there are none');
  for (const [key, words] of [
    ['http.listen=none', 'http.listen: expected an address, as log is none'],
    ['http.inference=false', 'http.inference: expected true, as log is none'],
  ] as const) {
    const { code, out } = await ended('run', '--set', key);
    t.is(code, 78, out);
    t.true(out.includes(words), out);
  }
  const tail = await ended('tail');
  t.is(tail.code, 78, tail.out);
  t.true(tail.out.includes('found "none": without a log there are no topics'), tail.out);
});
