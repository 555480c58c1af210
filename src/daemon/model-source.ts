// Keeps the repository of a job's model as the index on a server says: looks at it every so often,
// fetches the versions that would serve or be tried, and moves labels that moved there. The engine
// never waits for it: what has come whole is seen by the next look at the repository.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema.ts';
import type { Downloaded } from '../fetching/download.ts';
import { fetchVersion } from '../fetching/fetch-version.ts';
import { labelsFollowing, versionsToFetch } from '../fetching/followed-index.ts';
import { type SourceAccess, shownUrl } from '../fetching/get.ts';
import { readFollowed, writeFollowed } from '../fetching/label-file.ts';
import { ModelSourceError } from '../fetching/source-error.ts';
import { archiveUrl, type IndexedVersion, IndexReader, type SourceIndex } from '../fetching/source-index.ts';
import { ModelError } from '../model/model-error.ts';
import { versionsOf } from '../model/repository.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { type Cancel, every, signalAfter } from '../time/timer.ts';
import { NO_LABELS, readLabels, writeLabels } from '../versions/labels.ts';
import type { ModelVersions, VersionStatus } from '../versions/model-versions.ts';

/** The versions of a job that runs. */
interface Living {
  readonly told: ModelVersions;
  look(): Promise<void>;
}

interface Trouble {
  readonly why: string;
  /** What the index said of the version: with other words it is tried again. */
  readonly mark: string;
  /** On the clock of `performance`; never where the archive itself is wrong. */
  readonly againMs: number;
}

/** Between two tries of an archive that the server did not give. */
const AGAIN_MS = 60_000;
const PROGRESS_MS = 10_000;
/** Nobody stands between. */
const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\])$/;
/** For the index alone. */
const ASK_MS = 30_000;

const markOf = ({ url, sha256 }: IndexedVersion): string => `${sha256} ${url}`;

/** Null without `model.source`. */
export const modelSource = (config: Config, logger: Logger, meter: Meter): ModelSource | null =>
  config.model.source === undefined
    ? null
    : new ModelSource(config, new URL(config.model.source), logger, meter);

/**
 * What the index has, in words; null without `model.source`. Nothing is fetched. Rejects as `look`
 * does.
 */
export async function askSource({ model }: Config): Promise<string | null> {
  if (model.source === undefined) return null;
  const reader = new IndexReader(new URL(model.source));
  const { versions } = await reader.read(accessOf(model, signalAfter(ASK_MS)));
  const names = [...versions.keys()].join(', ') || 'none';
  return `model.source has an index, with the versions ${names}; run fetches what shall serve and is not here yet`;
}

function accessOf(
  { sourceToken: token, sourceAuthority }: Config['model'],
  signal: AbortSignal,
): SourceAccess {
  const authority = sourceAuthority === undefined ? undefined : readFileSync(sourceAuthority, 'utf8');
  return { token, authority, signal };
}

export class ModelSource {
  readonly #model: Config['model'];
  readonly #url: URL;
  readonly #reader: IndexReader;
  readonly #logger: Logger;
  readonly #meter: Meter;
  readonly #ending = new AbortController();
  readonly #troubles = new Map<string, Trouble>();
  #index: SourceIndex | null = null;
  #living: Living | null = null;
  #looking: Promise<void> | null = null;
  #cancel: Cancel = () => {};
  #fetching: ({ readonly version: string } & Downloaded) | null = null;
  #complaint = '';

  constructor({ model }: Pick<Config, 'model'>, url: URL, logger: Logger, meter: Meter) {
    this.#model = model;
    this.#url = url;
    this.#reader = new IndexReader(url);
    this.#logger = logger;
    this.#meter = meter;
  }

  /** From now on it looks by itself, first at once. */
  begin(living: Living): void {
    this.#living = living;
    if (this.#url.protocol === 'http:' && !LOOPBACK.test(this.#url.hostname))
      this.#logger.warn(
        'model.source is fetched over http: whoever stands between can choose the model; https would do',
      );
    this.#cancel = every(this.#model.sourceEvery, () => void this.lookAndTell());
    void this.lookAndTell();
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#ending.abort(new Error('the job ends'));
    await this.#looking?.catch(() => {});
  }

  /** The versions of the index that are not here, without those that somebody else tells of. */
  besides(told: { has(version: string): boolean }): readonly VersionStatus[] {
    const { repository, name } = this.#model;
    return [...(this.#index?.versions.keys() ?? [])]
      .filter((version) => !told.has(version) && !existsSync(join(repository, name, version)))
      .map((version) => this.#statusOf(version));
  }

  #statusOf(version: string): VersionStatus {
    const why = this.#troubles.get(version)?.why;
    const fetching = this.#fetching;
    if (fetching?.version === version)
      return { version, state: 'fetching', trial: null, why: progress(fetching) };
    if (why !== undefined) return { version, state: 'refused', trial: null, why };
    return { version, state: 'remote', trial: null, why: null };
  }

  /** What goes wrong is in the log, once until it is something else. */
  async lookAndTell(): Promise<void> {
    try {
      await this.look();
      this.#complaint = '';
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      const { message, stack } = error as Error;
      this.#meter.count('sourceFailures');
      const isKnown = error instanceof ModelSourceError || error instanceof ModelError;
      if (message !== this.#complaint)
        this.#logger.error(
          { stack: isKnown ? undefined : stack },
          `model.source: ${message}; it is asked again`,
        );
      this.#complaint = message;
    }
  }

  /**
   * One look at a time. Rejects with `ModelSourceError`, and with `ModelError` for an index that
   * cannot be read; what is wrong with one version is told of that version.
   */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { version: policy } = this.#model;
    const index = await this.#reader.read(this.#access(ASK_MS));
    this.#index = index;
    this.#forgetMended(index);
    const local = this.#local();
    const wantedLabels = this.#following(index, local, () => true).labels;
    const refused = new Set([...this.#troubles.keys(), ...this.#refusedHere()]);
    const wanted = versionsToFetch(index, { policy, local, labels: wantedLabels, refused });
    for (const version of wanted) await this.#fetch(version, index.versions.get(version) as IndexedVersion);
    const hasMoved = this.#follow(index);
    // Not waited for: it may build up windows for hours, and the index may take that back.
    if (wanted.length > 0 || hasMoved) void this.#living?.look();
  }

  #local(): string[] {
    const { repository, name } = this.#model;
    return existsSync(join(repository, name)) ? versionsOf(repository, name) : [];
  }

  #refusedHere(): string[] {
    return (this.#living?.told.versions ?? []).flatMap(({ version, state }) =>
      state === 'refused' ? version : [],
    );
  }

  #forgetMended({ versions }: SourceIndex): void {
    for (const [version, { mark, againMs }] of this.#troubles) {
      const said = versions.get(version);
      if (said === undefined || markOf(said) !== mark || performance.now() >= againMs)
        this.#troubles.delete(version);
    }
  }

  #following(index: SourceIndex, local: readonly string[], isHere: (version: string) => boolean) {
    const { repository, name } = this.#model;
    const before = local.length === 0 ? NO_LABELS : readLabels(repository, name);
    const followedBefore = readFollowed(repository, name);
    const following = labelsFollowing(before, followedBefore, index, { now: new Date(), isHere });
    return { ...following, before, followedBefore };
  }

  /** Whether labels have moved. Read anew: somebody may have moved one during a download. */
  #follow(index: SourceIndex): boolean {
    const { repository, name } = this.#model;
    const local = this.#local();
    const isHere = (version: string): boolean => local.includes(version);
    const { labels, before, followed, followedBefore } = this.#following(index, local, isHere);
    const hasMoved = labels !== before;
    if (hasMoved) writeLabels(repository, name, labels);
    // Also where somebody here was first: what moves here later is to stay.
    if (!isDeepStrictEqual(followed, followedBefore)) writeFollowed(repository, name, followed);
    if (hasMoved) {
      const said = Object.entries(followed).map(([label, version]) => `${label}: ${version}`);
      this.#logger.info(`labels follow the index of model.source: ${said.join(', ') || 'none'}`);
    }
    return hasMoved;
  }

  async #fetch(version: string, said: IndexedVersion): Promise<void> {
    const { repository, name, sourceBytes, sourceTimeout } = this.#model;
    this.#fetching = { version, bytes: 0, of: null };
    const tellProgress = every(PROGRESS_MS, () => {
      if (this.#fetching !== null)
        this.#logger.info(`version ${version} is fetched: ${progress(this.#fetching)}`);
    });
    try {
      const url = archiveUrl(this.#url, said);
      this.#logger.info(`version ${version} of ${name} is fetched from ${shownUrl(url)}`);
      const { token, ...access } = this.#access(sourceTimeout);
      await fetchVersion(
        { url, sha256: said.sha256, repository, name, version },
        {
          ...access,
          // The token is for the server of the index.
          token: url.origin === this.#url.origin ? token : undefined,
          bytesMax: sourceBytes,
          onProgress: (downloaded) => {
            this.#fetching = { version, ...downloaded };
          },
          onAgain: ({ message }) => this.#logger.warn(`version ${version} is fetched again: ${message}`),
        },
      );
      this.#logger.info(`version ${version} of ${name} has come, whole and with its checksum`);
    } catch (error) {
      if (this.#ending.signal.aborted) throw error;
      const { message: why } = error as Error;
      const againMs = error instanceof ModelError ? Number.POSITIVE_INFINITY : performance.now() + AGAIN_MS;
      this.#troubles.set(version, { why, mark: markOf(said), againMs });
      this.#meter.count(error instanceof ModelError ? 'versionsRefused' : 'sourceFailures');
      this.#logger.error(`version ${version} of ${name} cannot be fetched: ${why}`);
    } finally {
      tellProgress();
      this.#fetching = null;
    }
  }

  #access(timeoutMs: number): SourceAccess {
    return accessOf(this.#model, AbortSignal.any([this.#ending.signal, signalAfter(timeoutMs)]));
  }
}

function progress({ bytes, of }: Downloaded): string {
  const mebi = (count: number): string => (count / 2 ** 20).toFixed(1);
  return of === null ? `${mebi(bytes)} MiB` : `${mebi(bytes)} of ${mebi(of)} MiB`;
}
