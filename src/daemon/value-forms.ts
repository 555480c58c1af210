// How the values of a job's topics are to be decoded for people: the input and its dead letters as
// the input is read, results as they are written.

import type { Config } from '../config/schema.ts';
import type { ValueForm } from '../reading/value-decoder.ts';
import { avroSetup, registryOf, schemaOfResults } from './avro-setup.ts';
import { modelFolder } from './configured-model.ts';

/** The topics of a job, as `tail --topic` names them. */
export const SIDES = ['results', 'dead', 'input'] as const;
export type Side = (typeof SIDES)[number];

export const topicOf = ({ input, output, deadLetters }: Config, side: Side): string =>
  ({ results: output, dead: deadLetters, input })[side].topic;

/** Throws `ConfigError`, and what reading schemas and the model's manifest throws. */
export function valueForm(config: Config, side: Side): ValueForm {
  const { input, output, registry } = config;
  if (side !== 'results') {
    const avro = input.format === 'avro' ? avroSetup(config) : null;
    return { format: input.format, avro, isFramed: input.framing === 'confluent' };
  }
  if (output.format !== 'avro') return { format: output.format, avro: null, isFramed: false };
  const isNumbered = output.framing === 'confluent';
  return {
    format: 'avro',
    avro: {
      framing: output.framing,
      // A number in the frame names the schema, whichever version has written it.
      schema: isNumbered ? null : schemaOfResults(config, modelFolder(config)),
      writers: [],
      schemasMax: registry.schemas,
      registry: isNumbered ? registryOf(config, 'output.format') : null,
    },
    isFramed: false,
  };
}
