// Where reading goes on when the log does not hold the next offset: records were deleted, or the
// log ends before the committed offset. If the configuration does not allow to continue, here is
// the error that tells the user.

import { type NextOffset, startingAt } from '../log/offset.ts';
import type { OutOfRange } from '../log/ports.ts';
import { keyOf } from '../log/topic-partition.ts';
import type { KafkaSettings } from './client.ts';
import { OffsetOutOfRangeError } from './errors.ts';

const DELETED = 'records were deleted before they were scored. To go on without them';
/**
 * A topic that was made again is known by its id, where the brokers and the committed offset name
 * an id.
 */
const SHORTER =
  'it ends before what was committed: it was cut (an unclean election of a leader), or the topic was deleted and made again, or the ' +
  'offset is not of this topic. To go on with what the log holds';

/**
 * `assignedAt`: the position at which the partition was assigned. Before it, records are read again
 * for their features only.
 */
export function resumedAfter(
  event: Omit<OutOfRange, 'resumedAt'>,
  assignedAt: NextOffset,
  onOutOfRange: 'fail' | 'continue',
  reset: KafkaSettings['auto.offset.reset'],
): NextOffset | OffsetOutOfRangeError {
  const { position, logStart, logEnd } = event;
  // Records that are read for their features only have their answers already: if the log has
  // deleted some, nothing is lost.
  if (position < logStart && logStart <= assignedAt) return startingAt(logStart);
  if (onOutOfRange === 'fail') {
    return new OffsetOutOfRangeError(
      `${keyOf(event)}: the next offset to read is ${position}, but the log holds ${logStart} to ${logEnd}; ` +
        `${position < logStart ? DELETED : SHORTER}, set lanes.onOutOfRange=continue`,
    );
  }
  return startingAt(reset === 'earliest' ? logStart : logEnd);
}
