import { readFileSync } from 'node:fs';
import test from 'ava';
import { downloadsOf } from '../../src/bake/downloads.ts';
import { reviewDockerfile } from '../../src/bake/review.ts';
import { familyOf, knownDistros } from '../../src/distro/index.ts';
import { parseLockfile } from '../../src/lockfile/index.ts';
import type { Build } from '../../src/model.ts';

const rules = { familyOf, knownDistros };
const lockfile = await parseLockfile(readFileSync('repro.lock.example', 'utf8'), 'repro.lock', rules);
const digest = `sha256:${'a'.repeat(64)}`;

/** `line code message` of each problem. */
function review(text: string, build: Partial<Build> = {}): string[] {
  return reviewDockerfile(lockfile, { dockerfile: 'Dockerfile', ...build }, text).map(
    ({ at, code, message }) => `${at?.file}:${at?.line} ${code} ${message}`,
  );
}
const download = (line: number, what: string) =>
  `Dockerfile:${line} E_DOWNLOAD ${what} gets from the network what no lockfile has`;
const unpinned = (line: number, image: string) =>
  `Dockerfile:${line} E_UNPINNED_IMAGE ${image} is not pinned: its tag may lead elsewhere tomorrow`;
const unused = (line: number, name: string) =>
  `Dockerfile:${line} E_UNUSED_CONTEXT the stage that is built has nothing of "${name}", so the packages are not in it`;

const method = `ARG PKG_CACHE=pkg-cache-local
FROM debian:trixie AS base
RUN apt-get update
FROM base AS collect
RUN apt-get update && apt-get install -y --download-only git
FROM scratch AS pkg-cache-local
COPY --from=collect /var/cache/apt/archives /
FROM \${PKG_CACHE} AS pkg-cache
FROM base
`;

test('a Dockerfile that does what the lockfile is for, and others', (t) => {
  const cases: [what: string, text: string, problems: string[], build?: Partial<Build>][] = [
    [
      'all is well',
      `ARG BASE=debian:trixie-slim
FROM golang:1@${digest} AS build
RUN --network=none go install ./...
FROM \${BASE} AS Base
RUN echo "apt-get install is not run" && useradd app # apt-get update
COPY --from=build /app /
COPY --from=0 /app /
ADD app.tar /
ADD --checksum=${digest} https://a.example/x /x
ADD https://a.example/x.git#${'a'.repeat(40)} /x
RUN --mount=type=cache,target=/c --mount=from=build,target=/b true
FROM Base
`,
      [],
    ],
    [
      'downloads',
      `FROM debian:trixie-slim
RUN apt-get update \\
  # a comment: curl
  && apt-get install -y --no-install-recommends git && rm -rf /x
RUN ["/usr/bin/curl", "-O", "https://a.example"]
RUN <<EOT
set -e
# wget x
pip install x
EOT
ADD https://a.example/x https://a.example/x.git#main /y
ADD git@a.example:x.git /y
RUN --network=host --mount=type=cache,target=/c wget x
RUN --network=none wget x
`,
      [
        download(2, 'RUN apt-get update, apt-get install'),
        download(5, 'RUN curl'),
        download(6, 'RUN pip install'),
        download(11, 'ADD "https://a.example/x"'),
        download(11, 'ADD "https://a.example/x.git#main"'),
        download(12, 'ADD "git@a.example:x.git"'),
        download(13, 'RUN wget'),
      ],
    ],
    [
      'images by tag',
      `# syntax=docker/dockerfile:1
ARG GO=1.22
FROM golang:\${GO} AS build
FROM alpine AS unused
RUN apk add x
FROM docker.io/library/debian:trixie-slim
COPY --from=build / /
COPY --from=busybox:1 / /
RUN --mount=type=bind,from=registry.example/tools:2,target=/t true
FROM scratch
COPY --from=2 / /
`,
      [
        unpinned(1, 'docker/dockerfile:1'),
        unpinned(3, 'golang:1.21'),
        unpinned(8, 'busybox:1'),
        unpinned(9, 'registry.example/tools:2'),
      ],
      { args: { GO: '1.21' } },
    ],
    [
      'another frontend',
      `# syntax=docker/dockerfile@${digest} with options\nFROM debian:trixie-slim\n`,
      [unpinned(1, 'registry.example/frontend:2')],
      { args: { BUILDKIT_SYNTAX: 'registry.example/frontend:2' } },
    ],
    ['a pinned frontend', `# syntax=docker/dockerfile@${digest} with options\nFROM debian:trixie-slim\n`, []],
    [
      'another target',
      'FROM debian:trixie-slim AS one\nRUN wget x\nFROM debian:trixie-slim AS two\n',
      [download(2, 'RUN wget')],
      { target: 'ONE' },
    ],
    [
      'the packages are in a stage that is not built',
      `FROM debian:trixie-slim AS packages\nFROM debian:trixie@${digest}\nRUN true\n`,
      [unused(2, 'debian:trixie-slim')],
    ],
    ['the method', `${method}RUN --network=none --mount=from=pkg-cache,target=/d dpkg -i /d/*.deb\n`, []],
    [
      'the method, and more',
      `${method}RUN --mount=from=pkg-cache,target=/d apt-get install -y /d/*.deb\nCOPY --from=golang:1 / /\n`,
      [download(10, 'RUN apt-get install'), unpinned(11, 'golang:1')],
    ],
    ['the method without its cache', `${method}RUN true\n`, [unused(9, 'pkg-cache')]],
    [
      'the method without its base',
      `${method}FROM scratch\nCOPY --from=pkg-cache / /\n`,
      [unused(10, 'base')],
    ],
  ];
  for (const [what, text, problems, build] of cases) t.deepEqual(review(text, build), problems, what);
  t.throws(() => review('FROM alpine:3\n'), { code: 'E_BASE_NOT_USED' });
});

test('commands that download', (t) => {
  const cases: [shell: string, commands: string[]][] = [
    ['DEBIAN_FRONTEND=noninteractive apt-get -y -o X=y install git', ['apt-get install']],
    ['set -eux; if true; then apk --no-cache add git; fi', ['apk add']],
    ['sudo -E dnf5 -y install git || microdnf update', ['dnf5 install', 'microdnf update']],
    ['pacman -Syu --noconfirm git; pacman -Qi git; pacman -U /x', ['pacman -Syu']],
    ['zypper --non-interactive in git', ['zypper in']],
    ['python3 -m pip install --upgrade pip && pip download x', ['pip install', 'pip download']],
    ['pip install --no-index x; npm ci --offline; apt-get install --no-download x', []],
    [
      'npm ci && npx x && yarn && go mod download && cargo install x',
      ['npm ci', 'npx', 'go mod', 'cargo install'],
    ],
    ['git -C x clone https://a.example; git gc', ['git clone']],
    ['bash -c "curl -fsSL https://a.example | sh"; (wget x)', ['curl', 'wget']],
    ['cat apt-get install', []],
    ['dpkg -i x.deb; rm -rf /var/lib/apt/lists/*; apt-get clean; apt-mark auto git', []],
    ['make install; npm run build; go build ./...; constructor toString', []],
    [' '.repeat(100_000) + '"'.repeat(100_000), []],
  ];
  for (const [shell, commands] of cases)
    t.deepEqual(
      downloadsOf(shell).map(({ command }) => command),
      commands,
      shell.slice(0, 80),
    );
});
