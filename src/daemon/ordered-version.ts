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
    if (order.type !== 'look') done = moveLabels(model.repository, model.name, moveOf(order, living.told));
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof CannotWriteError)) throw error;
    return { refused: `nothing has changed: ${error.message}` };
  }
  await living.lookAgain();
  return { done, ...living.told };
}

/**
 * Unless a version is named, those that cannot serve here are passed over, and a canary that was
 * taken back is not promoted.
 */
const moveOf =
  (order: Exclude<VersionOrder, { readonly type: 'look' }>, told: ModelVersions): LabelsMove =>
  (labels, versions) => {
    const now = new Date();
    const refused = new Set(told.versions.flatMap((each) => (each.state === 'refused' ? each.version : [])));
    const sound = versions.filter((version) => !refused.has(version));
    if (order.type === 'rollback') return rolledBack(labels, sound, { ...order, now });
    if (order.type === 'pin') return pinned(labels, versions, { ...order, now });
    if (order.version !== undefined) return promoted(labels, versions, { ...order, now });
    const moved = promoted(labels, sound, { ...order, now });
    const { [order.label]: to } = moved.labels.versions;
    const { why = null } = told.versions.find(({ version }) => version === to) ?? {};
    if (why !== null)
      throw new ModelError(
        `version ${to} is not tried any more: ${why}; name the version to promote it all the same`,
      );
    return moved;
  };
