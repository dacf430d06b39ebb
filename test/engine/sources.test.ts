import test from 'ava';
import * as sources from './sources.ts';

const deb822 = `# a comment
Types: deb deb-src
URIs: http://deb.example/debian http://two.example/debian
Suites: bookworm bookworm-updates bookworm-backports
# inside
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://deb.example/debian-security
Suites: bookworm-security
Components: main
signed-by: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/apt
Suites: vendor
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

const oneLine = `# deb http://comment.example/debian bookworm main
deb-src http://deb.example/debian bookworm main
deb http://deb.example/debian bookworm main contrib # trailing
  deb [arch=amd64 signed-by=/k.gpg,/l.gpg trusted=yes] http://deb.example/security stable-security main
deb http://flat.example/ ./
`;

test('deb822 sources are read, turned to another suite and written', (t) => {
  const read = sources.parseDeb822(deb822);
  t.deepEqual(
    read.map(({ suites }) => suites),
    [['bookworm', 'bookworm-updates', 'bookworm-backports'], ['bookworm-security'], ['vendor']],
  );
  const key = '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc';
  t.deepEqual(read[0]?.options, { 'Signed-By': key });
  const trixie = sources.retarget([...read, ...read], 'bookworm', 'trixie');
  t.is(
    sources.formatDeb822(trixie),
    `Types: deb
URIs: http://deb.example/debian http://two.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: ${key}

Types: deb
URIs: http://deb.example/debian-security
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
  );
  t.deepEqual(sources.parseDeb822(sources.formatDeb822(trixie)), trixie);
  t.deepEqual(
    sources.retarget(read, 'bookworm', 'sid').map(({ suites }) => suites),
    [['sid']],
  );
});

test('one-line sources', (t) => {
  t.deepEqual(sources.parseOneLine(oneLine), [
    {
      uris: ['http://deb.example/debian'],
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      options: {},
    },
    {
      uris: ['http://deb.example/security'],
      suites: ['stable-security'],
      components: ['main'],
      options: { 'Signed-By': '/k.gpg /l.gpg', Trusted: 'yes' },
    },
    { uris: ['http://flat.example/'], suites: ['./'], components: [], options: {} },
  ]);
});

test('what apt prints, and who the machine is', (t) => {
  const uris = `Reading package lists...
'http://d.example/pool/p/perl/perl_5.36.0-7%2bdeb12u4_amd64.deb' perl_5.36.0-7+deb12u4_amd64.deb 239000 SHA256:00ff
'http://d.example/pool/l/libbpf1_1.1.2-0_amd64.deb' libbpf1_1%3a1.1.2-0_amd64.deb 10 MD5Sum:aa
`;
  t.deepEqual(sources.parsePrintUris(uris), [
    { name: 'perl', version: '5.36.0-7+deb12u4', architecture: 'amd64', hash: 'SHA256:00ff' },
    { name: 'libbpf1', version: '1:1.1.2-0', architecture: 'amd64', hash: 'MD5Sum:aa' },
  ]);
  const dump = `APT::Architecture "amd64";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::Check-Valid-Until "false";
Acquire::IndexTargets::deb::Packages::MetaKey "x";
Acquire::Languages "none";
`;
  t.deepEqual(sources.acquireSettings(dump), dump.split('\n').slice(1, 4));
  t.is(sources.debianCodename('ID=debian\nVERSION_CODENAME=bookworm\n'), 'bookworm');
  t.is(sources.debianCodename('NAME="Debian GNU/Linux"\nID="debian"\n'), 'sid');
  t.is(sources.debianCodename('ID=ubuntu\nVERSION_CODENAME=noble\n'), undefined);
  t.is(sources.debianCodename(''), undefined);
});
