// Where the lines of the Kafka client go: into the log. As long as a client is not connected, who
// waits for it says why, so that one cause is one sentence.

import type { KafkaLog } from '../kafka/client-log.ts';
import type { Logger } from '../telemetry/log.ts';

export const intoLog =
  (logger: Logger, isConnected: () => boolean = () => false): KafkaLog =>
  (level, message, details, saysAway) =>
    logger[saysAway && !isConnected() ? 'debug' : level](details, message);
