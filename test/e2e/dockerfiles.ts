import anyTest, { type TestFn } from 'ava';
import { engineOf, lockedProject, newProject, ok } from './project.ts';

const test = anyTest as TestFn;

/** Projects with a Dockerfile of their own, and base images with a configuration of their own. */
export function dockerfileTests(suite: string): void {
  const engine = engineOf(suite);
  const base = `${engine.registry}/debian:trixie-slim`;

  test.serial(`${suite}: a project's Dockerfile gets the packages without a change in it`, async (t) => {
    const project = await newProject(t, engine);
    await project.write(
      'Dockerfile',
      `ARG BASE=${base}
FROM --platform=$BUILDPLATFORM \${BASE} AS build
ARG GREETING=none
RUN --network=none hello -g "$GREETING" >/greeting

FROM ${base}
COPY --from=build /greeting /
RUN --network=none jq --version
CMD ["cat", "/greeting"]
`,
    );
    const image = `${engine.registry}/own:v1`;
    await ok(
      t,
      project.repro(
        'init',
        '--image',
        image,
        '--base',
        base,
        '--package',
        'hello',
        '--package',
        'jq',
        '--dockerfile',
        'Dockerfile',
      ),
    );
    const lockfile = await project.read('repro.lock');
    await project.write(
      'repro.lock',
      lockfile.replace(
        'dockerfile = "Dockerfile"\n',
        'dockerfile = "Dockerfile"\n\n[build.args]\nGREETING = "from repro"\n',
      ),
    );
    await ok(t, project.repro('update'));
    await ok(t, project.bake('app', '--no-cache'));
    t.is((await ok(t, project.docker('run', '--rm', image))).stdout, 'from repro\n');
  });

  test.serial(`${suite}: a Dockerfile in the method's own shape works as it is`, async (t) => {
    const project = await newProject(t, engine);
    await project.write(
      'Dockerfile',
      `ARG PACKAGES="nothing-of-this-name"
ARG PKG_CACHE=pkg-cache-local
ARG BASE=debian:no-such-tag
FROM \${BASE} AS base

FROM base AS collect
ARG PACKAGES
RUN rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update && apt-get install -y --download-only \${PACKAGES}

FROM scratch AS pkg-cache-local
COPY --from=collect /var/cache/apt/archives /var/cache/apt/archives

FROM \${PKG_CACHE} AS pkg-cache

FROM base
ARG PACKAGES
RUN --network=none --mount=from=pkg-cache,source=/var/cache/apt/archives,target=/debs dpkg -i /debs/*.deb
CMD ["hello"]
`,
    );
    const image = `${engine.registry}/method:v1`;
    await ok(
      t,
      project.repro(
        'init',
        '--image',
        image,
        '--base',
        base,
        '--package',
        'hello',
        '--dockerfile',
        'Dockerfile',
      ),
    );
    const update = await ok(t, project.repro('update'));
    t.regex(update.stdout, /\+ hello 2\.10-\S+ amd64/);
    await ok(t, project.bake('app', '--no-cache'));
    t.regex((await ok(t, project.docker('run', '--rm', image))).stdout, /Hello, world!/);
  });

  test.serial(`${suite}: the configuration of the base comes out unchanged`, async (t) => {
    const project = await newProject(t, engine);
    const configured = `${engine.registry}/configured:v1`;
    await project.write(
      'Dockerfile.base',
      `FROM ${engine.registry}/debian:bookworm-slim
RUN echo 0123456789abcdef0123456789abcdef >/etc/machine-id && echo kept >/var/log/alternatives.log && ldconfig
RUN echo someone:x:1234:1234::/srv:/bin/sh >>/etc/passwd && echo someone:x:1234: >>/etc/group
ENV LANG=C.UTF-8 BASH_ENV=/nowhere
SHELL ["/usr/bin/perl", "-e"]
WORKDIR /srv/app
ENTRYPOINT ["/usr/bin/env"]
CMD ["id", "-un"]
EXPOSE 8080
VOLUME /data
LABEL org.example.kept="yes"
USER someone:someone
`,
    );
    await ok(t, project.docker('buildx', 'build', '--push', '-t', configured, '-f', 'Dockerfile.base', '.'));
    await ok(
      t,
      project.repro(
        'init',
        '--image',
        `${engine.registry}/inherits:v1`,
        '--base',
        configured,
        '--package',
        'hello',
      ),
    );
    t.regex(await project.read('repro.lock'), /user = "someone:someone"/);
    await ok(t, project.repro('update'));
    await ok(t, project.bake('app', '--no-cache'));
    await ok(t, project.docker('pull', configured));
    const config = async (image: string) => {
      const [{ Config }] = JSON.parse((await ok(t, project.docker('image', 'inspect', image))).stdout);
      return Config;
    };
    t.deepEqual(await config(`${engine.registry}/inherits:v1`), await config(configured));
    t.is((await ok(t, project.docker('run', '--rm', `${engine.registry}/inherits:v1`))).stdout, 'someone\n');
    const files = ['/etc/machine-id', '/var/log/alternatives.log', '/var/cache/ldconfig/aux-cache'];
    const sums = (image: string) =>
      project.docker('run', '--rm', '--user', 'root', image, 'sha256sum', ...files);
    t.is(
      (await ok(t, sums(`${engine.registry}/inherits:v1`))).stdout,
      (await ok(t, sums(configured))).stdout,
    );
  });

  test.serial(
    `${suite}: requests for a version, an architecture, and a package that does not exist`,
    async (t) => {
      const packages = ['hello:amd64', 'jq/trixie', 'sl=5.02-1+b1'];
      const wanted = { name: 'requests', base: 'debian:trixie-slim', packages };
      const project = await lockedProject(t, engine, wanted, '--no-recommends');
      await ok(t, project.bake('app', '--no-cache'));
      await ok(t, project.docker('run', '--rm', `${engine.registry}/requests:v1`, 'jq', '--version'));

      await ok(t, project.repro('add', 'no-such-package'));
      const before = await project.read('repro.lock');
      const update = await project.repro('update');
      t.is(update.code, 1);
      t.regex(update.output, /E: Unable to locate package no-such-package/);
      t.is(await project.read('repro.lock'), before);
    },
  );
}
