import { PORTS, PROXY_PORTS } from '../lab/network.js';
import { APPLICATION } from '../lab/postgres.js';
import { toYaml, type Yaml } from '../lab/templates/yaml.js';
import { API_USER, STATS_USER } from '../lab/tls.js';
import { VARIABLES } from './secrets.js';
import { type Topology, timingOf } from './topology.js';

/** pgha-bench.yaml: where the tool finds the cluster, and the names of the variables that hold the passwords. */
export function targetText(topology: Topology): string {
  const { name, hosts } = topology;
  const target: { readonly [key: string]: Yaml } = {
    ...endpoints(topology),
    password: variable('application'),
    // One is enough; the rest is found through it, but this one may be the one that is lost.
    patroni: `http://${hosts[0]?.address}:${PORTS.api}`,
    'patroni-user': API_USER,
    'patroni-password': variable('api'),
    ...statistics(topology),
    etcd: hosts.map(({ address }) => `http://${address}:${PORTS.etcdClient}`),
  };
  return `# Passwords are in passwords.env: set -a; . ./passwords.env; set +a
${toYaml({ default: name, targets: { [name]: target } })}`;
}

/** Through every HAProxy in turn; without one, each new connection looks for the server that will do. */
function endpoints({ hosts, proxies }: Topology): { readonly rw: string; readonly ro: string } {
  const uri = (list: readonly { readonly address: string }[], port: number, query: string) =>
    `postgresql://${APPLICATION}@${list.map(({ address }) => `${address}:${port}`).join(',')}/${APPLICATION}${query}`;
  if (proxies.length > 0) {
    return { rw: uri(proxies, PROXY_PORTS.rw, ''), ro: uri(proxies, PROXY_PORTS.ro, '') };
  }
  return {
    rw: uri(hosts, PORTS.postgres, '?target_session_attrs=read-write'),
    ro: uri(hosts, PORTS.postgres, '?target_session_attrs=prefer-standby'),
  };
}

function statistics(topology: Topology): { readonly [key: string]: Yaml } {
  const [proxy] = topology.proxies;
  if (proxy === undefined) {
    return {};
  }
  const { inter, fastinter, fall, rise } = timingOf(topology).haproxy;
  return {
    haproxy: `http://${proxy.address}:${PROXY_PORTS.stats}/;csv`,
    'haproxy-user': STATS_USER,
    'haproxy-password': variable('stats'),
    'haproxy-check': `inter ${inter}${fastinter === undefined ? '' : ` fastinter ${fastinter}`} fall ${fall} rise ${rise}`,
  };
}

function variable(key: keyof typeof VARIABLES): string {
  return `\${${VARIABLES[key]}}`;
}
