// A topic's name, as Kafka lets it be.

import { z } from 'zod';

export const topicName = (example: string) =>
  z
    .string()
    .regex(
      /^(?!\.{1,2}$)[\w.-]{1,249}$/,
      'expected a topic name: letters, digits, dot, dash, underscore; not . or .. alone',
    )
    .meta({ examples: [example] });
