import { type FileCheck, lookAt } from '../evidence.js';
import { place } from '../located.js';

/** What of haproxy.cfg no section takes. */
export const HAPROXY_SYNTAX_CHECKS: readonly FileCheck[] = [
  {
    id: 'file-haproxy-sections',
    layer: 'haproxy',
    about: 'each line of haproxy.cfg is in a section, and no two proxies have one name or port',
    look: lookAt(['haproxy'], ({ haproxy }) =>
      haproxy.flatMap((file) => [
        ...file.source.stray.slice(0, 1).map((line) => ({
          severity: 'refuse' as const,
          subject: place(file, line),
          found: `'${line.value}' stands in front of any section.`,
          why: 'HAProxy does not start with it.',
          fix: "Put it below global, defaults or a listen; 'haproxy -c -f FILE' says what HAProxy thinks of the file.",
        })),
        ...file.proxies.flatMap((proxy, index) =>
          proxy.binds.flatMap((bind) => {
            const other = file.proxies
              .slice(0, index)
              .find(
                ({ name, binds }) =>
                  !proxy.frontends.includes(name) &&
                  binds.some(({ value }) => value.port === bind.value.port && value.host === bind.value.host),
              );
            return other === undefined || other.frontends.includes(proxy.name)
              ? []
              : [
                  {
                    severity: 'refuse' as const,
                    subject: place(file, bind),
                    found: `${other.name} and ${proxy.name} both bind ${bind.value.host}:${bind.value.port}.`,
                    why: 'HAProxy spreads connections over both, so that half of them end at the wrong role.',
                    fix: 'Give each its own port, 5000 and 5001 for example.',
                  },
                ];
          }),
        ),
      ]),
    ),
  },
];
