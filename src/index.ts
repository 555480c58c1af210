// What a program can import: the types of all that scorelane prints for programs, and of its
// configuration.

export type { AuditReport } from './audit/audit.ts';
export type { PartitionReport } from './audit/coverage.ts';
export type { Config } from './config/schema.ts';
export type { Report } from './daemon/reporting.ts';
export type { Summary } from './telemetry/meter.ts';
