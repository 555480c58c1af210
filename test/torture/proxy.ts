// A TCP proxy that can do to connections what networks do: cut them, go silent, delay, throttle,
// damage bytes.

import { connect, createServer, type Server, type Socket } from 'node:net';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Those from which something waits to be passed on: nothing may overtake it. */
  readonly waiting: Set<Socket>;
  /** A firewall between has lost its memory of it: until an end closes it nothing comes through. */
  forgotten: boolean;
}

const THROTTLE_TICK_MS = 50;
/**
 * Answers of that size hold records: a byte of theirs is damaged, not one of the protocol around
 * them.
 */
const DAMAGE_BYTES_MIN = 2_048;

export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #silent = false;
  #delayMs = 0;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #toDamage = 0;
  damaged = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on that port of this machine, and connects each client with `targetPort`. */
  static async start(port: number, targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.on('connection', (client) => proxy.#link(client, connect(targetPort, '127.0.0.1')));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Cuts every connection, as when a load balancer restarts. */
  reset(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Half-open: connections stay, and nothing comes through any more. Ends with `clear`. */
  silence(): void {
    this.#silent = true;
    for (const link of this.#links) this.#hold(link);
  }

  /**
   * Connections that are open now stay so for good, and nothing comes through them any more; new
   * ones are as ever.
   */
  forget(): void {
    for (const link of this.#links) {
      link.forgotten = true;
      this.#hold(link);
    }
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  throttle(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Changes one byte of each of the next large answers. */
  damage(answers: number): void {
    this.#toDamage = answers;
  }

  /** All is well again. */
  clear(): void {
    this.#silent = false;
    this.#delayMs = 0;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    this.#toDamage = 0;
    for (const { client, server, waiting, forgotten } of this.#links) {
      if (forgotten) continue;
      for (const socket of [client, server]) if (!waiting.has(socket)) socket.resume();
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.reset();
    await closed;
  }

  #link(client: Socket, server: Socket): void {
    const link: Link = { client, server, waiting: new Set<Socket>(), forgotten: false };
    this.#links.add(link);
    const end = (): void => {
      this.#links.delete(link);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end).setNoDelay(true);
    client.on('data', (bytes) => this.#carry(link, client, server, bytes));
    server.on('data', (bytes) => this.#carry(link, server, client, this.#perhapsDamaged(bytes)));
    if (this.#silent) this.#hold(link);
  }

  #hold({ client, server }: Link): void {
    client.pause();
    server.pause();
  }

  #carry(link: Link, from: Socket, to: Socket, bytes: Buffer): void {
    const waitMs = this.#delayMs + (bytes.byteLength / this.#bytesPerSecond) * 1_000;
    if (waitMs < 1) {
      if (!to.destroyed) to.write(bytes);
      return;
    }
    // One chunk at a time in each direction: the order stays, and the sender feels it.
    from.pause();
    link.waiting.add(from);
    setTimeout(
      () => {
        link.waiting.delete(from);
        if (!to.destroyed) to.write(bytes);
        if (!this.#silent && !link.forgotten && this.#links.has(link)) from.resume();
      },
      Math.max(waitMs, Number.isFinite(this.#bytesPerSecond) ? THROTTLE_TICK_MS : 0),
    );
  }

  #perhapsDamaged(bytes: Buffer): Buffer {
    if (this.#toDamage === 0 || bytes.byteLength < DAMAGE_BYTES_MIN) return bytes;
    this.#toDamage--;
    this.damaged++;
    const at = bytes.byteLength >> 1;
    bytes[at] = (bytes[at] as number) ^ 0x10;
    return bytes;
  }
}
