// What each process that helps a daemon does besides its work: it ends with the daemon, and by
// nothing else.

/** Calls back with each message of the daemon. */
export function serveDaemon(onMessage: (message: unknown) => void): void {
  // A terminal or systemd tells all processes of a daemon to end: how this one ends, the daemon
  // says.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  // Without its daemon it has nothing to do, whatever it is doing.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', onMessage);
}

/** The last thing that it says. */
export const sayLast = (message: object): void => {
  process.send?.(message, () => process.exit());
};
