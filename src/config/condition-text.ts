// Keys that hold the condition of a route, as text. It must be readable; whether it fits the
// results, the model says.

import { z } from 'zod';
import { ConditionError, parseCondition } from '../answers/condition.ts';

export const condition = () =>
  z
    .string()
    .min(1, 'expected a condition')
    .superRefine((text, context) => {
      try {
        parseCondition(text);
      } catch (error) {
        if (!(error instanceof ConditionError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
      }
    });
