// CRC-64-AVRO, which names a writer's schema in Avro's single-object encoding.
// https://avro.apache.org/docs/1.12.0/specification/#schema-fingerprints

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE: readonly bigint[] = Array.from({ length: 256 }, (_, index) => {
  let entry = BigInt(index);
  for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (EMPTY & -(entry & 1n));
  return BigInt.asUintN(64, entry);
});

/** The fingerprint of a schema that is in Parsing Canonical Form. */
export function fingerprint(canonical: string): bigint {
  let found = EMPTY;
  for (const byte of Buffer.from(canonical))
    found = (found >> 8n) ^ (TABLE[Number((found ^ BigInt(byte)) & 0xffn)] as bigint);
  return found;
}
