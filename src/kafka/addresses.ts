// `bootstrap.servers`, in every form that Kafka's own clients read: `host:9092`, `[::1]:9092`,
// `PLAINTEXT://host:9092`, separated by commas, with or without a comma at the end. Anything else
// is refused at once; kafkajs would try to connect to it, and complain about port NaN.
// https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/utils/Utils.java
// (HOST_PORT_PATTERN)

import { isIPv6 } from 'node:net';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/**
 * In front of `://` stands a protocol, as in `advertised.listeners`, or the name of a listener. It
 * has no effect: `security.protocol` says how to connect.
 */
const ADDRESS =
  /^(?:(?<protocol>[A-Za-z][\w+.-]*):\/\/)?(?:\[(?<v6>[\da-fA-F:.]+(?:%[\w.-]+)?)\]|(?<name>[\w.-]+)|(?<bare>[\da-fA-F:.]+)):(?<port>\d+)$/;
const PORT_MAX = 65_535;

/** Throws `AddressError`. */
export function brokerAddresses(servers: string): BrokerAddress[] {
  const addresses = servers
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map(brokerAddress);
  if (addresses.length > 0) return addresses;
  throw new AddressError('expected at least one broker, as host:port');
}

/** The protocols in front of `://`, in upper case, each once. */
export const protocolsOf = (servers: string): string[] => [
  ...new Set(
    [...servers.matchAll(/([\w+.-]+):\/\//g)].map(([, protocol]) => (protocol as string).toUpperCase()),
  ),
];

function brokerAddress(text: string): BrokerAddress {
  const parts = ADDRESS.exec(text)?.groups;
  const host = parts?.v6 ?? parts?.name ?? parts?.bare;
  if (parts === undefined || host === undefined) throw new AddressError(`expected host:port${hint(text)}`);
  if (/^https?$/i.test(parts.protocol ?? ''))
    throw new AddressError(
      `expected host:port, or PROTOCOL://host:port with a protocol of Kafka, found ${parts.protocol}`,
    );
  const v6 = parts.v6 ?? parts.bare;
  if (v6 !== undefined && !isIPv6(v6))
    throw new AddressError('expected an IPv6 address in [ ], as in [::1]:9092');
  const port = Number(parts.port);
  if (port >= 1 && port <= PORT_MAX) return { host, port };
  throw new AddressError(`expected a port from 1 to ${PORT_MAX}, found ${parts.port}`);
}

function hint(text: string): string {
  if (/[;\s]/.test(text)) return ', with commas between brokers';
  if (isIPv6(text) || /^\[.*\]$/.test(text))
    return ': an IPv6 address stands in [ ] and the port after it, as in [::1]:9092';
  return /:\d*$/.test(text) ? '' : `; the port is missing, which is mostly 9092`;
}

const ALIAS_END = '.ipv6-literal';

/**
 * The address in the form that kafkajs takes. kafkajs cuts at colons, so an IPv6 address has
 * another name until the socket is made.
 */
export const kafkaJsBroker = ({ host, port }: BrokerAddress): string =>
  `${host.includes(':') ? host.replaceAll(':', '-').replace('%', '_') + ALIAS_END : host}:${port}`;

/** The real host behind the name that kafkajs uses. */
export const hostOf = (name: string): string =>
  name.endsWith(ALIAS_END) ? name.slice(0, -ALIAS_END.length).replace('_', '%').replaceAll('-', ':') : name;
