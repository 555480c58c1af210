// The error of all that read MessagePack.

import { ScorelaneError } from '../base/errors.ts';

/** The bytes are not MessagePack, or end too early. */
export class MsgpackError extends ScorelaneError {
  readonly code = 'SCORELANE_MSGPACK';
}
