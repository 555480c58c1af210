// A receiver of OTLP over HTTP. It reads spans out of the protobuf that comes, after the published
// .proto files, and not with the library that sends them.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PbfReader } from 'pbf';

type Fields = Record<string, string | number | boolean>;

interface ReceivedLink {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: Fields;
}

export interface ReceivedSpan extends ReceivedLink {
  parentId: string;
  name: string;
  /** 1 internal, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** Milliseconds since 1970. */
  startMs: number;
  endMs: number;
  links: ReceivedLink[];
  isError: boolean;
  resource: Fields;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const newLink = (): ReceivedLink => ({ traceId: '', spanId: '', traceState: '', attributes: {} });

function readValue(reader: PbfReader): string | number | boolean {
  const found = { value: '' as string | number | boolean };
  reader.readMessage((tag, into, pbf) => {
    if (tag === 1) into.value = pbf.readString();
    if (tag === 2) into.value = pbf.readBoolean();
    if (tag === 3) into.value = pbf.readVarint(true);
    if (tag === 4) into.value = pbf.readDouble();
  }, found);
  return found.value;
}

function readAttribute(reader: PbfReader, into: Fields): void {
  const found = { key: '', value: '' as string | number | boolean };
  reader.readMessage((tag, pair, pbf) => {
    if (tag === 1) pair.key = pbf.readString();
    if (tag === 2) pair.value = readValue(pbf);
  }, found);
  into[found.key] = found.value;
}

const readLink = (reader: PbfReader): ReceivedLink =>
  reader.readMessage((tag, link, pbf) => {
    if (tag === 1) link.traceId = hex(pbf.readBytes());
    if (tag === 2) link.spanId = hex(pbf.readBytes());
    if (tag === 3) link.traceState = pbf.readString();
    if (tag === 4) readAttribute(pbf, link.attributes);
  }, newLink());

function readSpan(reader: PbfReader, resource: Fields): ReceivedSpan {
  const begun: ReceivedSpan = {
    ...newLink(),
    parentId: '',
    name: '',
    kind: 0,
    startMs: 0,
    endMs: 0,
    links: [],
    isError: false,
    resource,
  };
  return reader.readMessage((tag, span, pbf) => {
    if (tag === 1) span.traceId = hex(pbf.readBytes());
    if (tag === 2) span.spanId = hex(pbf.readBytes());
    if (tag === 3) span.traceState = pbf.readString();
    if (tag === 4) span.parentId = hex(pbf.readBytes());
    if (tag === 5) span.name = pbf.readString();
    if (tag === 6) span.kind = pbf.readVarint();
    if (tag === 7) span.startMs = pbf.readFixed64() / 1e6;
    if (tag === 8) span.endMs = pbf.readFixed64() / 1e6;
    if (tag === 9) readAttribute(pbf, span.attributes);
    if (tag === 13) span.links.push(readLink(pbf));
    if (tag === 15)
      pbf.readMessage((inner, of, status) => {
        if (inner === 3) of.isError = status.readVarint() === 2;
      }, span);
  }, begun);
}

/** The spans of one request: an ExportTraceServiceRequest. */
function spansIn(bytes: Uint8Array): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  new PbfReader(bytes).readFields((tag, _, ofRequest) => {
    if (tag !== 1) return;
    const resource: Fields = {};
    ofRequest.readMessage((inner, __, ofResource) => {
      if (inner === 1)
        ofResource.readMessage((each, into, pbf) => {
          if (each === 1) readAttribute(pbf, into);
        }, resource);
      if (inner === 2)
        ofResource.readMessage((each, into, pbf) => {
          if (each === 2) into.push(readSpan(pbf, resource));
        }, spans);
    }, null);
  }, null);
  return spans;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A collector that keeps what it is sent. */
export class Receiver {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.requests.push({ url: request.url ?? '', headers: request.headers });
      this.spans.push(...spansIn(await bodyOf(request)));
      response.setHeader('content-type', 'application/x-protobuf').end();
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`;
  }

  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
