// Why an HTTP request got no answer. Node's fetch says "fetch failed", and keeps what happened in
// the cause of its error.

const REFUSED = 'the connection is refused: nothing listens there';
const NOT_FOUND =
  'the host is not found: is its name right, and does this machine ask the right name server?';
const UNREACHABLE = 'there is no way to the host';
const CLOSED = 'the connection was closed before there was an answer';
const UNTRUSTED =
  'its certificate is not trusted here: NODE_EXTRA_CA_CERTS names a file with the authority that signed it';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: REFUSED,
  ENOTFOUND: NOT_FOUND,
  EAI_AGAIN: NOT_FOUND,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  UND_ERR_CONNECT_TIMEOUT: UNREACHABLE,
  ECONNRESET: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: does the clock of this machine go right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS: is it http:// instead of https://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks no TLS: is it http:// instead of https://?',
};

interface Failure {
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
  /** The errors of a request that tried several addresses. */
  readonly errors?: readonly unknown[];
}

/** Says why in words, with the code that the system gave: from the innermost error that has one. */
export function whyNoAnswer(error: unknown): string {
  let deepest = error as Failure;
  for (
    let link: unknown = error;
    link instanceof Error;
    link = (link as Failure).cause ?? (link as Failure).errors?.[0]
  ) {
    const failure = link as Failure;
    if (typeof failure.code === 'string' || (failure.message ?? '') !== '') deepest = failure;
    if (typeof failure.code === 'string' && failure.code in WORDS)
      return `${WORDS[failure.code]} (${failure.code}${failure.message ? `, ${failure.message}` : ''})`;
  }
  return String(deepest.message);
}
