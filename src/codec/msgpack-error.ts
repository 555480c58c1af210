// The error of the walker and of the decoder of MessagePack.

import { ScorelaneError } from '../base/errors.ts';

/** The bytes are not MessagePack, or end too early. */
export class MsgpackError extends ScorelaneError {
  readonly code = 'SCORELANE_MSGPACK';
}
