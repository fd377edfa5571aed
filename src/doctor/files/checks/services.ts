import type { Complaint } from '../../finding.js';
import { type FileCheck, lookAt, lookAtHost } from '../evidence.js';
import type { HostLook } from '../host-look.js';
import { place } from '../located.js';
import { type UnitFile, unitValue } from '../unit-file.js';

/** What systemd starts. */
export const SERVICE_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-postgres-service',
    layer: 'host',
    about: "no enabled service starts PostgreSQL behind Patroni's back",
    look: lookAtHost((host) => enabledPostgres(host)),
  },
  {
    id: 'file-unit-postgres',
    layer: 'host',
    about: 'none of the units given starts PostgreSQL itself',
    look: lookAt(['units'], ({ units }) => units.flatMap(startsPostgres)),
  },
  {
    id: 'file-unit-patroni',
    layer: 'host',
    about: "Patroni's unit has a user, and leaves PostgreSQL running when it ends",
    look: lookAt(['units'], ({ units }) => units.filter(isPatroni).flatMap(patroniUnit)),
  },
];

const WHY =
  'PostgreSQL would be started at boot as whatever it was before, without Patroni: a second primary, or a port that is taken.';

function enabledPostgres(host: HostLook): readonly Complaint[] {
  const enabled = host.enabledUnits.filter((name) => /^postgresql(-\d+|@.+)?\.service$/.test(name));
  // Debian's postgresql.service starts only those of its clusters that say auto.
  const starting = enabled.filter(
    (name) => name !== 'postgresql.service' || host.autoClusters.length > 0 || isPlainService(host),
  );
  return starting.length === 0
    ? []
    : [
        {
          severity: 'refuse',
          subject: starting.join(', '),
          found: `${starting.join(', ')} ${starting.length === 1 ? 'is' : 'are'} enabled${host.autoClusters.length === 0 ? '' : `, with ${host.autoClusters.join(', ')} set to start`}.`,
          why: WHY,
          fix: `systemctl disable --now ${starting.join(' ')}`,
        },
      ];
}

/** Without Debian's directory of clusters, postgresql.service is the server itself. */
const isPlainService = (host: HostLook) => !host.hasDebianClusters;

function startsPostgres(unit: UnitFile): readonly Complaint[] {
  const start = unit.values
    .get('Service.ExecStart')
    ?.find(({ value }) => /(^|\/)[-@+!:]*(postgres|postmaster|pg_ctl|pg_ctlcluster)(\s|$)/.test(value));
  return start === undefined || !unit.values.has('Install.WantedBy')
    ? []
    : [
        {
          severity: 'refuse',
          subject: place(unit, start),
          found: `${unit.name} starts PostgreSQL, and can be enabled.`,
          why: WHY,
          fix: `systemctl disable --now ${unit.name}, and mask it.`,
        },
      ];
}

const isPatroni = (unit: UnitFile) =>
  unit.values.get('Service.ExecStart')?.some(({ value }) => /(^|\/)[-@+!:]*patroni(\s|$)/.test(value)) ===
  true;

function patroniUnit(unit: UnitFile): readonly Complaint[] {
  const user = unitValue(unit, 'Service.User');
  const kill = unitValue(unit, 'Service.KillMode');
  const complaints: Complaint[] = [];
  if (user === undefined || user.value === 'root') {
    complaints.push({
      severity: 'refuse',
      subject: place(unit, user ?? unitValue(unit, 'Service.ExecStart')),
      found: `${unit.name} runs Patroni as root.`,
      why: 'PostgreSQL refuses to be started by root.',
      fix: 'Write User=postgres and Group=postgres below [Service].',
    });
  }
  if (!['process', 'mixed'].includes(kill?.value ?? 'control-group')) {
    complaints.push({
      severity: 'warn',
      subject: place(unit, kill ?? unitValue(unit, 'Service.ExecStart')),
      found: `KillMode of ${unit.name} is ${kill?.value ?? 'not set, which means control-group'}.`,
      why: 'systemd would signal each process of PostgreSQL beside Patroni, and the leader could not hand over in good order.',
      fix: 'Write KillMode=process below [Service].',
    });
  }
  return complaints;
}
