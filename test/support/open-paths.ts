// All that a daemon serves to anybody, without a login.

const OPEN = ['/', '/livez', '/readyz', '/metrics', '/page/page.js'];

/** The first event that the page is told. */
export async function firstEvent(url: string): Promise<string> {
  const answer = await fetch(`${url}/events`);
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const [, data] = /^data: (.*)\n\n/m.exec(text) ?? [];
    if (data !== undefined) return data;
  }
  throw new Error(`no event came from ${url}/events: ${text}`);
}

export const servedToAnybody = (url: string): Promise<string[]> =>
  Promise.all([firstEvent(url), ...OPEN.map(async (path) => (await fetch(url + path)).text())]);
