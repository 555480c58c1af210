// `npm run broker -- [--port 9092] [--data DIR] [--kafka 3.9.1] [--topics a:4,b:4]`: a real Kafka
// broker (KRaft, one node) that is fetched through Maven, for users and tests without Docker. Needs
// Java 17 and Maven.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../src/base/errors.ts';
import { endsWithUs } from './at-end.ts';
import { cacheFolder } from './cache.ts';
import { lastWords } from './last-words.ts';
import { fetchJars } from './maven.ts';
import { run } from './run.ts';
import { tempFolder } from './temp-folder.ts';

export const KAFKA_VERSIONS = ['3.9.1', '4.1.1'] as const;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

export interface BrokerOptions {
  readonly version?: string;
  readonly port?: number;
  /** The folder for its data. Otherwise one that goes with this process. */
  readonly dataFolder?: string;
  /**
   * The port of its controller, and the cluster that it belongs to. Both are chosen unless given.
   */
  readonly controllerPort?: number;
  readonly clusterId?: string;
  /** More lines for server.properties. `listeners` here are added to the plain one. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly listeners?: readonly string[];
  /** More arguments for the storage tool, such as SCRAM users. */
  readonly formatArguments?: readonly string[];
  /** More arguments for its Java. */
  readonly jvm?: readonly string[];
}

export interface Broker {
  readonly address: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly process: ChildProcess;
  /** Stops the broker in order, or at once with SIGKILL. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * These ports are below those that a system gives out itself (Linux from 32,768). The system may
 * give such a port to a connection before a broker is up.
 */
const PORTS = { first: 15_000, count: 17_000 };
const given = new Set<number>();

/** A port on which nothing listens now. No port is given twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + randomInt(PORTS.count);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Fetches the broker's jars once. Resolves to their folder. */
export async function ensureKafka(version: string): Promise<string> {
  const folder = cacheFolder(`kafka-${version}`);
  const jars = join(folder, 'jars');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return jars;
  await fetchJars(folder, [`org.apache.kafka:kafka_2.13:${version}`]);
  writeFileSync(complete, '');
  return jars;
}

/** Where its classes lie as Java has them in memory, if somebody has made that. */
export const classArchive = (version: string): string => join(cacheFolder(`kafka-${version}`), 'classes.jsa');

/** The Java class path of the broker's jars. The Java client is among them. */
export const classPath = (jars: string): string => join(jars, '*');

/** It ends with this process at the latest. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const version = options.version ?? KAFKA_VERSIONS[0];
  const jars = await ensureKafka(version);
  if (options.port !== undefined && !(await isFree(options.port)))
    throw new Error(`somebody listens on port ${options.port} already`);
  const port = options.port ?? (await freePort());
  const controllerPort = options.controllerPort ?? (await freePort());
  const dataFolder = options.dataFolder ?? tempFolder('broker');
  mkdirSync(dataFolder, { recursive: true });
  const properties = join(dataFolder, 'server.properties');
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`, ...(options.listeners ?? [])];
  writeProperties(properties, {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'log.dirs': join(dataFolder, 'log'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    ...options.properties,
  });
  const archive = classArchive(version);
  const java = [
    ...(existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []),
    ...['-cp', classPath(jars), ...logging(dataFolder)],
  ];
  if (!readdirSync(dataFolder).includes('log')) {
    const format = ['format', '-t', options.clusterId ?? clusterId(), '-c', properties, '--ignore-formatted'];
    format.push(...(options.formatArguments ?? []));
    await run('java', [...java, 'kafka.tools.StorageTool', ...format]);
  }
  const child = endsWithUs(
    spawn('java', ['-Xmx1G', ...(options.jvm ?? []), ...java, 'kafka.Kafka', properties], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const output = createWriteStream(join(dataFolder, 'broker.out'), { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(output);
  const said = lastWords(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  if (!(await answers(port, child))) {
    await stop('SIGKILL');
    throw new Error(`the broker did not start:\n${said()}`);
  }
  return { address: `127.0.0.1:${port}`, port, dataFolder, process: child, stop };
}

/**
 * A UUID in URL-safe base64, as Kafka's Uuid.randomUuid makes it. It never begins with a dash,
 * which the storage tool would take for an option.
 */
export function clusterId(random: () => Uint8Array = () => randomBytes(16)): string {
  for (;;) {
    const id = Buffer.from(random()).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

function writeProperties(file: string, properties: Readonly<Record<string, string>>): void {
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
}

/** Logs only warnings, for both of the logging libraries that Kafka has used. */
function logging(folder: string): string[] {
  const old = join(folder, 'log4j.properties');
  const now = join(folder, 'log4j2.properties');
  writeProperties(old, {
    'log4j.rootLogger': 'WARN, out',
    'log4j.appender.out': 'org.apache.log4j.ConsoleAppender',
    'log4j.appender.out.layout': 'org.apache.log4j.PatternLayout',
    'log4j.appender.out.layout.ConversionPattern': '%d %p %m (%c)%n',
  });
  writeProperties(now, {
    'rootLogger.level': 'warn',
    'rootLogger.appenderRefs': 'out',
    'rootLogger.appenderRef.out.ref': 'out',
    'appender.out.type': 'Console',
    'appender.out.name': 'out',
    'appender.out.layout.type': 'PatternLayout',
    'appender.out.layout.pattern': '%d %p %m (%c)%n',
  });
  return [`-Dlog4j.configuration=${pathToFileURL(old)}`, `-Dlog4j2.configurationFile=${now}`];
}

/** Whether the port accepts connections, before the process ends or takes too long. */
async function answers(port: number, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** `a:4,b`: the partitions of each topic, one unless given. Throws `InvalidArgumentError`. */
export function topicsArgument(text: string): Readonly<Record<string, number>> {
  const topics = text.split(',').filter((each) => each !== '');
  return Object.fromEntries(
    topics.map((each) => {
      const [, name, count = '1'] = /^([\w.-]+)(?::([1-9]\d*))?$/.exec(each) ?? [];
      if (name === undefined)
        throw new InvalidArgumentError(
          'expected topics with their partitions, such as transactions:4,scores:4',
        );
      return [name, Number(count)];
    }),
  );
}

function portArgument(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= PORT_MAX) return port;
  throw new InvalidArgumentError(`expected a port, 1 to ${PORT_MAX}`);
}

const PORT_MAX = 65_535;
const TOPICS = 'transactions:4,scores:4,dead-letters:4';

interface BrokerFlags {
  readonly port: number;
  readonly data?: string;
  readonly kafka: string;
  readonly topics: Readonly<Record<string, number>>;
}

const program = new Command('npm run broker --')
  .description(
    'Runs a real Kafka broker on localhost, until Ctrl-C. Needs Java 17 and Maven, which fetches it.',
  )
  .option('--port <port>', 'where it listens', portArgument, 9092)
  .option('--data <folder>', 'keep the data there; else it is temporary')
  .addOption(
    new Option('--kafka <version>', 'its version').choices(KAFKA_VERSIONS).default(KAFKA_VERSIONS[0]),
  )
  .addOption(
    new Option('--topics <names>', 'topics to create, each with its partitions')
      .argParser(topicsArgument)
      .default(topicsArgument(TOPICS), TOPICS),
  )
  .allowExcessArguments(false)
  .showHelpAfterError()
  .exitOverride()
  .action(start);

async function start({ port, data, kafka, topics }: BrokerFlags): Promise<void> {
  const broker = await startBroker({
    port,
    version: kafka,
    ...(data === undefined ? {} : { dataFolder: data }),
  });
  const { createTopics } = await import('./topics.ts');
  await createTopics(broker.address, topics);
  const names = Object.entries(topics).map(([name, partitions]) => `${name}:${partitions}`);
  console.log(`Kafka ${kafka} on ${broker.address}, data in ${broker.dataFolder}, topics ${names.join(',')}`);
  console.log('Ctrl-C ends it.');
  const end = (): void => void broker.stop();
  process.once('SIGINT', end).once('SIGTERM', end);
  broker.process.once('exit', (code) => {
    process.exitCode = code === 143 || code === 130 ? 0 : (code ?? 0);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await program.parseAsync().catch((error: Error) => {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    console.error(error.message);
    console.error('"npm run broker" needs Java 17 and Maven.');
    process.exitCode = EXIT.unavailable;
  });
}
