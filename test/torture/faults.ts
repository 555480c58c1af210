// What is done to a running system, one thing at a time. Each ends by putting things right again; that everything is then
// scored is waited for by whoever calls.

import { setTimeout as lasting } from 'node:timers/promises';
import { until } from '../support/until.ts';
import type { Scene } from './scene.ts';

export interface Fault {
  readonly name: string;
  /** Whether a process or its session ends, so that what was in flight may repeat. */
  readonly mayRepeat: boolean;
  readonly act: (scene: Scene) => Promise<void>;
}

const SESSION_MS = 6_000;

export const FAULTS: readonly Fault[] = [
  {
    name: 'broker stopped and started',
    mayRepeat: true,
    async act(scene) {
      await scene.stopBroker('SIGTERM');
      await lasting(1_000);
      await scene.startBroker();
    },
  },
  {
    name: 'broker killed',
    mayRepeat: true,
    async act(scene) {
      await scene.stopBroker('SIGKILL');
      await scene.startBroker();
    },
  },
  {
    name: 'connections reset',
    mayRepeat: true,
    async act(scene) {
      for (let times = 0; times < 5; times++) {
        scene.proxy.reset();
        await lasting(400);
      }
    },
  },
  {
    name: 'connections half-open past the session timeout',
    mayRepeat: true,
    async act({ proxy }) {
      proxy.silence();
      await lasting(SESSION_MS + 3_000);
      proxy.clear();
    },
  },
  {
    name: 'network delayed by 500 ms',
    mayRepeat: false,
    async act({ proxy }) {
      proxy.delay(500);
      await lasting(6_000);
      proxy.clear();
    },
  },
  {
    name: 'network throttled to 200 KB/s',
    mayRepeat: true,
    async act({ proxy }) {
      proxy.throttle(200_000);
      await lasting(6_000);
      proxy.clear();
    },
  },
  {
    name: 'bytes damaged on the way',
    mayRepeat: true,
    async act({ proxy }) {
      const before = proxy.damaged;
      proxy.damage(3);
      await until('three answers with records', () => proxy.damaged === before + 3);
      proxy.clear();
    },
  },
  {
    name: 'daemon killed with -9',
    mayRepeat: true,
    async act(scene) {
      await scene.daemon().stop('SIGKILL');
      await scene.startDaemon();
    },
  },
  {
    name: 'daemon stopped past its session, then resumed (the zombie)',
    mayRepeat: true,
    async act(scene) {
      const { child } = scene.daemon();
      child.kill('SIGSTOP');
      await lasting(SESSION_MS + 3_000);
      const before = await scene.committed();
      child.kill('SIGCONT');
      await lasting(2_000);
      const after = await scene.committed();
      if (after < before) throw new Error(`the zombie took commits back: ${before}, then ${after}`);
    },
  },
  {
    name: 'three instances joining and leaving',
    mayRepeat: false,
    async act(scene) {
      const others = await Promise.all([scene.startDaemon(), scene.startDaemon(), scene.startDaemon()]);
      for (const other of others) {
        const { code, out } = await other.stop();
        if (code !== 0)
          throw new Error(`an instance that was told to stop ended with ${code}:\n${out.slice(-3_000)}`);
      }
    },
  },
  {
    name: 'output topic refuses everything',
    mayRepeat: false,
    async act(scene) {
      await scene.setMaxMessageBytes(scene.job.results, '50');
      await lasting(4_000);
      await scene.setMaxMessageBytes(scene.job.results, '1048588');
    },
  },
  {
    name: 'dead-letter topic refuses everything',
    mayRepeat: false,
    async act(scene) {
      await scene.setMaxMessageBytes(scene.job.deadLetters, '50');
      await lasting(4_000);
      await scene.setMaxMessageBytes(scene.job.deadLetters, '1048588');
    },
  },
];
