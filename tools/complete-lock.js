// Completes package-lock.json: adds the platform packages that npm left out of it.
//
// npm locks an optional package for every platform only where the registry it asked could describe each one. Behind a
// partial mirror it leaves some out, and then `npm ci` refuses the lock file everywhere, this platform included.
// What an entry needs is known without the registry: name and version from the package that wants it, platform from the
// name. Only the checksum is left out; npm fills it in where the package is first installed.
//
//   node tools/complete-lock.js          adds what is missing
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LOCK = fileURLToPath(new URL('../package-lock.json', import.meta.url));

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** Where npm would look for `name` from a package, nearest first. */
function places(path, name) {
  const found = [];
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    found.push(at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`);
    if (at === '') return found;
  }
}

/** Optional packages that some package wants and that the lock file does not have: `{ name, version, wantedBy }`. */
export function missingOptional(lock) {
  return Object.entries(lock.packages).flatMap(([wantedBy, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !places(wantedBy, name).some((place) => place in lock.packages))
      .map(([name, version]) => ({ name, version, wantedBy })),
  );
}

/** `@rollup/rollup-linux-arm-musleabihf` → linux, arm, musl. Undefined for a name that does not say. */
export function platformOf(name) {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return os === 'linux' ? { os, cpu, libc } : { os, cpu };
}

function complete(lock) {
  const added = missingOptional(lock);
  for (const { name, version, wantedBy } of added) {
    const platform = platformOf(name);
    if (platform === undefined || !/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) {
      throw new Error(`${name}@${version}, wanted by ${wantedBy}: neither platform nor version can be told by name`);
    }
    const { os, cpu, libc } = platform;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(lock.packages[wantedBy].dev === true ? { dev: true } : {}),
      ...(libc === undefined ? {} : { libc: [libc] }),
      optional: true,
      os: [os],
    };
  }
  // npm sorts so; an addition in its place makes a diff of one entry.
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  return added;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(LOCK, 'utf8'));
  const added = complete(lock);
  if (added.length > 0) writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? 'package-lock.json is complete' : `added ${added.length} platform packages`);
}
