import test from 'ava';
import { ReproError } from '../src/errors.ts';
import {
  familiarImageReference,
  formatImageReference,
  imageReferenceProblem,
  parseImageReference,
  repositoryOf,
} from '../src/image-ref.ts';

const hex = '0123456789abcdef'.repeat(4);
const digest = `sha256:${hex}` as const;

/** What is given, what it is in full, and how Docker shows it, where that is not what was given. */
const accepted: [given: string, full: string, familiar?: string][] = [
  ['debian', 'docker.io/library/debian'],
  ['debian:trixie', 'docker.io/library/debian:trixie'],
  [`debian@${digest}`, `docker.io/library/debian@${digest}`],
  [`debian:trixie@${digest}`, `docker.io/library/debian:trixie@${digest}`],
  ['library/debian', 'docker.io/library/debian', 'debian'],
  ['docker.io/debian', 'docker.io/library/debian', 'debian'],
  ['docker.io/library/debian:13', 'docker.io/library/debian:13', 'debian:13'],
  ['index.docker.io/debian', 'docker.io/library/debian', 'debian'],
  ['index.docker.io/team/app', 'docker.io/team/app', 'team/app'],
  ['team/app:v1', 'docker.io/team/app:v1'],
  ['docker.io/team/app/part', 'docker.io/team/app/part', 'team/app/part'],
  ['library/debian/part', 'docker.io/library/debian/part'],
  ['nonlibrary/debian', 'docker.io/nonlibrary/debian'],
  ['other/library', 'docker.io/other/library'],
  ['localhost/app', 'localhost/app'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['localhost', 'docker.io/library/localhost'],
  ['localhost:5000', 'docker.io/library/localhost:5000'],
  ['example.com', 'docker.io/library/example.com'],
  ['192.168.0.1:80', 'docker.io/library/192.168.0.1:80'],
  ['127.0.0.1:5000/app', '127.0.0.1:5000/app'],
  ['127.0.0.1:5000/app:5050', '127.0.0.1:5000/app:5050'],
  ['[::1]/app', '[::1]/app'],
  ['[::1]:5000/app:v1', '[::1]:5000/app:v1'],
  [`[FC00:1:2:3:4:5:6:7]:5000/team/app:v1@${digest}`, `[FC00:1:2:3:4:5:6:7]:5000/team/app:v1@${digest}`],
  ['registry.example/team/app:v1.2.3', 'registry.example/team/app:v1.2.3'],
  ['sub-dom1.Example.COM/a/b/c', 'sub-dom1.Example.COM/a/b/c'],
  ['LOCALDOMAIN/app', 'LOCALDOMAIN/app'],
  ['Team/app', 'Team/app'],
  ['xn--n3h.com/app:xn--n3h.com', 'xn--n3h.com/app:xn--n3h.com'],
  ['docker---rules/dock__er.app-x_y', 'docker.io/docker---rules/dock__er.app-x_y'],
  ['d/t', 'docker.io/d/t'],
  ['app:_Tag.With-all_9', 'docker.io/library/app:_Tag.With-all_9'],
  [`app:${'t'.repeat(128)}`, `docker.io/library/app:${'t'.repeat(128)}`],
  [`docker.io/${hex}`, `docker.io/library/${hex}`, hex],
  [`${hex}:v1`, `docker.io/library/${hex}:v1`],
  [`registry.example/${'a'.repeat(255)}:v1`, `registry.example/${'a'.repeat(255)}:v1`],
  [`registry.example/${'a/'.repeat(127)}a`, `registry.example/${'a/'.repeat(127)}a`],
];

const refused: [given: string, problem: string][] = [
  ['', 'it is empty'],
  ['https://registry.example/team/app', 'it is a URL; leave out the scheme'],
  ['docker-image://debian:trixie', '"docker-image:" can\'t be a registry\'s host'],
  [hex, 'a name of 64 hexadecimal digits would be taken for an image ID'],
  ['App:v1', 'the name must be lower case'],
  ['team/App', 'the name must be lower case'],
  ['registry.example/Team/app', 'the name must be lower case'],
  [':v1', 'it has no name'],
  [`@${digest}`, 'it has no name'],
  ['docker.io/', 'it has no name'],
  ['registry.example/', 'it has no name'],
  ['registry.example/:v1', 'it has no name'],
  ['-app', '"-app" can\'t be a name'],
  ['team-/app', '"team-/app" can\'t be a name'],
  ['/app', '"/app" can\'t be a name'],
  ['team/', '"team/" can\'t be a name'],
  ['team///app', '"team///app" can\'t be a name'],
  ['app_', '"app_" can\'t be a name'],
  ['dock..er/app', '"dock..er" can\'t be a registry\'s host'],
  ['dock..er', '"dock..er" can\'t be a name'],
  ['dock_.er', '"dock_.er" can\'t be a name'],
  ['a___b', '"a___b" can\'t be a name'],
  ['____/____', '"____/____" can\'t be a name'],
  ['a$b', '"a$b" can\'t be a name'],
  [' app', '" app" can\'t be a name'],
  ['app ', '"app " can\'t be a name'],
  ['app\n', '"app\\u{a}" can\'t be a name'],
  ['äpp', '"äpp" can\'t be a name'],
  ['-reg.example/app', '"-reg.example" can\'t be a registry\'s host'],
  ['reg-.example/app', '"reg-.example" can\'t be a registry\'s host'],
  ['reg..example/app', '"reg..example" can\'t be a registry\'s host'],
  // Docker reads the next one as a name without any host, and then finds no registry for it.
  ['reg_a.example/app', '"reg_a.example" can\'t be a registry\'s host'],
  ['reg.example:port/app', '"reg.example:port" can\'t be a registry\'s host'],
  ['reg.example:/app', '"reg.example:" can\'t be a registry\'s host'],
  ['[fc00::1]', "a name must follow the registry's host"],
  ['[fc00::1]:5000', "a name must follow the registry's host"],
  ['fc00::1:5000/app', '"fc00::1:5000" can\'t be a registry\'s host'],
  ['[fe80::1%eth0]:5000/app', '"[fe80::1%eth0]:5000" can\'t be a registry\'s host'],
  ['[2001:db8::192.0.2.33]/app', '"[2001:db8::192.0.2.33]" can\'t be a registry\'s host'],
  ['app:', '"" can\'t be a tag'],
  ['app:-v1', '"-v1" can\'t be a tag'],
  ['app:.v1', '".v1" can\'t be a tag'],
  ['app:v1:v2', '"v1:v2" can\'t be a tag'],
  ['app:v1+2', '"v1+2" can\'t be a tag'],
  ['app:v1\n', '"v1\\u{a}" can\'t be a tag'],
  [`app:${'t'.repeat(129)}`, `"${'t'.repeat(80)}…" can't be a tag`],
  ['app@', 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  ['app@v1', 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@${hex}`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@${digest.slice(0, -1)}`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@${digest}0`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@sha256:${hex.toUpperCase()}`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@${digest}@${digest}`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@${digest}:v1`, 'a digest is "sha256:" and 64 lower case hexadecimal digits'],
  [`app@sha512:${hex}${hex}`, 'only sha256 digests are supported, not sha512'],
  [`app@sha256+b64:${hex}`, 'only sha256 digests are supported, not sha256+b64'],
  [`registry.example/${'a'.repeat(256)}`, 'its name has more than 255 characters'],
  ['a/'.repeat(50_000), 'its name has more than 255 characters'],
];

test('references that Docker accepts', (t) => {
  for (const [given, full, familiar = given] of accepted) {
    const reference = parseImageReference(given);
    t.is(formatImageReference(reference), full, given);
    t.is(familiarImageReference(reference), familiar, given);
    t.is(imageReferenceProblem(given), undefined, given);
    t.deepEqual(parseImageReference(full), reference, given);
    t.true(full.startsWith(repositoryOf(reference)), given);
  }
  t.deepEqual(parseImageReference(`[::1]:5000/team/app:v1@${digest}`), {
    domain: '[::1]:5000',
    path: 'team/app',
    tag: 'v1',
    digest,
  });
  t.deepEqual(Object.keys(parseImageReference('debian')), ['domain', 'path']);
});

test('references that are refused', (t) => {
  for (const [given, problem] of refused) t.is(imageReferenceProblem(given), problem, given);
  const error = t.throws(() => parseImageReference('Debian:trixie'), { instanceOf: ReproError });
  t.is(error.code, 'E_IMAGE_REFERENCE');
  t.is(error.message, '"Debian:trixie" is not an image reference: the name must be lower case');
});
