import { haproxyFault } from './haproxy-fault.js';

/** Every session through it is cut, and the new one knows nothing yet. */
export const restartHaproxy = haproxyFault({
  kind: 'restart-haproxy',
  summary: 'ends HAProxy and starts it anew',
  exercises:
    'all clients reconnect at once; until its first checks it holds every server for UP, replicas on the write port, too',
  act: (lab, onSignal) => lab.restartHaproxy(onSignal),
  signal: 'SIGTERM',
});
