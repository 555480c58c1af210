// Carries out what administration orders of the versions of a job's model.

import type { OrderedVersion, VersionOrder } from '../http/version-order.ts';
import { ModelError } from '../model/model-error.ts';
import type { ModelVersions } from '../versions/model-versions.ts';
import { pinned, promoted, rolledBack } from '../versions/move-labels.ts';
import type { Daemon } from './daemon.ts';
import { CannotWriteError } from './errors.ts';
import { type LabelsMove, moveLabels } from './moved-labels.ts';

/** Resolves when what that needs is done too: another version serves, or was refused. */
export async function orderedVersion(
  { living, model }: Pick<Daemon, 'living' | 'model'>,
  order: VersionOrder,
): Promise<OrderedVersion> {
  let done = 'looked at the repository';
  try {
    if (order.type !== 'look')
      done = moveLabels(model.repository, model.name, moveOf(order, refusedIn(living.told)));
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof CannotWriteError)) throw error;
    return { refused: `nothing has changed: ${error.message}` };
  }
  await living.lookAgain();
  return { done, ...living.told };
}

const refusedIn = ({ versions }: ModelVersions): ReadonlySet<string> =>
  new Set(versions.flatMap(({ version, state }) => (state === 'refused' ? version : [])));

/** Unless a version is named, those that cannot serve here are passed over. */
const moveOf =
  (order: Exclude<VersionOrder, { readonly type: 'look' }>, refused: ReadonlySet<string>): LabelsMove =>
  (labels, versions) => {
    const now = new Date();
    const sound = versions.filter((version) => !refused.has(version));
    if (order.type === 'rollback') return rolledBack(labels, sound, { ...order, now });
    if (order.type === 'pin') return pinned(labels, versions, { ...order, now });
    return promoted(labels, order.version === undefined ? sound : versions, { ...order, now });
  };
