import { haproxyFault } from './haproxy-fault.js';

/** What a change of its configuration does. */
export const reloadHaproxy = haproxyFault({
  kind: 'reload-haproxy',
  summary: 'a new HAProxy takes over with -sf, the old one keeps its sessions',
  exercises:
    'sessions that stay on an HAProxy that checks no server any more: a later failover does not cut them',
  act: (lab, onSignal) => lab.reloadHaproxy(onSignal),
  signal: 'SIGUSR1 (-sf)',
});
