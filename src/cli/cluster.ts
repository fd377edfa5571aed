import type { Argv, Options } from 'yargs';
import { type Arguments, once } from '../api/arguments.js';
import { profileNamed, type RenderClusterOptions, type Rendering, renderCluster } from '../api/cluster.js';
import { UserError } from '../errors.js';
import { plain } from '../report/terminal/text.js';

const RENDER_OPTIONS = {
  out: { type: 'string', describe: 'directory to write into; made when it is not there' },
  profile: { type: 'string', describe: "stock, fast or safe, instead of the topology's own" },
  force: { type: 'boolean', default: false, describe: 'overwrite files that others wrote or changed' },
} as const satisfies Record<string, Options>;

/** The commands below `pgha-bench cluster`. */
export function clusterOptions(cli: Argv): Argv {
  return cli
    .command(
      'render [TOPOLOGY]',
      'write configuration and steps for the hosts of a cluster',
      (render: Argv) =>
        render
          .positional('TOPOLOGY', {
            type: 'string',
            describe: 'YAML file: hosts, addresses, versions, profile',
          })
          .options(RENDER_OPTIONS)
          .example('$0 cluster render shop.yaml --out shop', '')
          .epilogue('docs/own-cluster.md has an example of three virtual machines.'),
      render,
    )
    .demandCommand(1, 'Expected cluster render.');
}

async function render(args: Arguments): Promise<void> {
  const rendering = await renderCluster(renderOptions(args));
  process.stdout.write(`${summary(rendering)}\n`);
}

function renderOptions(args: Arguments): RenderClusterOptions {
  const topology = once(args, 'TOPOLOGY');
  const out = once(args, 'out');
  const profile = once(args, 'profile');
  if (topology === undefined || topology === '') {
    throw new UserError(
      'Expected a file that describes the cluster, found none.',
      'pgha-bench cluster render shop.yaml --out shop; docs/own-cluster.md shows one.',
    );
  }
  if (out === undefined || out === '') {
    throw new UserError(`Expected --out DIR, a directory to write into, found none.`);
  }
  return {
    topology,
    out,
    force: args['force'] === true,
    ...(profile === undefined ? {} : { profile: profileNamed(profile) }),
  };
}

/** The tree of what was written, and where to read on. */
export function summary({ directory: path, files, keptSecrets }: Rendering): string {
  const directory = plain(path.replace(/\/+$/, '') || '/');
  const secrets = keptSecrets ? 'The passwords are those of before.' : 'Passwords were made anew.';
  return [
    `${directory}/`,
    ...treeLines(
      files.map((file) => file.split('/')),
      '',
    ),
    '',
    `${secrets} They are in passwords.env and in files with mode 600.`,
    `Next: read ${directory}/README.md.`,
  ].join('\n');
}

/** @param paths sorted, each as its parts; a folder with one entry stands on one line with it */
function treeLines(paths: readonly (readonly string[])[], indent: string): readonly string[] {
  const folders = new Map<string, (readonly string[])[]>();
  for (const [head = '', ...rest] of paths) {
    folders.set(head, [...(folders.get(head) ?? []), rest]);
  }
  return [...folders].flatMap(([name, inner]) => {
    const [only = []] = inner;
    if (inner.length === 1) {
      return [`${indent}  ${[name, ...only].join('/')}`];
    }
    return [`${indent}  ${name}/`, ...treeLines(inner, `${indent}  `)];
  });
}
